/// What the core has to know of a kind of system, as data: whoever declares its connector says it, planner and dispatcher go by it.
public struct SystemTraits: Hashable, Sendable {
    public var names: NameSyntax
    /// What an account's groups are called in orders, plans and events.
    public var membershipAttribute: String
    /// By these, in lower case, such a system knows a disabled account: a map that writes one of them leaves nothing to the connector's own disabling.
    public var disablingAttributes: Set<String>
    /// Its connector can switch an account off and on without an attribute of the map that says so.
    public var switchesOffByItself: Bool
    /// How it shows what is true and what is false.
    public var flags: FlagWords
    /// What its connector can do, with the setting that says how, where there is one.
    public var abilities: [Ability: String?] = Ability.all

    public enum Ability: String, CaseIterable, Sendable {
        case rename, delete, memberships

        /// Of systems that can do everything by themselves.
        public static let all: [Ability: String?] = Dictionary(uniqueKeysWithValues: allCases.map { ($0, nil) })
    }

    public init(
        names: NameSyntax, membershipAttribute: String, disablingAttributes: Set<String> = [], switchesOffByItself: Bool = true,
        flags: FlagWords = .plain
    ) {
        self.names = names
        self.membershipAttribute = membershipAttribute
        self.disablingAttributes = disablingAttributes
        self.switchesOffByItself = switchesOffByItself
        self.flags = flags
    }
}

/// The two words of a system for a flag. Orders, accounts and plans show flags in them, as the system does.
public struct FlagWords: Hashable, Sendable {
    public let yes: String
    public let no: String
    /// `true` and `false`.
    public static let plain = FlagWords(yes: "true", no: "false")

    public init(yes: String, no: String) {
        self.yes = yes
        self.no = no
    }

    public func word(_ flag: Bool) -> String { flag ? yes : no }

    /// What a value of the system says; nil where it says neither.
    public func flag(_ word: String) -> Bool? { word == yes ? true : word == no ? false : nil }
}

/// What an attribute's values are, as its rule says: a system with types of its own (JSON) writes them as such.
public enum ValueType: Hashable, Sendable {
    case text, number, flag
    /// Names of accounts of the same system, which may itself point at them otherwise (SCIM: by id).
    case reference
}

/// How names of accounts and groups are built.
public enum NameSyntax: Hashable, Sendable {
    /// A text like any other: it stands nowhere.
    case flat
    /// From the entry upwards, with a comma before each container and a backslash before what is meant literally, as it is or in hexadecimal. Capitals
    /// make no difference, nor do spaces around commas and equals signs.
    case path

    /// What the entry stands in; "" where it stands in nothing.
    public func container(of name: AccountName) -> String {
        guard self == .path else { return "" }
        var text = name.text
        return text.withUTF8 { bytes in
            var offset = 0
            while offset < bytes.count, bytes[offset] != comma { offset += bytes[offset] == backslash ? 2 : 1 }
            return offset < bytes.count ? String(decoding: bytes[(offset + 1)...], as: UTF8.self) : ""
        }
    }

    /// The name of a group as it is compared: in whatever way it is escaped, and however many spaces stand for one. (Servers take those for one, too, RFC 4518,
    /// 2.6.1.) One that begins or ends a name, and is meant literally, stays.
    public func groupKey(_ name: String) -> String {
        guard self == .path, name.utf8.contains(equals) else { return name }
        if isPlain(name) { return name.lowercased() }
        var key: [UInt8] = []
        var isAtStart = true
        var space: (isThere: Bool, isMeant: Bool) = (false, false)
        for (byte, isMeant) in spelled(name) {
            if byte == blank {
                if isAtStart, isMeant { key += [backslash, blank] }
                if isAtStart { isAtStart = !isMeant } else { space = (true, isMeant || space.isMeant) }
                continue
            }
            isAtStart = !isMeant && (byte == comma || byte == equals)
            if isAtStart {
                if space.isMeant { key += [backslash, blank] }
            } else {
                if space.isThere { key.append(blank) }
                if isMeant, byte == comma || byte == backslash || byte == plus { key.append(backslash) }
            }
            key.append(byte)
            space = (false, false)
        }
        if space.isMeant { key += [backslash, blank] }
        return String(decoding: key, as: UTF8.self).lowercased()
    }

    /// What two spellings of one name have in common. A wrong "different" would rename an entry to the name it has.
    public func folded(_ name: String) -> String { unescaped(name).lowercased() }

    /// Whether the system shows the name that is wanted. Capitals count in what names the entry itself (a correction must reach it), and not in what it stands
    /// in (systems write that as they please).
    public func isNamed(_ actual: AccountName, _ wanted: AccountName) -> Bool {
        guard folded(actual.text) == folded(wanted.text) else { return false }
        return unescaped(ownPart(of: actual)) == unescaped(ownPart(of: wanted))
    }

    /// The name without the container it stands in.
    private func ownPart(of name: AccountName) -> String {
        let container = container(of: name)
        return String(name.text.dropLast(container.isEmpty ? 0 : container.count + 1))
    }

    /// Where names have escapes, one name is spelled in several ways (`\,` and `\2C`; with a space behind a comma, or none).
    private func unescaped(_ name: String) -> String {
        guard self == .path, name.utf8.contains(where: { $0 == backslash || $0 == comma }) else { return name }
        var bytes: [UInt8] = []
        var isBehindComma = false
        for (byte, isMeant) in spelled(name) where isMeant || byte != blank || !isBehindComma {
            bytes.append(byte)
            isBehindComma = !isMeant && byte == comma
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Nothing of the path is escaped, and each space counts: nearly all names of groups, which are compared for every account.
    private func isPlain(_ name: String) -> Bool {
        var name = name
        return name.withUTF8 { bytes in
            var previous = comma
            for byte in bytes {
                if byte == backslash { return false }
                if byte == blank, previous == blank || previous == comma || previous == equals { return false }
                if previous == blank, byte == comma || byte == equals { return false }
                previous = byte
            }
            return previous != blank
        }
    }

    /// The bytes of a path, and which of them are meant literally.
    private func spelled(_ name: String) -> [(byte: UInt8, isMeant: Bool)] {
        var bytes: [(byte: UInt8, isMeant: Bool)] = []
        var rest = Array(name.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == backslash, let next = rest.first else {
                bytes.append((byte, false))
                continue
            }
            let pair = String(decoding: rest.prefix(2), as: UTF8.self)
            if pair.utf8.count == 2, pair.allSatisfy(\.isHexDigit), let value = UInt8(pair, radix: 16) {
                bytes.append((value, true))
                rest = rest.dropFirst(2)
            } else {
                bytes.append((next, true))
                rest = rest.dropFirst()
            }
        }
        return bytes
    }
}

private let comma = UInt8(ascii: ",")
private let backslash = UInt8(ascii: "\\")
private let equals = UInt8(ascii: "=")
private let plus = UInt8(ascii: "+")
private let blank = UInt8(ascii: " ")
