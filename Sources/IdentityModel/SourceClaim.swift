/// What a row says of its person: the source record, as it is kept beside the claim.
public struct SourceValues: Hashable, Sendable {
    /// Nil where the source maps none.
    public let status: UserStatus?
    /// Everything that the source maps and the row has, also what the source may not set (it may correlate by it).
    public let attributes: [String: UserValue]

    public init(status: UserStatus?, attributes: [String: UserValue]) {
        self.status = status
        self.attributes = attributes
    }
}

/// A source says that a user exists: the row of `source` with `key` is this user. A user is nothing but what their claims say together.
public struct SourceClaim: Hashable, Sendable {
    public enum Presence: Hashable, Sendable {
        case present
        /// The row is no more. The user's claim that went last has the highest rank: whom nobody has any more is as that row said.
        case gone(rank: Int)
        /// The person was renumbered: the source knows them by another key now. Until a row with this one comes, it still finds them.
        case forgotten
    }

    public let source: SourceName
    public let key: UserKey
    public let user: UserID
    /// 64-bit hash of the key's text (`StableHash`).
    public let keyHash: UInt64
    /// Content hash of the row that was last applied; 0 where there is none, so that the row is a change when it returns.
    public let rowHash: UInt64
    public let position: SourcePosition
    public let presence: Presence
    /// How many people were born with this key: whoever comes after one who was renumbered away is another user.
    public let generation: Int
    /// The source keeps people alive by having a row of them. It is asked here only once the source has left the configuration.
    public let keepsAlive: Bool
    /// What the last good row said. Nil: as the store has it (to be written), or not asked for (where it was read).
    public let values: SourceValues?
    /// The row itself by column, where the source's files do not say everything again each time: an edit of the configuration maps it anew.
    public let row: [String: String]?

    public init(
        source: SourceName, key: UserKey, user: UserID, keyHash: UInt64, rowHash: UInt64, position: SourcePosition,
        presence: Presence = .present, generation: Int = 1, keepsAlive: Bool = true, values: SourceValues? = nil,
        row: [String: String]? = nil
    ) {
        self.source = source
        self.key = key
        self.user = user
        self.keyHash = keyHash
        self.rowHash = rowHash
        self.position = position
        self.presence = presence
        self.generation = generation
        self.keepsAlive = keepsAlive
        self.values = values
        self.row = row
    }

    public var isPresent: Bool { presence == .present }

    /// 0 for a row that is there.
    public var goneRank: Int { if case .gone(let rank) = presence { rank } else { 0 } }

    /// Whether it says the same of the person, wherever the row stands in its file.
    public func saysTheSame(as other: SourceClaim) -> Bool {
        presence == other.presence && rowHash == other.rowHash && values == other.values && row == other.row
            && keepsAlive == other.keepsAlive
    }

    /// The same claim after its row is gone, or its key was renumbered away. Its values stay.
    public func ended(_ presence: Presence) -> SourceClaim {
        SourceClaim(
            source: source, key: key, user: user, keyHash: keyHash, rowHash: 0, position: position, presence: presence,
            generation: generation, keepsAlive: keepsAlive, values: values, row: row)
    }
}

extension SourceClaim.Presence {
    /// As stores keep it: 0 present, -1 forgotten, else the rank.
    public var code: Int {
        switch self {
        case .present: 0
        case .gone(let rank): max(rank, 1)
        case .forgotten: -1
        }
    }

    public init(code: Int) { self = code == 0 ? .present : code < 0 ? .forgotten : .gone(rank: code) }
}

/// An attribute value by which a row finds its user. Empty values never correlate; upper and lower case are the same.
public struct CorrelationKey: Hashable, Sendable {
    public let attribute: String
    public let folded: String

    public init(attribute: String, folded: String) {
        self.attribute = attribute
        self.folded = folded
    }

    public init?(_ attribute: String, of attributes: [String: UserValue]) {
        guard let text = attributes[attribute]?.text, !text.isEmpty else { return nil }
        self.init(attribute: attribute, folded: text.lowercased())
    }
}
