internal import CEL
internal import Planning

/// What can be said of one policy map by itself.
struct MapLints {
    private let map: CheckedMap
    private var file: ConfigurationFile { map.file }

    static func run(_ map: CheckedMap) {
        let lints = MapLints(map: map)
        lints.lintConditions()
        lints.lintLookUps()
        lints.lintGrace()
        // Where something could not be compiled, nobody knows what it reads.
        if map.result.isWhole { lints.lintWhatIsNeverRead() }
    }

    private func lintConditions() {
        for part in map.parts {
            let role = part.isCondition ? part.attribute.map { ConditionLint.Role.attribute(map.attributes[$0].name) } : nil
            ConditionLint.run(part.expression.program, part.source, role ?? .value)
        }
    }

    // MARK: Look-ups

    private func lintLookUps() {
        for part in map.parts {
            let rule = part.attribute.flatMap { map.result.attributes[$0] }
            // Left alone and said in the plan: the map's author decided what happens.
            if rule?.skipsOnError == true { continue }
            let guards = part.isCondition ? [] : rule?.when?.program.keyGuards(in: "tables") ?? []
            for lookUp in part.expression.program.lookUps(in: "tables", guards: guards) { report(lookUp, part.source) }
        }
    }

    private func report(_ lookUp: Program.LookUp, _ source: ExpressionSource) {
        switch lookUp.key {
        case .expression(let key):
            source.warning(
                .lookUpWithoutDefault,
                "this look-up fails for everybody whose key the table '\(lookUp.field)' does not hold; write tables.\(lookUp.field)[?\(key)].orValue(\"...\")",
                at: lookUp.range)
        case .literal(let key):
            guard let table = map.tables[field: lookUp.field].value?.asMap, table.count > 0, table[key] == nil else { return }
            source.warning(
                .lookUpWithoutDefault, "the table '\(lookUp.field)' has no key '\(key)', so this look-up fails for everybody",
                at: lookUp.range, suggestion: nearest(key, in: table.keys.compactMap(\.asString)))
        }
    }

    // MARK: What is not used

    private func lintGrace() {
        guard let entry = map.section.entry("grace"), map.onDelete != .disable else { return }
        let written = map.section["onDelete"] == nil ? "onDelete is DELETE where it is not written" : "onDelete is \(map.onDelete.rawValue)"
        file.warning(
            .graceWithoutDisable, "grace begins when an account is disabled, but \(written)", at: entry.keyPoint, length: entry.keyLength)
    }

    private func lintWhatIsNeverRead() {
        let references = Set(map.parts.flatMap(\.expression.program.references))
        for text in map.lets where !references.contains(where: { $0.variable == text.name }) {
            warn(text.entry, "nothing reads '\(text.name)'")
        }
        for entry in map.section["tables"]?.mapping ?? []
        where entry.key.isIdentifier
            && !references.contains(where: { $0.variable == "tables" && ($0.field == nil || $0.field == entry.key) })
        {
            warn(entry, "nothing reads the table '\(entry.key)'")
        }
    }

    private func warn(_ entry: YAMLEntry, _ message: String) {
        file.warning(.neverRead, message, at: entry.keyPoint, length: entry.keyLength)
    }
}
