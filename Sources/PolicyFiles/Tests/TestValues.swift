internal import CEL
internal import IdentityModel
internal import Planning

/// Values of account attributes in a file of tests, as the rules of the policy map give them.
struct TestValues {
    let file: ConfigurationFile
    let map: PolicyMap

    enum State: String, CaseIterable { case enabled, deprovisioned, deleted }

    /// The rule of an attribute; nil (and a message) where there is none.
    func rule(_ entry: YAMLEntry) -> AttributeRule? {
        if let rule = map.attributes.first(where: { $0.name == entry.key }) { return rule }
        file.error(
            "\(map.file) has no rule for the attribute '\(entry.key)'", at: entry.keyPoint, length: entry.keyLength,
            suggestion: nearest(entry.key, in: map.attributes.map(\.name)))
        return nil
    }

    /// One value or a list of them; none for `none` and `[]`.
    func values(_ node: YAMLNode, of rule: AttributeRule) -> [AccountValue]? {
        if node.saysNone { return [] }
        guard let nodes = node.list else { return value(node, rule).map { [$0] } }
        let values = nodes.compactMap { value($0, rule) }
        return values.count == nodes.count ? values : nil
    }

    private func value(_ node: YAMLNode, _ rule: AttributeRule) -> AccountValue? {
        guard let scalar = file.literal(node, rule.name) else { return nil }
        guard case .expression(let expression) = rule.value else { return .text(scalar.text) }
        switch expression.program.resultType.ofValues {
        case Vocabulary.accountReference: return reference(scalar, rule)
        // As a person writes it, whatever the system's own words are.
        case .bool where ["true", "false"].contains(scalar.text): return .text(map.traits.flags.word(scalar.text == "true"))
        default: return .text(scalar.text)
        }
    }

    /// `account(E0042)`.
    private func reference(_ scalar: YAMLScalar, _ rule: AttributeRule) -> AccountValue? {
        let text = scalar.text
        if text.hasPrefix("account("), text.hasSuffix(")") {
            let key = String(text.dropFirst("account(".count).dropLast()).trimmingSpaces
            if !key.isEmpty { return .reference(UserKey(key)) }
        }
        file.error(
            "'\(rule.name)' is a reference to another user's account: write account(KEY), with the key of that user", at: scalar.textPoint,
            length: scalar.firstLineLength)
        return nil
    }

    // MARK: Names of others

    /// `{ mail: [a@example.com], cn: { store: [...], target: [...] } }`.
    func taken(_ node: YAMLNode) -> Set<PolicyTest.TakenName> {
        var names: Set<PolicyTest.TakenName> = []
        for entry in file.mapping(node, named: "'taken'") ?? [] {
            guard let rule = rule(entry) else { continue }
            guard case .unique(let unique) = rule.value else {
                file.error("'\(entry.key)' is not unique: nobody is asked whether it is taken", at: entry.keyPoint, length: entry.keyLength)
                continue
            }
            guard entry.value.mapping != nil else {
                for name in file.texts(entry.value, entry.key) ?? [] {
                    names.formUnion(unique.places.map { PolicyTest.TakenName(attribute: entry.key, place: $0, value: name.text) })
                }
                continue
            }
            guard
                let section = Section(
                    entry.value, named: "'\(entry.key)'", keys: PolicyTestShapes.taken.names, in: file)
            else { continue }
            names.formUnion(section.entries.flatMap { self.names($0, of: entry.key, unique) })
        }
        return names
    }

    private func names(_ entry: YAMLEntry, of attribute: String, _ unique: UniqueRule) -> [PolicyTest.TakenName] {
        guard let place = UniqueRule.Place(rawValue: entry.key) else { return [] }
        guard unique.places.contains(place) else {
            file.error("'\(attribute)' does not ask the \(entry.key) (see its 'in')", at: entry.keyPoint, length: entry.keyLength)
            return []
        }
        return (file.texts(entry.value, entry.key) ?? []).map { PolicyTest.TakenName(attribute: attribute, place: place, value: $0.text) }
    }

    // MARK: The account and the entry that are there

    /// `enabled`, `deprovisioned`, `deleted`, or a mapping with `state` and what differs from what the map would have written.
    func account(_ node: YAMLNode?, before: PolicyTest.Situation) -> PolicyTest.KnownAccount {
        var state = AccountState.enabled
        var attributes: [String: [AccountValue]] = [:]
        var memberships: Set<String>?
        if let node, node.mapping == nil {
            state = self.state(node, "account")
        } else if let node, let section = Section(node, named: "'account'", keys: PolicyTestShapes.account.names, in: file) {
            if let node = section["state"] { state = self.state(node, "state") }
            attributes = section["attributes"].map(self.attributes) ?? [:]
            memberships = section["memberships"].flatMap { file.texts($0, "memberships") }.map { Set($0.map(\.text)) }
        }
        return PolicyTest.KnownAccount(before: before, state: state, attributes: attributes, memberships: memberships)
    }

    private func state(_ node: YAMLNode, _ key: String) -> AccountState {
        switch file.choice(node, key, of: State.self) {
        case .enabled?, nil: return .enabled
        case .deleted?: return .deleted
        case .deprovisioned?:
            if map.onDelete == .delete {
                file.error("with 'onDelete: DELETE' an account that is withdrawn is deleted: write deleted", at: node)
            }
            return .deprovisioned
        }
    }

    private func attributes(_ node: YAMLNode) -> [String: [AccountValue]] {
        var attributes: [String: [AccountValue]] = [:]
        for entry in file.mapping(node, named: "'attributes'") ?? [] {
            if let rule = rule(entry), let values = values(entry.value, of: rule) { attributes[rule.name] = values }
        }
        return attributes
    }

    /// `none`, or an entry that belongs to nobody: `{ name: ..., attributes: ..., memberships: ... }`.
    func entry(_ node: YAMLNode) -> PolicyTest.Entry {
        if node.saysNone { return .absent }
        guard let section = Section(node, named: "'entry'", keys: PolicyTestShapes.entry.names, in: file),
            let name = section.required("name").flatMap({ file.nonEmptyText($0, "name") })
        else { return .asKnown }
        let attributes = section["attributes"].map(attributes) ?? [:]
        let memberships = section["memberships"].flatMap { file.texts($0, "memberships") } ?? []
        return .unowned(
            ActualAccount(
                id: AccountID("id of the entry"), name: AccountName(name.text),
                attributes: attributes.mapValues { $0.map(\.text) }, memberships: memberships.map(\.text)))
    }
}

extension CELType {
    /// Without optional and list around it.
    fileprivate var ofValues: CELType {
        switch self {
        case .optional(let inner), .list(let inner): inner.ofValues
        default: self
        }
    }
}
