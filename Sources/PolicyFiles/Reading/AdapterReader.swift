internal import CEL
internal import IdentityModel
internal import Planning

/// Settings of adapters, by what they declare.
enum AdapterReader {
    /// `store: { sqlite: PATH }`: the one whose word is among the keys.
    static func read(_ node: YAMLNode, named name: String, _ shapes: [AdapterShape], _ file: ConfigurationFile) -> AdapterSettings? {
        let words = Set(node.mapping?.map(\.key) ?? [])
        // Who writes none of them is told the keys of the standard one.
        guard let shape = shapes.first(where: { words.contains($0.type) }) ?? shapes.first,
            let section = Section(node, named: "'\(name)'", keys: shape.keys.map(\.name), in: file)
        else { return nil }
        for key in shape.keys where key.isRequired { _ = section.required(key.name) }
        let settings = settings(section, shape)
        return settings.values[shape.type] == nil ? nil : settings
    }

    static func settings(_ section: Section, _ shape: AdapterShape) -> AdapterSettings {
        var reading = AdapterReading()
        reading.read(section, shape.keys)
        return reading.settings(shape.type)
    }
}
