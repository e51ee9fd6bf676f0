/// Why a user holds a role.
public enum RoleOrigin: Hashable, Sendable, Comparable, CustomStringConvertible {
    case rule(String)
    case manual(String)
    case imported(String)

    /// Stable text, kept in the store: `rule:finance`.
    public var description: String {
        switch self {
        case .rule(let name): "rule:" + name
        case .manual(let who): "manual:" + who
        case .imported(let batch): "import:" + batch
        }
    }

    public init?(_ description: String) {
        let parts = description.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return nil }
        switch parts[0] {
        case "rule": self = .rule(parts[1])
        case "manual": self = .manual(parts[1])
        case "import": self = .imported(parts[1])
        default: return nil
        }
    }

    public static func < (left: Self, right: Self) -> Bool { left.description.utf8.lexicographicallyPrecedes(right.description.utf8) }
}

/// A user holds a role because of an origin. A role stays while any origin supports it.
public struct RoleAssignment: Hashable, Sendable, Comparable {
    public let role: RoleName
    public let origin: RoleOrigin
    public init(role: RoleName, origin: RoleOrigin) {
        self.role = role
        self.origin = origin
    }
    public static func < (left: Self, right: Self) -> Bool {
        left.role == right.role ? left.origin < right.origin : left.role < right.role
    }
}
