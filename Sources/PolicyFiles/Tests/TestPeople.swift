internal import CEL
internal import IdentityModel
internal import Planning

/// The people of a file of tests: user attributes, typed by the user schema.
struct TestPeople {
    struct Person {
        var attributes: [String: UserValue] = [:]
        var status = UserStatus.active
    }

    let file: ConfigurationFile
    let schema: UserSchema
    private static let status = "status"

    func read(_ node: YAMLNode) -> [String: Person] {
        var people: [String: Person] = [:]
        for entry in file.mapping(node, named: "'people'") ?? [] {
            people[entry.key] = changed(Person(), by: entry.value, named: "person '\(entry.key)'")
        }
        return people
    }

    /// A person by name.
    func person(_ node: YAMLNode, of known: [String: Person]) -> Person {
        guard let name = file.nonEmptyText(node, "person") else { return Person() }
        if let person = known[name.text] { return person }
        let names = known.keys.sorted()
        file.error(
            "'people' has no '\(name.text)'", at: name.point, length: name.length, suggestion: nearest(name.text, in: names))
        return Person()
    }

    /// The person with other values; `none` takes one away.
    func changed(_ person: Person, by node: YAMLNode, named name: String) -> Person {
        var person = person
        for entry in file.mapping(node, named: name) ?? [] {
            if entry.key == TestPeople.status {
                person.status = file.choice(entry.value, entry.key, of: UserStatus.self) ?? person.status
            } else if let index = schema.index[entry.key] {
                person.attributes[entry.key] = value(entry, schema.attributes[index].type)
            } else {
                let near = nearest(entry.key, in: schema.attributes.map(\.name) + [TestPeople.status])
                file.error("a user has no attribute '\(entry.key)'", at: entry.keyPoint, length: entry.keyLength, suggestion: near)
            }
        }
        return person
    }

    /// An empty text is no value, as in a source's `map`.
    private func value(_ entry: YAMLEntry, _ type: UserSchema.ValueType) -> UserValue? {
        let node = entry.value
        if node.saysNone { return nil }
        switch type {
        case .string: return file.literal(node, entry.key).flatMap { $0.text.isEmpty ? nil : .string($0.text) }
        case .int: return file.integer(node, entry.key, in: Int.min...Int.max).map { .int(Int64($0)) }
        case .bool: return file.flag(node, entry.key).map(UserValue.bool)
        case .date: return file.date(node, entry.key).map(UserValue.date)
        case .list: return file.texts(node, entry.key).flatMap { $0.isEmpty ? nil : .list($0.map(\.text)) }
        case .reference: return file.literal(node, entry.key).flatMap { $0.text.isEmpty ? nil : .reference(UserKey($0.text)) }
        }
    }
}

extension YAMLNode {
    /// A plain `none`: no value. In quotes it is the text.
    var saysNone: Bool { scalar.map { $0.style == .plain && $0.text == "none" } ?? false }
}

extension ConfigurationFile {
    /// A text that stands in the file itself; nil (and a message) for anything else.
    func literal(_ node: YAMLNode, _ key: String) -> YAMLScalar? {
        if node.isRefused { return nil }
        guard let scalar = node.scalar else {
            error("'\(key)' must be a text, not \(node.kind)", at: node)
            return nil
        }
        guard !scalar.isEmpty, !(scalar.style == .plain && ["~", "null", "Null", "NULL"].contains(scalar.text)) else {
            error("'\(key)' has no value; write none, if that is what you mean", at: node)
            return nil
        }
        return scalar
    }
}
