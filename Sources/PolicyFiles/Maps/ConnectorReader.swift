internal import CEL
internal import IdentityModel
internal import Planning

/// `connector:` of a policy map. Which keys there are depends on the type; what they mean is the connector's business.
enum ConnectorReader {
    enum Kind {
        case text, flag, secret
        case number(ClosedRange<Int>)
        case word([String])
    }

    struct Shape {
        let keys: [(name: String, kind: Kind)]
        let required: [String]
        let traits: SystemTraits
    }

    /// The names of directories are paths, and by these attributes the products know a disabled account.
    private static let directory = SystemTraits(
        names: .path, membershipAttribute: "memberOf",
        disablingAttributes: ["useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "logindisabled"])
    private static let service = SystemTraits(names: .flat, membershipAttribute: "groups")

    /// Of systems of this type.
    static func traits(_ type: String) -> SystemTraits { shapes[type]?.traits ?? service }

    static let shapes: [String: Shape] = [
        "ldap": Shape(
            keys: [
                ("url", .text), ("startTLS", .flag), ("bindDN", .text), ("password", .secret), ("caFile", .text), ("base", .text),
                ("dialect", .word(["openLDAP", "ds389", "activeDirectory"])), ("connections", .number(1...64)),
                ("window", .number(1...256)),
                ("timeout", .number(1...3_600)), ("maintainsReferences", .flag),
            ], required: ["url"], traits: directory),
        "scim": Shape(keys: web, required: ["url"], traits: service),
        "rest": Shape(keys: web, required: ["url"], traits: service),
    ]

    /// What every system over HTTP needs: an address, a way in (a bearer token, or user and password), how much at once.
    private static let web: [(name: String, kind: Kind)] = [
        ("url", .text), ("token", .secret), ("user", .text), ("password", .secret), ("caFile", .text), ("connections", .number(1...64)),
        ("timeout", .number(1...3_600)),
    ]

    static func read(_ node: YAMLNode, _ file: ConfigurationFile) -> ConnectorSettings? {
        guard let entries = file.mapping(node, named: "'connector'") else { return nil }
        guard let typeNode = entries.first(where: { $0.key == "type" })?.value else {
            file.error("the key 'type' is missing in 'connector'", at: node.point, length: 1)
            return nil
        }
        guard let type = file.nonEmptyText(typeNode, "type") else { return nil }
        guard let shape = shapes[type.text] else {
            let known = shapes.keys.sorted()
            file.error(
                "there is no connector of type '\(type.text)'; there is \(file.alternatives(known))", at: type.point, length: type.length,
                suggestion: nearest(type.text, in: known))
            return nil
        }
        guard let section = Section(node, named: "'connector'", keys: ["type"] + shape.keys.map(\.name), in: file) else { return nil }
        for key in shape.required { _ = section.required(key) }
        if ConnectorSettings.typesWithoutConnector.contains(type.text) {
            file.warning(
                .noConnector, "the type '\(type.text)' is accepted, but this version has no connector for it", at: type.point,
                length: type.length)
        }
        return settings(type, section, shape)
    }

    private static func settings(_ type: TextValue, _ section: Section, _ shape: Shape) -> ConnectorSettings {
        let file = section.file
        var values: [String: String] = [:]
        var secrets: [String: Sensitive<String>] = [:]
        for (key, kind) in shape.keys {
            guard let node = section[key] else { continue }
            switch kind {
            case .text: values[key] = file.nonEmptyText(node, key)?.text
            case .flag: values[key] = file.flag(node, key).map(String.init)
            case .secret: secrets[key] = file.secret(node, key)
            case .number(let range): values[key] = file.integer(node, key, in: range).map(String.init)
            case .word(let words): values[key] = word(node, key, words, file)
            }
        }
        let dialect = values.removeValue(forKey: "dialect")
        return ConnectorSettings(
            type: type.text, dialect: dialect, values: values, secrets: secrets, position: file.position(section.node.point))
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
