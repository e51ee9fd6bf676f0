internal import CEL
internal import IdentityModel
internal import Planning

/// One policy map: product.md section 2.4.
struct PolicyMapFile {
    let file: ConfigurationFile
    let section: Section
    /// The managed system, also of a map with mistakes in it.
    let system: TextValue?
    let requires: [TextValue]

    init?(_ file: ConfigurationFile) {
        guard let root = YAMLReader.read(file), let section = Section(root, named: "", keys: PolicyMapShapes.file.names, in: file) else {
            return nil
        }
        self.file = file
        self.section = section
        system = section.required("managedSystem").flatMap { file.nonEmptyText($0, "managedSystem") }
        requires = section["requires"].flatMap { file.texts($0, "requires") } ?? []
    }

    /// Reads the rest of the file, reports what is wrong with it, and lints what could be compiled.
    func compile(_ schema: UserSchema) -> CheckedMap {
        section.noteWhatIsNotActedOn()
        let (reader, missing) = file.collectingMissingSettings {
            section.required("connector").flatMap { ConnectorReader($0, file) }
        }
        file.report(missing, areNeeded: reader == nil)
        let onDelete = section["onDelete"].flatMap { file.choice($0, "onDelete", of: OnDelete.self) } ?? .delete
        let deleteAfter = deleteAfterDays()
        let tables = TablesReader.read(section["tables"], file)
        let attributesReader = AttributesReader(file: file)
        let lets = attributesReader.lets(section["let"])
        let attributes = section.required("attributes").map(attributesReader.attributes) ?? []
        reader?.check(attributes: attributes.map(\.name))
        let accountName = accountName(attributes)
        let correlation = correlation(attributes, accountName)
        checkCounters(lets, attributes)
        var compiler = MapCompiler(lets, attributes, accountName: accountName, tables: tables.type, schema: schema, file: file)
        let result = compiler.compile(correlation: correlation)
        CandidateProbe.run(result, lets, attributes, tables: tables, schema)
        var map: PolicyMap?
        if result.isWhole, let connector = reader?.settings, let accountName, let system {
            map = PolicyMap(
                system: SystemName(system.text), file: file.path, connector: connector.lacking(missing),
                traits: connector.traits,
                correlation: correlation.map { attributes[$0].name }, accountName: attributes[accountName].name, onDelete: onDelete,
                deleteAfterDays: deleteAfter, requires: requires.map { SystemName($0.text) }, lets: result.lets.compactMap { $0 },
                attributes: result.attributes.compactMap { $0 }, steps: result.steps, environment: result.environment,
                outType: result.outType, tables: tables)
        }
        if let map, onDelete == .disable { requireSwitch(map) }
        if let map, let reader { AbilityChecks(file: file, section: section, connector: reader, map: map).run() }
        let checked = CheckedMap(
            file: file, section: section, onDelete: onDelete, lets: lets, attributes: attributes, result: result, tables: tables, map: map)
        MapLints.run(checked)
        return checked
    }

    /// Whoever leaves must be switched off by something.
    private func requireSwitch(_ map: PolicyMap) {
        guard !map.traits.switchesOffByItself, map.disablingAttributes.isEmpty, let entry = section.entry("onDelete") else { return }
        file.error(
            "a system of type '\(map.connector.type)' cannot disable an account by itself, and no attribute of this map says whether it is enabled; "
                + "add one whose rule reads account.enabled, or write onDelete: DELETE", at: entry.keyPoint, length: entry.keyLength)
    }

    private func deleteAfterDays() -> Int? {
        guard let node = section["grace"], let part = Section(node, named: "'grace'", keys: PolicyMapShapes.grace.names, in: file) else {
            return nil
        }
        return part.required("deleteAfter").flatMap { file.days($0, "deleteAfter") }
    }

    /// The index of the rule that names the account.
    private func accountName(_ attributes: [AttributeText]) -> Int? {
        guard let node = section.required("accountName"), let name = file.nonEmptyText(node, "accountName") else { return nil }
        guard let index = attribute(name, attributes, "accountName") else { return nil }
        switch attributes[index].value {
        case .expression, .refused: break
        case .literals:
            file.error(
                "'\(name.text)' names the account, so it must be an expression that gives one text", at: name.point, length: name.length)
        case .unique:
            guard attributes.contains(where: { $0.unique?.scope == .container }) else { break }
            file.error(
                "'scope: container' reads the container off '\(name.text)', which must be an expression for that", at: name.point,
                length: name.length)
        }
        return index
    }

    private func correlation(_ attributes: [AttributeText], _ accountName: Int?) -> [Int] {
        guard let node = section.required("correlation"), let names = file.texts(node, "correlation") else { return [] }
        if names.isEmpty { file.error("'correlation' names no attribute", at: node) }
        return names.compactMap { name in
            guard let index = attribute(name, attributes, "correlation") else { return nil }
            if index == accountName {
                file.error(
                    "'\(name.text)' is the account's name, not an attribute it could be looked up by", at: name.point, length: name.length)
            }
            return index
        }
    }

    private func attribute(_ name: TextValue, _ attributes: [AttributeText], _ key: String) -> Int? {
        if let index = attributes.firstIndex(where: { $0.name == name.text }) { return index }
        file.error(
            "'\(key)' names '\(name.text)', but 'attributes' has no such rule", at: name.point, length: name.length,
            suggestion: nearest(name.text, in: attributes.map(\.name)))
        return nil
    }

    private func checkCounters(_ lets: [LetText], _ attributes: [AttributeText]) {
        for candidate in attributes.flatMap({ $0.unique?.candidates ?? [] }) {
            guard let counter = candidate.counter, lets.contains(where: { $0.name == counter.variable }) else { continue }
            candidate.source.error("the counter '\(counter.variable)' has the name of a 'let'; choose another")
        }
    }
}

/// What can only be said of all policy maps together.
enum PolicyMapSet {
    static func check(_ maps: [PolicyMapFile]) {
        let systems = maps.map { $0.system?.text }
        let known = systems.compactMap { $0 }
        for (index, map) in maps.enumerated() {
            if let system = map.system, let first = systems.firstIndex(of: system.text), first < index {
                map.file.error(
                    "'\(system.text)' has a policy map already: \(maps[first].file.path)", at: system.point, length: system.length)
            }
            for required in map.requires where !known.contains(required.text) {
                map.file.error(
                    "no policy map is for the managed system '\(required.text)'", at: required.point, length: required.length,
                    suggestion: nearest(required.text, in: known))
            }
        }
        let needs = maps.map { map in Set(map.requires.compactMap { required in systems.firstIndex(of: required.text) }) }
        for cycle in DependencyOrder(needs: needs).cycles {
            let path = (cycle + cycle.prefix(1)).map { systems[$0] ?? "" }.joined(separator: " -> ")
            guard let place = maps[cycle[0]].requires.first else { continue }
            maps[cycle[0]].file.error("managed systems wait for each other: \(path)", at: place.point, length: place.length)
        }
    }
}
