/// A name or id with its own type, so that two of them cannot be swapped (two strings can).
public protocol TextIdentifier: Hashable, Comparable, Sendable, CustomStringConvertible {
    var text: String { get }
    init(_ text: String)
}

extension TextIdentifier {
    public var description: String { text }
    /// Orders by UTF-8 bytes: the same on every machine and locale.
    public static func < (left: Self, right: Self) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }
}

/// A configured source of users ("hr").
public struct SourceName: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// A managed system ("Corp Directory").
public struct SystemName: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// A user as Birthright keeps them: hash of source, key and generation (product.md section 1).
public struct UserID: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// The key of a row in its source (an employee id). References between users use it.
public struct UserKey: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// What a managed system is, however it is reached (`Connector.realm`). (realm, account id) belongs to one account of ours.
public struct Realm: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

public struct RoleName: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// The immutable id the managed system gave an account (objectGUID, entryUUID, SCIM id).
public struct AccountID: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// The immutable id the managed system gave a group.
public struct GroupID: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// The renameable name of an account in its system (a DN, a userName).
public struct AccountName: TextIdentifier {
    public let text: String
    public init(_ text: String) { self.text = text }
}

/// A plan in the store. The number people see is the plan's ordinal, given when it is sealed.
public struct PlanID: Hashable, Comparable, Sendable {
    public let row: Int64
    public init(row: Int64) { self.row = row }
    public static func < (left: PlanID, right: PlanID) -> Bool { left.row < right.row }
}

/// An order: its plan, and its place in that plan (from 1, in planning order).
public struct OrderID: Hashable, Comparable, Sendable {
    public let plan: PlanID
    public internal(set) var sequence: Int
    public init(plan: PlanID, sequence: Int) {
        self.plan = plan
        self.sequence = sequence
    }
    public static func < (left: OrderID, right: OrderID) -> Bool { (left.plan, left.sequence) < (right.plan, right.sequence) }
}

/// What a plan is made for. One plan per origin is open at a time, and one lock per origin proves that its run is alive.
public enum Origin: Hashable, Sendable, CustomStringConvertible {
    case source(SourceName)
    case due
    case command(String)

    /// Stable text, kept in the store: `source:hr`, `due`, `command:...`.
    public var description: String {
        switch self {
        case .source(let name): "source:" + name.text
        case .due: "due"
        case .command(let name): "command:" + name
        }
    }

    /// The origin that `description` came from; nil for a text that no origin has.
    public init?(_ description: String) {
        if description == "due" {
            self = .due
        } else if description.hasPrefix("source:") {
            self = .source(SourceName(String(description.dropFirst("source:".count))))
        } else if description.hasPrefix("command:") {
            self = .command(String(description.dropFirst("command:".count)))
        } else {
            return nil
        }
    }
}
