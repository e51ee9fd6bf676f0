internal import CEL
internal import IdentityModel
internal import Planning

/// What `birthright.yaml` says, apart from its sources.
struct ServiceFile {
    let settings: ServiceSettings
    let schema: UserSchema
    /// The attributes under `user`.
    let declared: [YAMLEntry]
    let guards: GuardSettings
    let policyMapFolder: String
    let sources: [SourceConfiguration]

    /// Nil when the file is no mapping at all; single mistakes are reported and stepped over.
    static func read(_ file: ConfigurationFile) -> ServiceFile? {
        guard let root = YAMLReader.read(file), let section = Section(root, named: "", keys: ServiceShapes.file.names, in: file) else {
            return nil
        }
        let schema = schema(section, file)
        return ServiceFile(
            settings: file.unhashed { settings(section, file) }, schema: schema, declared: section["user"]?.mapping ?? [],
            guards: file.unhashed { GuardsReader.read(section["guards"], file) },
            policyMapFolder: file.unhashed { ConfigurationLayout.folder(root, file) },
            sources: SourcesReader.read(section, schema, file))
    }

    private static func settings(_ section: Section, _ file: ConfigurationFile) -> ServiceSettings {
        let kinds = file.values.kinds
        return ServiceSettings(
            store: section["store"].flatMap { AdapterReader.read($0, named: "store", kinds.stores, file) },
            sinks: section["events"].flatMap { AdapterReader.read($0, named: "events", kinds.sinks, file) }.map { [$0] } ?? [])
    }

    /// `costCenter: string`, or `nationalId: { type: string, sensitive: true }`.
    private static func attribute(_ entry: YAMLEntry, _ file: ConfigurationFile) -> UserSchema.Attribute? {
        // `{ env: NAME }` is a mapping as well, and gives the type.
        guard let keys = entry.value.mapping?.map(\.key), keys.contains(where: { $0 == "type" || $0 == "sensitive" }) else {
            let type = file.choice(entry.value, entry.key, of: UserSchema.ValueType.self)
            return type.map { UserSchema.Attribute(name: entry.key, type: $0) }
        }
        guard let part = Section(entry.value, named: "attribute '\(entry.key)'", keys: ServiceShapes.userAttribute.names, in: file),
            let type = part.required("type").flatMap({ file.choice($0, "type", of: UserSchema.ValueType.self) })
        else { return nil }
        let isMarked = part["sensitive"].flatMap { file.flag($0, "sensitive") } ?? false
        return UserSchema.Attribute(name: entry.key, type: type, isMarkedSensitive: isMarked)
    }

    /// `user: { costCenter: string }`, on top of the built-in attributes.
    private static func schema(_ section: Section, _ file: ConfigurationFile) -> UserSchema {
        var additional: [UserSchema.Attribute] = []
        guard let node = section["user"], let entries = file.mapping(node, named: "'user'") else { return UserSchema(additional: []) }
        for entry in entries {
            if entry.key == "status" || UserSchema.builtIn.contains(where: { $0.name == entry.key }) {
                file.error("'\(entry.key)' is a built-in attribute of every user", at: entry.keyPoint, length: entry.keyLength)
            } else if !entry.key.isIdentifier {
                file.error(
                    "'\(entry.key)' cannot be an attribute's name: letters, digits and _ only, and no digit first", at: entry.keyPoint,
                    length: entry.keyLength)
            } else if let attribute = attribute(entry, file) {
                additional.append(attribute)
            }
        }
        return UserSchema(additional: additional)
    }
}

extension String {
    /// Whether an expression can use the name as it is.
    var isIdentifier: Bool {
        guard let first = unicodeScalars.first, first == "_" || first.isASCIILetter else { return false }
        return unicodeScalars.allSatisfy { $0 == "_" || $0.isASCIILetter || ("0"..."9").contains($0) }
    }
}

extension Unicode.Scalar {
    var isASCIILetter: Bool { ("a"..."z").contains(self) || ("A"..."Z").contains(self) }
}
