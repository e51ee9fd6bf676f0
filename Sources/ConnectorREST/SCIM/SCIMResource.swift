/// A SCIM resource as a server shows it, or as it is to become.
struct SCIMResource: Hashable, Sendable {
    private(set) var members: [String: JSONValue]

    init(_ members: [String: JSONValue] = [:]) { self.members = members }

    init?(_ value: JSONValue) {
        guard case .object(let members) = value else { return nil }
        self.members = members
    }

    var json: JSONValue { .object(members) }
    var id: String? { json.member("id")?.text }

    // MARK: Reading

    private func attribute(_ path: SCIMPath) -> JSONValue? {
        let holder = path.schema.map { json.member($0) } ?? json
        return holder?.member(path.attribute)
    }

    /// Elements that a filter means, or the attribute itself.
    private func meant(_ path: SCIMPath) -> [JSONValue] {
        guard let value = attribute(path) else { return [] }
        guard !path.filter.isEmpty else { return value.elements.isEmpty ? [value] : value.elements }
        return value.elements.filter { $0.fulfils(path.filter) }
    }

    /// The single values that stand there.
    func values(_ path: SCIMPath) -> [JSONValue] {
        meant(path).compactMap { element in path.sub.map { element.member($0) } ?? element }.filter { $0.text != nil }
    }

    func texts(_ path: SCIMPath) -> [String] { values(path).compactMap(\.text) }

    /// The attribute is shown as a list.
    func holdsList(_ path: SCIMPath) -> Bool { if case .array? = attribute(path) { true } else { false } }

    /// Whether there is an element that the path's filter means.
    func has(_ path: SCIMPath) -> Bool { !meant(path).isEmpty }

    /// Every single value of the resource under its path: of a list's element with a `type` under a filter that says the type.
    var attributes: [String: [String]] {
        var found: [String: [String]] = [:]
        for (name, value) in members {
            if name.lowercased().hasPrefix("urn:"), case .object(let own) = value {
                for (attribute, value) in own { SCIMResource.show(value, attribute, name + ":", in: &found) }
            } else {
                SCIMResource.show(value, name, "", in: &found)
            }
        }
        return found
    }

    private static func show(_ value: JSONValue, _ name: String, _ prefix: String, in found: inout [String: [String]]) {
        switch value {
        case .object(let members):
            for (sub, value) in members { if let text = value.text { found["\(prefix)\(name).\(sub)", default: []].append(text) } }
        case .array(let elements):
            for element in elements {
                guard case .object(let members) = element else {
                    if let text = element.text { found[prefix + name, default: []].append(text) }
                    continue
                }
                let type = element.member("type")?.text
                let path = type.map { SCIMPath(attribute: name, filter: [.init(name: "type", value: .string($0))]).description } ?? name
                for (sub, value) in members { if let text = value.text { found["\(prefix)\(path).\(sub)", default: []].append(text) } }
            }
        case .null, .bool, .integer, .double, .string: if let text = value.text { found[prefix + name, default: []].append(text) }
        }
    }

    // MARK: Writing

    /// Puts the values there in the place of what stands there; none takes it away, and what is empty then with it.
    mutating func set(_ path: SCIMPath, _ values: [JSONValue], isList: Bool = false) {
        let changed = SCIMResource.changed(attribute(path), path, values, isList: isList)
        guard let schema = path.schema else { return members.put(path.attribute, changed) }
        var own: [String: JSONValue] = [:]
        if case .object(let members)? = json.member(schema) { own = members }
        own.put(path.attribute, changed)
        members.put(schema, .object(own))
    }

    private static func changed(_ value: JSONValue?, _ path: SCIMPath, _ values: [JSONValue], isList: Bool) -> JSONValue {
        guard path.filter.isEmpty else { return .array(elements(value?.elements ?? [], path, values)) }
        guard let sub = path.sub else { return isList || values.count > 1 ? .array(values) : values.first ?? .null }
        var members: [String: JSONValue] = [:]
        if case .object(let own)? = value { members = own }
        members.put(sub, values.first ?? .null)
        return .object(members)
    }

    private static func elements(_ elements: [JSONValue], _ path: SCIMPath, _ values: [JSONValue]) -> [JSONValue] {
        let sub = path.sub ?? "value"
        var elements = elements
        let meant = elements.indices.filter { elements[$0].fulfils(path.filter) }
        for index in meant {
            guard case .object(var members) = elements[index] else { continue }
            members.put(sub, values.first ?? .null)
            elements[index] = .object(members)
        }
        if meant.isEmpty, let value = values.first {
            var members = Dictionary(path.filter.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
            members.put(sub, value)
            elements.append(.object(members))
        }
        // An element that says nothing but which one it is says nothing.
        return elements.filter { element in
            guard element.fulfils(path.filter), case .object(let members) = element else { return true }
            let names = Set(path.filter.map { $0.name.lowercased() } + ["primary"])
            return members.contains { !names.contains($0.key.lowercased()) && !$0.value.isNothing }
        }
    }
}

extension JSONValue {
    /// The members that the filter names have the values that it says; text whatever its capitals are (RFC 7643, 2.2: caseExact is false unless said otherwise).
    fileprivate func fulfils(_ filter: [SCIMPath.Equality]) -> Bool {
        filter.allSatisfy { equality in member(equality.name)?.text?.lowercased() == equality.value.text?.lowercased() }
    }
}

extension [String: JSONValue] {
    /// Under the spelling that is there; nothing takes the member away.
    fileprivate mutating func put(_ name: String, _ value: JSONValue) {
        let key = key(name) ?? name
        self[key] = value.isNothing ? nil : value
    }
}
