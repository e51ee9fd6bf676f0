internal import IdentityModel

/// `connector:` of a policy map, as `ConnectorReader` takes it.
extension ConnectorReader {
    /// One mapping for each type of connector.
    static func shape(_ connectors: [AdapterShape]) -> ValueShape {
        let types = connectors.sorted { $0.type < $1.type }.map { ValueShape.mapping(mapping($0)) }
        return types.count == 1 ? types[0] : .either(types)
    }

    private static func mapping(_ shape: AdapterShape) -> MappingShape {
        let keys = shape.keys.map { KeyShape($0.name, value($0.kind), $0.about, isRequired: $0.isRequired) }
        let type = KeyShape("type", .choice([shape.type]), "What it speaks.", isRequired: true)
        return MappingShape("A connector of type \(shape.type).", [type] + keys)
    }

    private static func value(_ kind: AdapterShape.Kind) -> ValueShape {
        switch kind {
        case .text: .text
        case .flag: .flag
        case .secret: .secret
        case .number(let range): .integer(range)
        case .word(let words): .choice(words)
        }
    }
}
