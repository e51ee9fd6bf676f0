/// Where something stands in a JSON value: names of members with dots between them; "" is the value itself.
struct JSONPlace: Hashable, Sendable {
    let names: [String]

    init(_ text: String) { names = text.split(separator: ".").map(String.init) }

    var description: String { names.joined(separator: ".") }
}

extension JSONValue {
    /// Nil: there is nothing.
    subscript(place: JSONPlace) -> JSONValue? {
        place.names.reduce(self as JSONValue?) { value, name in value?.member(name) }
    }

    /// The single values that stand there.
    func texts(at place: JSONPlace) -> [String] {
        guard let value = self[place] else { return [] }
        if case .array(let elements) = value { return elements.compactMap(\.text) }
        return value.text.map { [$0] } ?? []
    }

    /// Puts the value there, making the objects it stands in; nil takes away what stands there.
    mutating func set(_ value: JSONValue?, at place: JSONPlace) { self = changed(place.names[...], value) ?? .null }

    private func changed(_ names: ArraySlice<String>, _ value: JSONValue?) -> JSONValue? {
        guard let name = names.first else { return value }
        var members: [String: JSONValue] = [:]
        if case .object(let own) = self { members = own }
        let key = members.key(name) ?? name
        if value == nil, members[key] == nil { return self }
        members[key] = (members[key] ?? .null).changed(names.dropFirst(), value)
        return .object(members)
    }
}
