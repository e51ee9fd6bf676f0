internal import Crypto
package import IdentityModel

/// Renders `ProvisioningCompleted` in SailPoint's shape (developer.sailpoint.com, event trigger "Provisioning Completed").
///
/// Required there: trackingNumber, sources (one comma-separated text), recipient, accountRequests; `errors`, `warnings`, `requester` and
/// `ticketId` are null when there is none. An attribute request holds a single text, so a list becomes one request per value.
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
        package let key: UserKey
        package init(system: SystemName, key: UserKey) {
            self.system = system
            self.key = key
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
        let body = JSON.object([
            JSON.Member("trackingNumber", .string(tracking)),
            JSON.Member("sources", .string(systems(ordered))),
            JSON.Member("action", ordered.first.map { .string($0.change.rawValue) } ?? .null),
            JSON.Member("errors", texts(ordered.flatMap(errors))),
            JSON.Member("warnings", texts(ordered.flatMap(warnings))),
            JSON.Member(
                "recipient",
                .object([
                    JSON.Member("type", .string("IDENTITY")), JSON.Member("id", .string(recipient.id.text)),
                    JSON.Member("name", .string(recipient.name)),
                ])),
            JSON.Member("requester", .null),
            JSON.Member("accountRequests", .array(ordered.map { accountRequest($0, accountNames) })),
        ])
        return OutboxEvent(trackingNumber: tracking, sequence: sequence, user: recipient.id, userKey: recipient.key, body: body.text)
    }

    private static func systems(_ ordered: [ProvisioningOrder]) -> String {
        var names: [String] = []
        for order in ordered where names.last != order.system.text { names.append(order.system.text) }
        return names.joined(separator: ", ")
    }

    private static func texts(_ texts: [String]) -> JSON { texts.isEmpty ? .null : .strings(texts) }

    // MARK: Account requests

    private static func accountRequest(_ order: ProvisioningOrder, _ accountNames: [Reference: AccountName]) -> JSON {
        .object([
            JSON.Member(
                "source",
                .object([
                    JSON.Member("id", .string(identifier("system \(order.system.text)"))), JSON.Member("type", .string("SOURCE")),
                    JSON.Member("name", .string(order.system.text)),
                ])),
            JSON.Member("accountId", (order.nameAfter ?? order.nameBefore).map { .string($0.text) } ?? .null),
            JSON.Member("accountOperation", .string(order.operation.rawValue)),
            JSON.Member("provisioningResult", .string(result(order.state))),
            JSON.Member("provisioningTarget", .string(order.system.text)),
            JSON.Member("ticketId", .null),
            JSON.Member("attributeRequests", .array(order.requests.flatMap { attributeRequests($0, order.system, accountNames) })),
        ])
    }

    private static func result(_ state: OrderState) -> String {
        switch state {
        case .executed, .verified: "SUCCESS"
        case .planned, .pending, .transmitted, .awaitingApproval: "PENDING"
        case .errored, .withdrawn, .evaluationFailed: "FAILED"
        }
    }

    private static func attributeRequests(
        _ request: AttributeRequest, _ system: SystemName, _ accountNames: [Reference: AccountName]
    ) -> [JSON] {
        // What was left for later stands in the order that sends it.
        if case .deferred = request.outcome { return [] }
        let clears = request.after.isEmpty
        let operation: RequestOperation = clears ? .remove : request.operation
        return (clears ? request.before : request.after).map { value in
            let text = isSecret(request.name) ? "••••••" : text(of: value, system, accountNames)
            return .object([
                JSON.Member("attributeName", .string(request.name)), JSON.Member("attributeValue", .string(text)),
                JSON.Member("operation", .string(operation.rawValue)),
            ])
        }
    }

    private static func text(of value: AccountValue, _ system: SystemName, _ accountNames: [Reference: AccountName]) -> String {
        switch value {
        case .text(let text): text
        case .reference(let key): accountNames[Reference(system: system, key: key)]?.text ?? "account of \(key)"
        }
    }

    /// Attributes that hold a password, whatever the policy map says of them.
    private static func isSecret(_ attribute: String) -> Bool {
        guard attribute.utf8.count >= 8, attribute.utf8.count <= 12 else { return false }
        return ["userpassword", "unicodepwd", "password"].contains(attribute.lowercased())
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

    private static func identifier(_ text: String) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var hexadecimal: [UInt8] = []
        hexadecimal.reserveCapacity(32)
        for byte in SHA256.hash(data: Array(text.utf8)).prefix(16) {
            hexadecimal.append(digits[Int(byte >> 4)])
            hexadecimal.append(digits[Int(byte & 15)])
        }
        return String(decoding: hexadecimal, as: UTF8.self)
    }
}
