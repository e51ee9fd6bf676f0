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

extension ConnectorFailure: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("attribute", ifPresent: attribute)
            writer.member("class", errorClass.rawValue)
            writer.member("message", message)
            writer.member("server", ifPresent: serverText)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var texts: [String: String] = [:]
        try reader.object { reader, name throws(DocumentError) in texts[name] = try reader.string() }
        let raw = try texts["class"].required("class")
        guard let errorClass = ErrorClass(rawValue: raw) else { throw DocumentError("'\(raw)' is no class of error") }
        self.init(errorClass, try texts["message"].required("message"), serverText: texts["server"], attribute: texts["attribute"])
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

extension AttributeRequest: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            if !after.isEmpty {
                writer.name("after")
                after.write(to: &writer)
            }
            if !before.isEmpty {
                writer.name("before")
                before.write(to: &writer)
            }
            if kind != .attribute { writer.member("kind", kind.rawValue) }
            writer.member("name", name)
            writer.member("operation", operation.rawValue)
            if outcome != .open {
                writer.name("outcome")
                outcome.write(to: &writer)
            }
            writer.member("sensitive", ifTrue: isMarkedSensitive)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var kind = Kind.attribute
        var isMarkedSensitive = false
        var name: String?
        var operation: RequestOperation?
        var before: [AccountValue] = []
        var after: [AccountValue] = []
        var outcome = Outcome.open
        try reader.object { reader, member throws(DocumentError) in
            switch member {
            case "after": after = try [AccountValue](reading: &reader)
            case "before": before = try [AccountValue](reading: &reader)
            case "kind": kind = try reader.raw(Kind.self)
            case "name": name = try reader.string()
            case "operation": operation = try reader.raw(RequestOperation.self)
            case "outcome": outcome = try Outcome(reading: &reader)
            case "sensitive": isMarkedSensitive = try reader.bool()
            default: try reader.skip()
            }
        }
        self.init(
            kind: kind, name: try name.required("name"), operation: try operation.required("operation"), before: before, after: after,
            outcome: outcome, isMarkedSensitive: isMarkedSensitive)
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

