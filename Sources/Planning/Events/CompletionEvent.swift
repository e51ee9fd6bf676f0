internal import Hashing
package import IdentityModel

/// Renders `ProvisioningCompleted` in SailPoint's shape (developer.sailpoint.com, event trigger "Provisioning Completed").
///
/// Required there: trackingNumber, sources (one comma-separated text), recipient, accountRequests; `errors` and `warnings` are absent when
/// there are none. An attribute request holds a single text, so a list becomes one request per value.
package enum CompletionEvent {
    /// Whose provisioning it was.
    package struct Recipient: Hashable, Sendable {
        package let id: UserID
        package let key: UserKey
        package let name: String
        package init(id: UserID, key: UserKey, name: String) {
            self.id = id
            self.key = key
            self.name = name
        }
    }

    /// A user's account on a system, as a reference names it.
    package struct Reference: Hashable, Sendable {
        package let system: SystemName
        package let user: UserReference
        package init(system: SystemName, user: UserReference) {
            self.system = system
            self.user = user
        }
    }

    /// The same for every event of one user and plan: SHA-256 of the plan's ordinal and the user, 32 hexadecimal digits.
    package static func trackingNumber(ordinal: Int, user: UserID) -> String {
        identifier("plan \(ordinal) user \(user.text)")
    }

    /// The event, as it goes into the outbox. `orders` are all orders of this user in the plan; `accountNames` resolves references where they
    /// are known, the others are printed as "account of E0042".
    package static func render(
        recipient: Recipient, ordinal: Int, sequence: Int, orders: [ProvisioningOrder], accountNames: [Reference: AccountName]
    ) -> OutboxEvent {
        let ordered = orders.sorted { ($0.system, $0.id) < ($1.system, $1.id) }
        let tracking = trackingNumber(ordinal: ordinal, user: recipient.id)
        var writer = DocumentWriter(capacity: 2_048)
        writer.object { event in
            event.member("trackingNumber", tracking)
            event.member("sources", systems(ordered))
            event.member("action", ifPresent: ordered.first?.change.rawValue)
            event.member("errors", ifAny: ordered.flatMap(errors))
            event.member("warnings", ifAny: ordered.flatMap(warnings))
            event.name("recipient")
            event.object { object in
                object.member("type", "IDENTITY")
                object.member("id", recipient.id.text)
                object.member("name", recipient.name)
            }
            event.name("accountRequests")
            event.array(ordered) { writer, order in writer.object { accountRequest(order, accountNames, to: &$0) } }
        }
        return OutboxEvent(
            trackingNumber: tracking, sequence: sequence, user: recipient.id, userKey: recipient.key,
            body: String(decoding: writer.bytes, as: UTF8.self))
    }

    private static func systems(_ ordered: [ProvisioningOrder]) -> String {
        var names: [String] = []
        for order in ordered where names.last != order.system.text { names.append(order.system.text) }
        return names.joined(separator: ", ")
    }

    /// What an event about these orders says, without values: per order its operation, how it ended, and the class and code of a failure.
    package static func signature(_ orders: [ProvisioningOrder]) -> String {
        let parts = orders.sorted { $0.id < $1.id }.map { order in
            let failure = order.failure.map { "\($0.errorClass.rawValue) \($0.serverText ?? $0.message)" } ?? ""
            let failed = order.requests.count { if case .failed = $0.outcome { true } else { false } }
            return "\(order.id.sequence) \(order.operation.rawValue) \(order.state.rawValue) \(failed) \(failure)"
        }
        return identifier(parts.joined(separator: "\u{0}"))
    }

    // MARK: Account requests

    private static func accountRequest(
        _ order: ProvisioningOrder, _ accountNames: [Reference: AccountName], to request: inout DocumentWriter
    ) {
        request.name("source")
        request.object { source in
            source.member("id", identifier("system \(order.system.text)"))
            source.member("type", "SOURCE")
            source.member("name", order.system.text)
        }
        request.member("accountId", ifPresent: (order.nameAfter ?? order.nameBefore)?.text)
        request.member("accountOperation", order.operation.rawValue)
        request.member("provisioningResult", result(order.state))
        request.member("provisioningTarget", order.system.text)
        request.name("attributeRequests")
        request.array(order.requests) { attributeRequests($1, order.system, accountNames, to: &$0) }
    }

    private static func result(_ state: OrderState) -> String {
        switch state {
        case .executed, .verified: "SUCCESS"
        case .planned, .pending, .transmitted, .awaitingApproval: "PENDING"
        case .errored, .withdrawn, .evaluationFailed: "FAILED"
        }
    }

    /// One per value.
    private static func attributeRequests(
        _ request: AttributeRequest, _ system: SystemName, _ accountNames: [Reference: AccountName], to writer: inout DocumentWriter
    ) {
        // What was left for later stands in the order that sends it.
        if case .deferred = request.outcome { return }
        let clears = request.after.isEmpty
        let operation: RequestOperation = clears ? .remove : request.operation
        for value in clears ? request.shownBefore : request.shownAfter {
            writer.object { object in
                object.member("attributeName", request.name)
                object.member("attributeValue", text(of: value, system, accountNames))
                object.member("operation", operation.rawValue)
            }
        }
    }

    private static func text(of value: AccountValue, _ system: SystemName, _ accountNames: [Reference: AccountName]) -> String {
        switch value {
        case .text, .digest: value.text
        case .reference(let user): accountNames[Reference(system: system, user: user)]?.text ?? "account of \(user)"
        }
    }

    // MARK: Errors and warnings

    private static func errors(_ order: ProvisioningOrder) -> [String] {
        switch order.state {
        case .errored, .withdrawn, .evaluationFailed:
            let failure = order.failure?.description ?? "the order is \(order.state.label)"
            return ["\(order.system): \(failure)"]
        case .planned, .pending, .transmitted, .verified, .awaitingApproval, .executed: return []
        }
    }

    private static func warnings(_ order: ProvisioningOrder) -> [String] {
        var warnings = order.warnings.map { "\(order.system): \($0)" }
        for request in order.requests {
            if case .deferred(let reason) = request.outcome { warnings.append("\(order.system): \(request.name): \(reason)") }
        }
        return warnings
    }

    private static func identifier(_ text: String) -> String { hexadecimal(SHA256.hash(text).prefix(16)) }
}
