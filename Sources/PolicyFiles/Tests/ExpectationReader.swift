internal import CEL
internal import IdentityModel
internal import Planning

/// `expect:` of a policy test.
struct ExpectationReader {
    let values: TestValues
    private let test: TextPosition
    private var file: ConfigurationFile { values.file }

    enum WantedOperation: String, CaseIterable {
        case create = "Create"
        case modify = "Modify"
        case enable = "Enable"
        case disable = "Disable"
        case delete = "Delete"
        case none
    }

    enum RequestMethod: String, CaseIterable { case get, post, put, patch, delete }

    init(values: TestValues, at test: TextPosition) {
        self.values = values
        self.test = test
    }

    func read(_ node: YAMLNode) -> PolicyTest.Expectation? {
        guard let section = Section(node, named: "'expect'", keys: PolicyTestShapes.expectation.names, in: file) else { return nil }
        var expected = PolicyTest.Expectation(position: file.position(node.point))
        expected.operation = section["operation"].flatMap(operation)
        expected.attributes = section["attributes"].map(attributes) ?? []
        expected.isExact = section["exactly"].flatMap { file.flag($0, "exactly") } ?? false
        expected.memberships = section["memberships"].flatMap { names($0, "memberships") }
        expected.changes = section["changes"].flatMap(changes)
        expected.requests = section["requests"].flatMap(requests)
        expected.error = section["error"].flatMap { node in
            file.nonEmptyText(node, "error").map { .init($0.text, at: file.position($0.point)) }
        }
        if section.entries.allSatisfy({ $0.value.isEmptyCollection && !["memberships", "changes", "requests"].contains($0.key) }) {
            file.error("'expect' names nothing, so the test could not fail", at: node.point, length: 1)
        }
        return expected
    }

    private func operation(_ node: YAMLNode) -> PolicyTest.Wanted<Operation?>? {
        guard let wanted = file.choice(node, "operation", of: WantedOperation.self) else { return nil }
        return .init(Operation(rawValue: wanted.rawValue), at: file.position(node.point))
    }

    private func attributes(_ node: YAMLNode) -> [(name: String, wanted: PolicyTest.Wanted<PolicyTest.WantedOutcome>)] {
        (file.mapping(node, named: "'attributes'") ?? []).compactMap { entry in
            guard let rule = values.rule(entry), let outcome = outcome(entry.value, rule) else { return nil }
            return (entry.key, .init(outcome, at: file.position(entry.keyPoint)))
        }
    }

    private func outcome(_ node: YAMLNode, _ rule: AttributeRule) -> PolicyTest.WantedOutcome? {
        if let scalar = node.scalar, scalar.style == .plain, scalar.text == "left alone" { return .leftAlone }
        guard let values = values.values(node, of: rule) else { return nil }
        return values.isEmpty ? .noValue : .values(values)
    }

    private func names(_ node: YAMLNode, _ key: String) -> PolicyTest.Wanted<Set<String>>? {
        if node.saysNone { return .init([], at: file.position(node.point)) }
        return file.texts(node, key).map { .init(Set($0.map(\.text)), at: file.position(node.point)) }
    }

    // MARK: Requests

    private func requests(_ node: YAMLNode) -> PolicyTest.Wanted<[PolicyTest.WantedRequest]>? {
        let point = file.position(node.point)
        if node.saysNone { return .init([], at: point) }
        guard let nodes = node.list else {
            file.error("'requests' must be a list, not \(node.kind)", at: node)
            return nil
        }
        let requests = nodes.compactMap(request)
        return requests.count == nodes.count ? .init(requests, at: point) : nil
    }

    private func request(_ node: YAMLNode) -> PolicyTest.WantedRequest? {
        guard let section = Section(node, named: "a request", keys: PolicyTestShapes.request.names, in: file) else { return nil }
        let methods = section.entries.filter { $0.key != "body" }
        guard methods.count == 1, let path = methods[0].value.scalar else {
            file.error("a request has one method with its path, and perhaps a body", at: node.point, length: 1)
            return nil
        }
        return PolicyTest.WantedRequest(method: methods[0].key.uppercased(), path: path.text, body: section["body"].map(\.json))
    }

    private func changes(_ node: YAMLNode) -> PolicyTest.Wanted<Set<String>>? {
        let known = values.map.attributes.map(\.name)
        for name in node.list == nil ? [] : file.texts(node, "changes") ?? [] where !known.contains(name.text) {
            file.error(
                "\(values.map.file) has no rule for the attribute '\(name.text)'", at: name.point, length: name.length,
                suggestion: nearest(name.text, in: known))
        }
        return names(node, "changes")
    }
}

extension YAMLNode {
    /// As JSON: numbers, flags and null where they are written plainly; members in order.
    fileprivate var json: JSON {
        if let list { return .array(list.map(\.json)) }
        if let mapping { return .object(mapping.sorted { $0.key < $1.key }.map { JSON.Member($0.key, $0.value.json) }) }
        guard let scalar else { return .null }
        guard scalar.style == .plain else { return .string(scalar.text) }
        switch scalar.text {
        case "", "~", "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        default:
            // 042 has a zero to keep.
            if let number = Int64(scalar.text), String(number) == scalar.text { return .int(number) }
            return .string(scalar.text)
        }
    }

    fileprivate var isEmptyCollection: Bool { list?.isEmpty ?? mapping?.isEmpty ?? false }
}
