/// A `ProvisioningCompleted` event in the outbox, rendered (SailPoint's shape, JSON).
public struct OutboxEvent: Hashable, Sendable {
    public let trackingNumber: String
    /// From 1; (trackingNumber, sequence) is unique.
    public let sequence: Int
    public let user: UserID
    public let userKey: UserKey
    public let body: String
    /// What the event says of each order, without values: an event with the signature of the last one says nothing new.
    public var signature: String
    public init(trackingNumber: String, sequence: Int, user: UserID, userKey: UserKey, body: String, signature: String = "") {
        self.signature = signature
        self.trackingNumber = trackingNumber
        self.sequence = sequence
        self.user = user
        self.userKey = userKey
        self.body = body
    }
}

/// One line of the audit trail.
public struct AuditEntry: Hashable, Sendable {
    public let at: Instant
    /// What happened, a short stable word: `plan sealed`, `order transition`, `row quarantined` ...
    public let kind: String
    public let plan: PlanID?
    public let order: Int?
    public let user: UserID?
    /// In words, without secrets.
    public let text: String
    public init(at: Instant, kind: String, plan: PlanID? = nil, order: Int? = nil, user: UserID? = nil, text: String) {
        self.at = at
        self.kind = kind
        self.plan = plan
        self.order = order
        self.user = user
        self.text = text
    }
}
