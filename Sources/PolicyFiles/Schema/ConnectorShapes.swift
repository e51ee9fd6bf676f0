internal import IdentityModel

/// `connector:` of a policy map, as `ConnectorReader` takes it.
extension ConnectorReader {
    /// One mapping for each type of connector.
    static func shape(_ connectors: [ConnectorShape]) -> ValueShape {
        .oneOf(
            connectors.sorted { $0.type < $1.type }.map { shape in
                let type = KeyShape("type", .choice([shape.type]), "What it speaks.", isRequired: true)
                return MappingShape("A connector of type \(shape.type).", [type] + shape.keys.map(KeyShape.init))
            })
    }
}

/// `store:` and `events:`, as `AdapterReader` takes them.
extension AdapterReader {
    static func shape(_ about: String, _ shapes: [AdapterShape]) -> ValueShape {
        .oneOf(shapes.map { MappingShape(about, $0.keys.map(KeyShape.init)) })
    }
}

extension ValueShape {
    fileprivate static func oneOf(_ mappings: [MappingShape]) -> ValueShape {
        mappings.count == 1 ? .mapping(mappings[0]) : .either(mappings.map(ValueShape.mapping))
    }
}

extension KeyShape {
    fileprivate init(_ key: AdapterShape.Key) {
        let value: ValueShape =
            switch key.kind {
            case .texts: .list(.text)
            case .section(let keys): .mapping(MappingShape(key.about, keys.map(KeyShape.init)))
            case .dictionary: .dictionary(names: nil, .text)
            case .expression: .expression
            case .template: .literal
            case .text: .text
            case .flag: .flag
            case .secret: .secret
            case .number(let range): .integer(range)
            case .word(let words): .choice(words)
            }
        self.init(key.name, value, key.about, isRequired: key.isRequired)
    }
}
