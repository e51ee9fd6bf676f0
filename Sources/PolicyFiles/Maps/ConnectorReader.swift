internal import CEL
internal import IdentityModel
internal import Planning

/// `connector:` of a policy map. Which keys there are depends on the type; what they mean is the connector's business.
struct ConnectorReader {
    let settings: ConnectorSettings
    private let reading: AdapterReading
    private let shape: ConnectorShape
    private let section: Section

    /// Nil: it is no connector, which is reported.
    init?(_ node: YAMLNode, _ file: ConfigurationFile) {
        guard let entries = file.mapping(node, named: "'connector'") else { return nil }
        guard let typeNode = entries.first(where: { $0.key == "type" })?.value else {
            file.error("the key 'type' is missing in 'connector'", at: node.point, length: 1)
            return nil
        }
        guard let type = file.nonEmptyText(typeNode, "type") else { return nil }
        guard let shape = file.values.kinds.connectors.first(where: { $0.type == type.text }) else {
            let known = file.values.kinds.connectors.map(\.type).sorted()
            file.error(
                "there is no connector of type '\(type.text)'; there is \(file.alternatives(known))", at: type.point, length: type.length,
                suggestion: nearest(type.text, in: known))
            return nil
        }
        guard let section = Section(node, named: "'connector'", keys: ["type"] + shape.keys.map(\.name), in: file) else { return nil }
        var reading = AdapterReading()
        reading.read(section, shape.keys)
        self.reading = reading
        self.shape = shape
        self.section = section
        let read = reading.settings(type.text)
        var values = read.values
        let dialect = values.removeValue(forKey: "dialect")
        settings = ConnectorSettings(
            type: type.text, traits: shape.traits(read.values), dialect: dialect, values: values, secrets: read.secrets,
            position: file.position(section.node.point))
    }

    /// What can be said once the attributes are known.
    func check(attributes: [String]) {
        for expression in reading.expressions { expression.check(attributes: attributes) }
        for problem in shape.problems(reading.settings(shape.type).values) { error(problem.message, at: problem.key) }
    }

    /// At the key, or at the nearest one that is there.
    func error(_ message: String, at key: String) {
        guard let entry = entry(of: key) else { return section.file.error(message, at: section.node.point, length: 1) }
        section.file.error(message, at: entry.keyPoint, length: entry.keyLength)
    }

    func warning(_ lint: Lint, _ message: String, at key: String) {
        guard let entry = entry(of: key) else { return }
        section.file.warning(lint, message, at: entry.keyPoint, length: entry.keyLength)
    }

    private func entry(of key: String) -> YAMLEntry? {
        var key = key[...]
        while true {
            if let entry = reading.places[String(key)] { return entry }
            guard let dot = key.lastIndex(of: ".") else { return nil }
            key = key[..<dot]
        }
    }
}
