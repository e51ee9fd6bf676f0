internal import CEL
internal import IdentityModel
internal import Planning

/// `connector:` of a policy map. Which keys there are depends on the type; what they mean is the connector's business.
enum ConnectorReader {
    static func read(_ node: YAMLNode, _ file: ConfigurationFile) -> ConnectorSettings? {
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
        for key in shape.keys where key.isRequired { _ = section.required(key.name) }
        if shape.isAnnounced {
            file.warning(
                .noConnector, "the type '\(type.text)' is accepted, but this version has no connector for it", at: type.point,
                length: type.length)
        }
        return settings(type, section, shape)
    }

    private static func settings(_ type: TextValue, _ section: Section, _ shape: ConnectorShape) -> ConnectorSettings {
        let settings = AdapterReader.settings(section, shape.adapter)
        var values = settings.values
        let dialect = values.removeValue(forKey: "dialect")
        return ConnectorSettings(
            type: type.text, isAnnounced: shape.isAnnounced, traits: shape.traits, dialect: dialect, values: values,
            secrets: settings.secrets, position: section.file.position(section.node.point))
    }
}