extension ProvisioningOrder: CanonicalDocument {
    /// Everything but the plan's row and the order that this one keeps, which is a row too; what is as it is in a fresh order is left out.
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("accountID", ifPresent: accountID?.text)
            writer.member("accountVersion", accountVersion)
            writer.member("adopts", ifTrue: adopts)
            if attempts != 0 { writer.member("attempts", attempts) }
            writer.member("becomes", becomes.rawValue)
            writer.member("change", change.rawValue)
            if !claims.isEmpty {
                writer.name("claims")
                claims.write(to: &writer)
            }
            writer.member("correlation", ifAny: correlation)
            writer.member("dereferences", ifTrue: dereferences)
            if let failure {
                writer.name("failure")
                failure.write(to: &writer)
            }
            writer.member("key", userKey.text)
            writer.member("nameAfter", ifPresent: nameAfter?.text)
            writer.member("nameBases", ifAny: nameBases)
            writer.member("nameBefore", ifPresent: nameBefore?.text)
            if let notBefore {
                writer.name("notBefore")
                writer.int(notBefore.milliseconds)
            }
            writer.member("operation", operation.rawValue)
            writer.member("reasons", ifAny: reasons)
            writer.member("recreates", ifTrue: recreates)
            if !requests.isEmpty {
                writer.name("requests")
                requests.write(to: &writer)
            }
            writer.member("sequence", id.sequence)
            if state != .planned { writer.member("state", state.rawValue) }
            writer.member("system", system.text)
            if !takenOver.isEmpty {
                writer.name("takenOver")
                writer.object { writer in
                    for (name, values) in takenOver.inByteOrder {
                        writer.name(name)
                        values.write(to: &writer)
                    }
                }
            }
            writer.member("user", user.text)
            writer.member("userName", userName)
            writer.member("userVersion", userVersion)
            writer.member("usesDialectDisabling", ifTrue: usesDialectDisabling)
            writer.member("warnings", ifAny: warnings)
        }
    }

    /// The order's plan is row 0: whoever knows the plan sets `id`.
    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var parts = Parts()
        try reader.object { reader, name throws(DocumentError) in
            if try !parts.readDecision(name, from: &reader) { try parts.readProgress(name, from: &reader) }
        }
        self = try parts.order()
    }

    private struct Parts {
        var sequence: Int?
        var user: UserID?
        var key: UserKey?
        var userName: String?
        var system: SystemName?
        var operation: Operation?
        var state = OrderState.planned
        var change: LifecycleChange?
        var reasons: [String] = []
        var warnings: [String] = []
        var accountID: AccountID?
        var nameBefore: AccountName?
        var nameAfter: AccountName?
        var requests: [AttributeRequest] = []
        var correlation: [String: String] = [:]
        var adopts = false
        var recreates = false
        var dereferences = false
        var takenOver: [String: [AccountValue]] = [:]
        var usesDialectDisabling = false
        var becomes: AccountState?
        var nameBases: [String: String] = [:]
        var claims: [NameClaim] = []
        var userVersion: Int?
        var accountVersion: Int?
        var attempts = 0
        var notBefore: Instant?
        var failure: ConnectorFailure?

        /// Who, where and what; false for any other member, which is not read then.
        mutating func readDecision(_ name: String, from reader: inout DocumentReader) throws(DocumentError) -> Bool {
            switch name {
            case "accountVersion": accountVersion = Int(try reader.int())
            case "becomes": becomes = try reader.raw(AccountState.self)
            case "change": change = try reader.raw(LifecycleChange.self)
            case "claims": claims = try [NameClaim](reading: &reader)
            case "correlation": correlation = try reader.stringsByName()
            case "dereferences": dereferences = try reader.bool()
            case "key": key = try reader.identifier(UserKey.self)
            case "nameBases": nameBases = try reader.stringsByName()
            case "operation": operation = try reader.raw(Operation.self)
            case "reasons": reasons = try reader.strings()
            case "recreates": recreates = try reader.bool()
            case "requests": requests = try [AttributeRequest](reading: &reader)
            case "sequence": sequence = Int(try reader.int())
            case "system": system = try reader.identifier(SystemName.self)
            case "user": user = try reader.identifier(UserID.self)
            case "userName": userName = try reader.string()
            case "userVersion": userVersion = Int(try reader.int())
            default: return false
            }
            return true
        }

        /// What execution may change.
        mutating func readProgress(_ name: String, from reader: inout DocumentReader) throws(DocumentError) {
            switch name {
            case "accountID": accountID = try reader.identifier(AccountID.self)
            case "adopts": adopts = try reader.bool()
            case "attempts": attempts = Int(try reader.int())
            case "failure": failure = try ConnectorFailure(reading: &reader)
            case "nameAfter": nameAfter = try reader.identifier(AccountName.self)
            case "nameBefore": nameBefore = try reader.identifier(AccountName.self)
            case "notBefore": notBefore = Instant(milliseconds: try reader.int())
            case "takenOver":
                var values: [String: [AccountValue]] = [:]
                try reader.object { reader, attribute throws(DocumentError) in values[attribute] = try [AccountValue](reading: &reader) }
                takenOver = values
            case "usesDialectDisabling": usesDialectDisabling = try reader.bool()
            case "state":
                let number = Int(try reader.int())
                guard let state = OrderState(rawValue: number) else { throw DocumentError("\(number) is no order state") }
                self.state = state
            case "warnings": warnings = try reader.strings()
            default: try reader.skip()
            }
        }

        func order() throws(DocumentError) -> ProvisioningOrder {
            ProvisioningOrder(
                id: OrderID(plan: PlanID(row: 0), sequence: try sequence.required("sequence")), user: try user.required("user"),
                userKey: try key.required("key"), userName: try userName.required("userName"), system: try system.required("system"),
                operation: try operation.required("operation"), state: state, change: try change.required("change"), reasons: reasons,
                warnings: warnings, accountID: accountID, nameBefore: nameBefore, nameAfter: nameAfter, requests: requests,
                correlation: correlation, adopts: adopts, recreates: recreates, dereferences: dereferences, takenOver: takenOver,
                usesDialectDisabling: usesDialectDisabling, becomes: try becomes.required("becomes"), nameBases: nameBases, claims: claims,
                userVersion: try userVersion.required("userVersion"), accountVersion: try accountVersion.required("accountVersion"),
                attempts: attempts, notBefore: notBefore, failure: failure)
        }
    }
}
