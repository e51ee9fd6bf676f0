package import Contracts
internal import IdentityModel
package import Planning

/// What policy tests say of requests, compared with those that the connector would send.
package struct RequestRehearsal: Sendable {
    private let map: PolicyMap
    /// Nil: the connector's requests cannot be told (its protocol is no text).
    private let rehearse: ConnectorKind.Rehearse?
    private let setup: ConnectorSetup

    package init(map: PolicyMap, _ kind: ConnectorKind?, _ setup: ConnectorSetup) {
        self.map = map
        self.rehearse = kind?.rehearse
        self.setup = setup
    }

    package func complete(_ suite: PolicyTestReport.Suite) async -> PolicyTestReport.Suite {
        var results: [PolicyTestResult] = []
        for result in suite.results { results.append(await complete(result)) }
        return suite.with(results)
    }

    private func complete(_ result: PolicyTestResult) async -> PolicyTestResult {
        guard let wanted = result.test.expected.requests else { return result }
        func differs(_ actual: String) -> PolicyTestResult {
            result.adding(
                PolicyTestResult.Mismatch(.requests, Self.text(wanted.value.map(\.text)), actual, at: wanted.position))
        }
        guard let rehearse else { return differs("the requests of a system of type '\(map.connector.type)' cannot be told") }
        guard let order = result.order, order.failure == nil else {
            return wanted.value.isEmpty ? result : differs(result.order?.failure.map { "error: \($0.message)" } ?? "none")
        }
        do throws(ConnectorFailure) {
            let requests = try await rehearse(setup, rehearsal(order, result.known))
            return isMet(wanted.value, by: requests) ? result : differs(Self.text(requests.map { Self.text($0) }))
        } catch {
            return differs("error: \(error.description)")
        }
    }

    /// In any order: what is sent at the same time has none.
    private func isMet(_ wanted: [PolicyTest.WantedRequest], by requests: [RehearsedRequest]) -> Bool {
        var left = requests
        for one in wanted {
            guard let index = left.firstIndex(where: { one.isMet(by: $0) }) else { return false }
            left.remove(at: index)
        }
        return left.isEmpty
    }

    private static func text(_ texts: [String]) -> String { texts.isEmpty ? "none" : texts.joined(separator: " | ") }
    private static func text(_ request: RehearsedRequest) -> String {
        "\(request.method) \(request.path)" + (request.body.map { " " + $0.text } ?? "")
    }

    // MARK: As the connector sees it

    private func rehearsal(_ order: ProvisioningOrder, _ known: Account?) -> Rehearsal {
        let id = known.flatMap { $0.state == .deleted ? nil : $0.id }.map { _ in AccountID("id") }
        let name = order.nameBefore ?? order.nameAfter ?? AccountName("")
        let isNew = order.operation == .create
        let newName = order.nameAfter.flatMap { $0 == name || isNew ? nil : $0 }
        let account = id.flatMap { id in
            known.map { known in
                ActualAccount(
                    id: id, name: known.name ?? name,
                    attributes: Dictionary(uniqueKeysWithValues: known.written.map { ($0, $1.map(text(of: $0))) }),
                    memberships: known.memberships.sorted())
            }
        }
        let operation = AccountOperation(
            id: order.id, operation: order.operation, accountID: isNew ? nil : id, name: isNew ? order.nameAfter ?? name : name,
            newName: newName, requests: order.requests.map(request), appliesDialectDisabling: switches(order), direction: direction(order))
        return Rehearsal(operation: operation, account: isNew ? nil : account, types: map.types)
    }

    private func request(_ request: AttributeRequest) -> AccountOperation.Request {
        let isAttribute = request.kind == .attribute
        let type = request.isReference ? .reference : isAttribute ? map.types[request.name] ?? .text : .text
        return AccountOperation.Request(
            kind: request.kind, name: request.name, operation: request.operation,
            values: request.effective.map(isAttribute ? text(of: request.name) : text), type: type,
            switches: isAttribute && map.switchingAttributes.contains(request.name))
    }

    /// What nobody is to read is dots, here as everywhere.
    private func text(of attribute: String) -> (AccountValue) -> String {
        let isSensitive = map.attributes.contains { $0.name == attribute && $0.isSensitive }
        return isSensitive ? { _ in SensitiveAttributes.dots } : text
    }

    private func text(_ value: AccountValue) -> String {
        if case .reference(let user) = value { "account(\(user))" } else { value.text }
    }

    private func direction(_ order: ProvisioningOrder) -> AccountOperation.Direction {
        order.isWithdrawal ? .withdrawing : order.operation == .enable || order.adopts ? .enabling : .steady
    }

    private func switches(_ order: ProvisioningOrder) -> Bool {
        let isLeft = map.disablingAttributes.isEmpty || order.usesDialectDisabling
        return switch direction(order) {
        case .steady: false
        case .withdrawing: order.operation == .disable && isLeft
        case .enabling: map.onDelete == .disable && isLeft
        }
    }
}

extension PolicyTest.WantedRequest {
    fileprivate func isMet(by request: RehearsedRequest) -> Bool {
        method == request.method && path == request.path && (body == nil || body == request.body)
    }
}
