/// `connector:` of a policy map, as `ConnectorReader` takes it.
extension ConnectorReader {
    /// One mapping for each type of connector.
    static var shape: ValueShape {
        let types = shapes.keys.sorted().compactMap { type in shapes[type].map { ValueShape.mapping(mapping(type, $0)) } }
        return types.count == 1 ? types[0] : .either(types)
    }

    private static func mapping(_ type: String, _ shape: Shape) -> MappingShape {
        let keys = shape.keys.map { key in
            KeyShape(key.name, value(key.kind), about[key.name] ?? "", isRequired: shape.required.contains(key.name))
        }
        return MappingShape("A connector of type \(type).", [KeyShape("type", .choice([type]), "What it speaks.", isRequired: true)] + keys)
    }

    private static func value(_ kind: Kind) -> ValueShape {
        switch kind {
        case .text: .text
        case .flag: .flag
        case .secret: .secret
        case .number(let range): .integer(range)
        case .word(let words): .choice(words)
        }
    }

    /// By key; a test says which are missing.
    static let about: [String: String] = [
        "url": "Where the server is: ldaps://directory.example.com:636",
        "startTLS": "Whether ldap:// is made safe with StartTLS.",
        "bindDN": "The account that Birthright signs in with.",
        "token": "The bearer token that Birthright shows, from the environment or a file.",
        "user": "The account that Birthright signs in with, where there is no token.",
        "password": "Its password, from the environment or a file.",
        "caFile": "Whose signature the server's certificate has to carry: a PEM file.",
        "base": "The DN below which accounts are looked for.",
        "dialect": "The product, where it differs from others of its kind.",
        "connections": "How many connections are opened.",
        "window": "How many requests are under way on one connection.",
        "timeout": "Seconds after which an answer is no longer waited for.",
        "maintainsReferences":
            "Whether the server itself repairs member and manager when an entry is renamed (OpenLDAP: refint; 389-ds: Referential Integrity): false, for activeDirectory true",
    ]
}
