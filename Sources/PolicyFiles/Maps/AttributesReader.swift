internal import CEL
internal import IdentityModel
internal import Planning

/// `let:` and `attributes:` of a policy map, as far as YAML goes.
struct AttributesReader {
    let file: ConfigurationFile

    /// Variables that every expression of a map has (`Vocabulary.mapEnvironment`).
    static let fixedVariables = ["user", "account", "tables", "out"]

    enum OnError: String, CaseIterable { case fail, skip }

    func lets(_ node: YAMLNode?) -> [LetText] {
        guard let node, let entries = file.mapping(node, named: "'let'") else { return [] }
        return entries.compactMap { entry in
            isUsable(entry) ? LetText(name: entry.key, entry: entry, source: file.expression(entry.value, entry.key)) : nil
        }
    }

    private func isUsable(_ entry: YAMLEntry) -> Bool {
        if AttributesReader.fixedVariables.contains(entry.key) {
            file.error("'\(entry.key)' is a variable of every expression; choose another name", at: entry.keyPoint, length: entry.keyLength)
            return false
        }
        guard entry.key.isIdentifier else {
            file.error(
                "'\(entry.key)' cannot be a name in expressions: letters, digits and _ only, and no digit first", at: entry.keyPoint,
                length: entry.keyLength)
            return false
        }
        return true
    }

    func attributes(_ node: YAMLNode) -> [AttributeText] {
        (file.mapping(node, named: "'attributes'") ?? []).map(attribute)
    }

    private func attribute(_ entry: YAMLEntry) -> AttributeText {
        switch entry.value.content {
        case .scalar, .list, .refused: return simple(entry, value(entry.value, entry.key))
        case .mapping: break
        }
        guard let section = Section(entry.value, named: "attribute '\(entry.key)'", keys: PolicyMapShapes.attribute.names, in: file) else {
            return simple(entry, .refused)
        }
        let onError = section["onError"].flatMap { file.choice($0, "onError", of: OnError.self) }
        let isMarkedSensitive = section["sensitive"].flatMap { file.flag($0, "sensitive") } ?? false
        return AttributeText(
            name: entry.key, entry: entry, value: value(section), when: section["when"].flatMap { file.expression($0, "when") },
            enforce: section["enforce"].flatMap(enforcement) ?? unsaid(entry.key, isMarkedSensitive),
            skipsOnError: onError == .skip,
            maxLength: section["maxLength"].flatMap { file.integer($0, "maxLength", in: 1...65_536) },
            isMarkedSensitive: isMarkedSensitive)
    }

    /// A secret without `enforce` is given once (the convergence law, Secrets).
    private func unsaid(_ attribute: String, _ isMarkedSensitive: Bool) -> Enforcement {
        isMarkedSensitive || SensitiveAttributes.contains(attribute) ? .onCreate : .onChange
    }

    private func enforcement(_ node: YAMLNode) -> Enforcement? {
        let enforce = file.choice(node, "enforce", of: Enforcement.self)
        if enforce == .always {
            file.warning(
                .keyNotActedOn, "'enforce: always' acts like onChange so far: what is changed by hand stays until the value itself changes",
                at: node.scalar?.textPoint ?? node.point, length: node.length)
        }
        return enforce
    }

    private func simple(_ entry: YAMLEntry, _ value: AttributeText.Value) -> AttributeText {
        AttributeText(
            name: entry.key, entry: entry, value: value, when: nil, enforce: unsaid(entry.key, false), skipsOnError: false, maxLength: nil)
    }

    private func value(_ section: Section) -> AttributeText.Value {
        if let node = section["unique"] {
            if let other = section.entry("value") {
                file.error(
                    "'value' and 'unique' exclude each other: the candidates are the value", at: other.keyPoint, length: other.keyLength)
            }
            return UniqueReader(file: file).read(node).map(AttributeText.Value.unique) ?? .refused
        }
        return section.required("value").map { value($0, "value") } ?? .refused
    }

    /// An expression, or a list of literal texts.
    private func value(_ node: YAMLNode, _ key: String) -> AttributeText.Value {
        if node.list != nil { return file.texts(node, key).map { .literals($0.map(\.text)) } ?? .refused }
        return file.expression(node, key).map(AttributeText.Value.expression) ?? .refused
    }
}

/// `unique:` of an attribute.
struct UniqueReader {
    let file: ConfigurationFile

    func read(_ node: YAMLNode) -> UniqueText? {
        guard let section = Section(node, named: "'unique'", keys: PolicyMapShapes.unique.names, in: file) else { return nil }
        let places = section["in"].map(places) ?? [.store, .target]
        let scope = section["scope"].flatMap { file.choice($0, "scope", of: UniqueRule.Scope.self) } ?? .system
        let match = section["match"].flatMap { file.choice($0, "match", of: UniqueRule.Match.self) } ?? .caseInsensitive
        guard let list = section.required("candidates"), !list.isRefused else { return nil }
        guard let nodes = list.list, !nodes.isEmpty else {
            file.error("'candidates' must be a list of at least one expression", at: list)
            return nil
        }
        let candidates = nodes.compactMap(candidate)
        guard !candidates.isEmpty else { return nil }
        return UniqueText(
            places: places, scope: scope, match: match, candidates: candidates, isWhole: candidates.count == nodes.count, point: list.point)
    }

    private func places(_ node: YAMLNode) -> Set<UniqueRule.Place> {
        guard let nodes = node.list, !nodes.isEmpty else {
            file.error("'in' must be a list of store, target or both", at: node)
            return []
        }
        return Set(nodes.compactMap { file.choice($0, "in", of: UniqueRule.Place.self) })
    }

    private func candidate(_ node: YAMLNode) -> CandidateText? {
        guard node.mapping != nil else { return file.expression(node, "candidates").map { CandidateText(source: $0, counter: nil) } }
        guard let section = Section(node, named: "a candidate", keys: PolicyMapShapes.candidate.names, in: file) else { return nil }
        let source = section.required("value").flatMap { file.expression($0, "value") }
        let counter = section.required("for").flatMap(counter)
        guard let source, let counter else { return nil }
        return CandidateText(source: source, counter: counter)
    }

    /// `{ n: [2, 99999] }`.
    private func counter(_ node: YAMLNode) -> CandidateText.Counter? {
        guard let entries = file.mapping(node, named: "'for'") else { return nil }
        guard entries.count == 1, let entry = entries.first else {
            file.error("'for' names one counter and its range: { n: [2, 99999] }", at: node.point, length: 1)
            return nil
        }
        guard entry.key.isIdentifier, !AttributesReader.fixedVariables.contains(entry.key) else {
            file.error("'\(entry.key)' cannot be a counter's name", at: entry.keyPoint, length: entry.keyLength)
            return nil
        }
        guard !entry.value.isRefused else { return nil }
        guard let bounds = entry.value.list, bounds.count == 2 else {
            file.error("the range of '\(entry.key)' has a first and a last number: [2, 99999]", at: entry.value)
            return nil
        }
        let numbers = bounds.compactMap { file.integer($0, entry.key, in: 0...999_999_999) }
        guard numbers.count == 2 else { return nil }
        guard numbers[0] <= numbers[1] else {
            file.error("the range of '\(entry.key)' is empty: \(numbers[0]) is more than \(numbers[1])", at: bounds[0])
            return nil
        }
        return CandidateText.Counter(variable: entry.key, from: numbers[0], to: numbers[1])
    }
}
