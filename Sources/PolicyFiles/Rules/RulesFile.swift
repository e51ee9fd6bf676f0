internal import CEL
internal import IdentityModel
internal import Planning

/// A business rule with its texts, for whoever looks at all rules together.
struct RuleText {
    let rule: BusinessRule
    let entry: YAMLEntry
    let when: ExpressionSource
    let unless: ExpressionSource?
    /// As far as they are written.
    let statuses: [(status: UserStatus, text: TextValue)]
}

/// `Rules.yaml`.
enum RulesFile {
    /// `roles` are the names that exist; nil when `Roles.yaml` could not be read.
    static func read(_ file: ConfigurationFile, _ schema: UserSchema, roles: [String]?) -> [RuleText] {
        guard let root = YAMLReader.read(file), let section = Section(root, named: "", keys: RoleShapes.rules.names, in: file),
            let node = section.required("rules"),
            let entries = file.mapping(node, named: "'rules'")
        else { return [] }
        let environment = Vocabulary.ruleEnvironment(schema)
        return entries.compactMap { rule($0, environment, roles, file) }
    }

    private static func rule(_ entry: YAMLEntry, _ environment: Environment, _ known: [String]?, _ file: ConfigurationFile) -> RuleText? {
        guard let section = Section(entry.value, named: "rule '\(entry.key)'", keys: RoleShapes.rule.names, in: file) else { return nil }
        let whenText = section.required("when").flatMap { file.expression($0, "when") }
        let when = whenText?.expression(environment, expecting: .bool)
        let unlessText = section["unless"].flatMap { file.expression($0, "unless") }
        let unless = unlessText?.expression(environment, expecting: .bool)
        let roles = section.required("roles").map { self.roles($0, known, file) } ?? []
        let from = section["from"].flatMap { file.date($0, "from") }
        let until = section["until"].flatMap { file.date($0, "until") }
        if let from, let until, until < from, let node = section["until"] { file.error("'until' lies before 'from'", at: node) }
        let statuses = statuses(section, file)
        if let unless, let unlessText { ConditionLint.run(unless.program, unlessText, .unless) }
        guard let when, let whenText else { return nil }
        ConditionLint.run(when.program, whenText, .when)
        let rule = BusinessRule(
            name: entry.key, when: when, unless: unless, roles: roles,
            statuses: statuses.map { Set($0.map(\.status)) } ?? [.active, .leave], from: from, until: until,
            position: file.position(entry.keyPoint))
        StatusLint.run(rule, when: whenText, unless: unlessText)
        return RuleText(rule: rule, entry: entry, when: whenText, unless: unlessText, statuses: statuses ?? [])
    }

    private static func roles(_ node: YAMLNode, _ known: [String]?, _ file: ConfigurationFile) -> [RoleName] {
        guard let values = file.texts(node, "roles") else { return [] }
        if values.isEmpty { file.error("'roles' names no role", at: node) }
        for value in values {
            guard let known, !known.contains(value.text) else { continue }
            file.error("unknown role '\(value.text)'", at: value.point, length: value.length, suggestion: nearest(value.text, in: known))
        }
        return values.map { RoleName($0.text) }
    }

    /// Nil where the rule names none.
    private static func statuses(_ section: Section, _ file: ConfigurationFile) -> [(status: UserStatus, text: TextValue)]? {
        guard let node = section["statuses"], !node.isRefused else { return nil }
        guard let nodes = node.list, !nodes.isEmpty else {
            file.error("'statuses' must be a list of \(file.alternatives(UserStatus.allCases.map(\.rawValue)))", at: node)
            return nil
        }
        return nodes.compactMap { node in
            guard let status = file.choice(node, "statuses", of: UserStatus.self), let text = file.text(node, "statuses") else {
                return nil
            }
            return (status, text)
        }
    }
}
