internal import CEL
internal import CSV
internal import IdentityModel
internal import Planning

/// The `sources:` of `birthright.yaml`.
enum SourcesReader {
    static func read(_ section: Section, _ schema: UserSchema, _ file: ConfigurationFile) -> [SourceConfiguration] {
        guard let node = section["sources"], let entries = file.mapping(node, named: "'sources'") else { return [] }
        let placed = entries.compactMap { entry -> SourcePrecedence.Placed? in
            guard let source = SourceReader(entry, schema, file)?.read() else { return nil }
            let map = entry.value.mapping?.first { $0.key == "map" }?.value.mapping ?? []
            return SourcePrecedence.Placed(
                source: source, entry: entry, dates: map.filter { $0.key == "startDate" || $0.key == "endDate" })
        }
        SourcePrecedence(sources: placed, file: file).check()
        return placed.map(\.source)
    }
}

/// One source: product.md section 2.1.
struct SourceReader {
    let name: String
    let entry: YAMLEntry
    let schema: UserSchema
    let file: ConfigurationFile
    let section: Section

    init?(_ entry: YAMLEntry, _ schema: UserSchema, _ file: ConfigurationFile) {
        guard let section = Section(entry.value, named: "source '\(entry.key)'", keys: ServiceShapes.source.names, in: file) else {
            return nil
        }
        name = entry.key
        self.entry = entry
        self.schema = schema
        self.file = file
        self.section = section
    }

    func read() -> SourceConfiguration? {
        section.noteWhatIsNotActedOn()
        let contract = contract()
        let rules = SourceRules.read(self, contract)
        let files = section.required("files").flatMap { node in file.unhashed { file.nonEmptyText(node, "files") } }
        let correlation = attributes("correlation") ?? []
        let owns = attributes("owns").map(Set.init) ?? Set(rules.mappings.map(\.attribute))
        let format = format()
        guard let files, let key = rules.key else { return nil }
        return SourceConfiguration(
            name: SourceName(name), files: files.text, take: choice("take") ?? .latest, completion: choice("complete") ?? .stable,
            delimiter: format.delimiter, encoding: format.encoding, timeZone: timeZone(), schedule: schedule(),
            kind: choice("type") ?? .complete,
            key: key, correlation: correlation, contract: contract, validations: rules.validations, mappings: rules.mappings, owns: owns,
            missing: choice("missing") ?? .terminate, claims: rules.claims,
            creates: section["creates"].flatMap { file.flag($0, "creates") } ?? true, yields: Set(attributes("yields") ?? []),
            rowType: rules.rowType, position: file.position(entry.keyPoint))
    }

    private func choice<Choice: RawRepresentable<String> & CaseIterable>(_ key: String) -> Choice? {
        section[key].flatMap { file.choice($0, key, of: Choice.self) }
    }

    /// Names of user attributes under a key; nil when the key is not there.
    private func attributes(_ key: String) -> [String]? {
        guard let node = section[key], let values = file.texts(node, key) else { return nil }
        let known = schema.attributes.map(\.name) + (key == "owns" ? ["status"] : [])
        for value in values where !known.contains(value.text) {
            file.error(
                "unknown attribute '\(value.text)' in '\(key)'", at: value.point, length: value.length,
                suggestion: nearest(value.text, in: known))
        }
        return values.map(\.text)
    }

    private func contract() -> SourceConfiguration.Contract {
        let nothing = SourceConfiguration.Contract(columns: [], optionalColumns: [], maxRowCountChange: nil, maxNullRateChange: nil)
        guard let node = section["contract"], let part = Section(node, named: "'contract'", keys: ServiceShapes.contract.names, in: file)
        else { return nothing }
        let columns = part["columns"].flatMap { file.texts($0, "columns") } ?? []
        let optional = part["optionalColumns"].flatMap { file.texts($0, "optionalColumns") } ?? []
        var seen: Set<String> = []
        for column in columns + optional where !seen.insert(column.text).inserted {
            file.error("the column '\(column.text)' is listed twice", at: column.point, length: column.length)
        }
        return SourceConfiguration.Contract(
            columns: columns.map(\.text), optionalColumns: optional.map(\.text),
            maxRowCountChange: part["maxRowCountChange"].flatMap { file.percentage($0, "maxRowCountChange", unit: "%") },
            maxNullRateChange: part["maxNullRateChange"].flatMap { file.percentage($0, "maxNullRateChange", unit: "pp") },
            mayBeEmpty: part["mayBeEmpty"].flatMap { file.flag($0, "mayBeEmpty") } ?? false)
    }

    private func format() -> (delimiter: String?, encoding: String?) {
        guard let node = section["format"], let part = Section(node, named: "'format'", keys: ServiceShapes.format.names, in: file) else {
            return (nil, nil)
        }
        return (part["delimiter"].flatMap(delimiter), part["encoding"].flatMap(encoding))
    }

    private func delimiter(_ node: YAMLNode) -> String? {
        guard let value = file.text(node, "delimiter"), value.text != "auto" else { return nil }
        let text = value.text == "tab" ? "\t" : value.text
        if text.utf8.count == 1, let byte = text.utf8.first, CSVFormat.canDelimit(byte) { return text }
        file.error(
            "'delimiter' must be auto, tab, or one ASCII character other than a quote, not '\(value.text)'", at: value.point,
            length: value.length)
        return nil
    }

    private func encoding(_ node: YAMLNode) -> String? {
        guard let value = file.text(node, "encoding"), value.text.lowercased() != "auto" else { return nil }
        // IANA names: case does not count.
        if let encoding = TextEncoding(rawValue: value.text.lowercased()) { return encoding.rawValue }
        let known = ["auto"] + TextEncoding.allCases.map(\.rawValue)
        file.error(
            "'encoding' must be \(file.alternatives(known)), not '\(value.text)'", at: value.point, length: value.length,
            suggestion: nearest(value.text.lowercased(), in: known))
        return nil
    }

    /// Whether a zone exists is known to the expression library, so it is asked.
    private func timeZone() -> String {
        guard let node = section["timeZone"], let value = file.nonEmptyText(node, "timeZone") else { return "UTC" }
        let environment = Environment(variables: [(name: "zone", type: .string)])
        if case .program(let program) = environment.compile("timestamp(0).getFullYear(zone)") {
            let activation = Activation(environment)
            activation.set(0, .value(.string(value.text)))
            if (try? program.evaluate(activation)) == nil {
                file.error("'\(value.text)' is no time zone; write one such as Europe/Oslo or UTC", at: value.point, length: value.length)
            }
        }
        return value.text
    }

    private func schedule() -> String? {
        guard let node = section["schedule"], let value = file.unhashed({ file.nonEmptyText(node, "schedule") }) else { return nil }
        if value.text.split(separator: " ").count != 5 {
            file.error("'schedule' has five fields: minute, hour, day, month, weekday", at: value.point, length: value.length)
        }
        return value.text
    }
}
