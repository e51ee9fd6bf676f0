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
        let file = section.file
        var values: [String: String] = [:]
        var secrets: [String: Sensitive<String>] = [:]
        for declared in shape.keys {
            let key = declared.name
            guard let node = section[key] else { continue }
            switch declared.kind {
            case .text: values[key] = file.nonEmptyText(node, key)?.text
            case .flag: values[key] = file.flag(node, key).map(String.init)
            case .secret: secrets[key] = file.secret(node, key)
            case .number(let range): values[key] = file.integer(node, key, in: range).map(String.init)
            case .word(let words): values[key] = word(node, key, words, file)
            }
        }
        return AdapterSettings(type: shape.type, values: values, secrets: secrets)
    }

    private static func word(_ node: YAMLNode, _ key: String, _ words: [String], _ file: ConfigurationFile) -> String? {
        guard let value = file.text(node, key) else { return nil }
        if words.contains(value.text) { return value.text }
        file.error(
            "'\(key)' must be \(file.alternatives(words)), not '\(value.text)'", at: value.point, length: value.length,
            suggestion: nearest(value.text, in: words))
        return nil
    }
}
