extension AccountValue: CanonicalDocument {
    /// A text is itself; a reference is `{"from":"hr","ref":"E0042"}`, a secret `{"hmac":"5e88..."}`.
    public func write(to writer: inout DocumentWriter) {
        switch self {
        case .text(let text): writer.string(text)
        case .reference(let user): user.write(to: &writer)
        case .digest(let digest): writer.object { $0.member("hmac", digest) }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        guard reader.peek == UInt8(ascii: "{") else {
            self = .text(try reader.string())
            return
        }
        var texts: [String: String] = [:]
        try reader.object { reader, name throws(DocumentError) in texts[name] = try reader.string() }
        if let digest = texts["hmac"] {
            self = .digest(digest)
        } else {
            self = .reference(try UserReference(members: texts))
        }
    }
}

extension ConnectorFailure: MemberwiseDocument {
    public static var blank: ConnectorFailure { ConnectorFailure(.unknown, "") }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("attribute", &attribute)
        try members.member("class", &errorClass)
        try members.member("message", &message)
        try members.member("server", &serverText)
    }
}

extension AttributeRequest.Outcome: CanonicalDocument {
    /// `"open"`, `"done"`, `{"deferred":"why"}`, `{"failed":{...}}`.
    public func write(to writer: inout DocumentWriter) {
        switch self {
        case .open: writer.string("open")
        case .done: writer.string("done")
        case .deferred(let why): writer.object { $0.member("deferred", why) }
        case .failed(let failure):
            writer.object { writer in
                writer.name("failed")
                failure.write(to: &writer)
            }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var outcome: AttributeRequest.Outcome?
        if reader.peek == UInt8(ascii: "{") {
            try reader.object { reader, name throws(DocumentError) in
                switch name {
                case "deferred": outcome = .deferred(try reader.string())
                case "failed": outcome = .failed(try ConnectorFailure(reading: &reader))
                default: throw DocumentError("'\(name)' is no outcome")
                }
            }
        } else {
            let word = try reader.string()
            outcome = word == "done" ? .done : word == "open" ? .open : nil
        }
        self = try outcome.required("outcome")
    }
}

extension AttributeRequest: MemberwiseDocument {
    public static var blank: AttributeRequest { AttributeRequest(name: "", operation: .set, before: [], after: []) }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("after", &after, blank: [])
        try members.member("before", &before, blank: [])
        try members.member("kind", &kind, blank: .attribute)
        try members.member("name", &name)
        try members.member("operation", &operation)
        try members.member("outcome", &outcome, blank: .open)
        try members.member("sensitive", &isMarkedSensitive, blank: false)
    }
}

extension NameClaim: CanonicalDocument {
    /// `["Corp Directory","mail","","anna.berg@example.com"]`: system, attribute, scope, folded value.
    public func write(to writer: inout DocumentWriter) {
        writer.array([system.text, attribute, scope, folded]) { $0.string($1) }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        let texts = try reader.strings()
        guard texts.count == 4 else { throw DocumentError("a name claim has four parts") }
        self.init(system: SystemName(texts[0]), attribute: texts[1], scope: texts[2], folded: texts[3])
    }
}

/// Everything but the plan's row and the order that this one keeps, which is a row too; what is as it is in a fresh order is left out. Whoever reads it and
/// knows the plan sets `id`.
extension ProvisioningOrder: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) { record.write(to: &writer) }
    public init(reading reader: inout DocumentReader) throws(DocumentError) { self.init(try Record(reading: &reader)) }
}

extension ProvisioningOrder.Record: MemberwiseDocument {
    static let blank = ProvisioningOrder.Record(
        id: OrderID(plan: PlanID(row: 0), sequence: 0), user: UserID(""), userKey: UserKey(""), userName: "", system: SystemName(""),
        operation: .modify, state: .planned, change: .unchanged, becomes: .none, userVersion: 0, accountVersion: 0)

    mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("accountID", &accountID)
        try members.member("accountVersion", &accountVersion)
        try members.member("adopts", &adopts, blank: false)
        try members.member("attempts", &attempts, blank: 0)
        try members.member("becomes", &becomes)
        try members.member("change", &change)
        try members.member("claims", &claims, blank: [])
        try members.member("correlation", &correlation, blank: [:])
        try members.member("dereferences", &dereferences, blank: false)
        try members.member("failure", &failure)
        try members.member("key", &userKey)
        try members.member("nameAfter", &nameAfter)
        try members.member("nameBases", &nameBases, blank: [:])
        try members.member("nameBefore", &nameBefore)
        try members.member("notBefore", &notBefore)
        try members.member("operation", &operation)
        try members.member("reasons", &reasons, blank: [])
        try members.member("recreates", &recreates, blank: false)
        try members.member("requests", &requests, blank: [])
        try members.member("sequence", &id.sequence)
        try members.member("state", &state, blank: .planned)
        try members.member("system", &system)
        try members.member("takenOver", &takenOver, blank: [:])
        try members.member("user", &user)
        try members.member("userName", &userName)
        try members.member("userVersion", &userVersion)
        try members.member("usesDialectDisabling", &usesDialectDisabling, blank: false)
        try members.member("warnings", &warnings, blank: [])
    }
}
