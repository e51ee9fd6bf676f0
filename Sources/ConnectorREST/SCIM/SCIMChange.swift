internal import Contracts
internal import IdentityModel

/// One request of an operation, with its path and typed values: what is to become of a place in a resource.
struct SCIMChange: Hashable, Sendable {
    let path: SCIMPath
    let operation: RequestOperation
    let values: [JSONValue]
    /// The attribute is a list, also with one value or none.
    let isList: Bool

    /// Lists whose elements are single values, of every resource (RFC 7643, 3): other attributes are lists where the server shows one.
    private static let lists: Set<String> = ["schemas"]

    /// `ids`: of users that the request points at, by name.
    init(_ request: AccountOperation.Request, isList: Bool = false, ids: [String: AccountID] = [:]) throws(SCIMPath.Malformed) {
        path = try SCIMPath(request.name)
        operation = request.operation
        values = request.values.map { JSONValue(request.type == .reference ? ids[$0]?.text ?? $0 : $0, request.type) }
        self.isList = isList || SCIMChange.lists.contains(path.attribute.lowercased())
    }

    /// One value at a place, whatever stands there.
    init(_ path: SCIMPath, _ value: JSONValue) {
        (self.path, operation, values, isList) = (path, .set, [value], false)
    }

    /// What stands there afterwards.
    func after(in resource: SCIMResource) -> [JSONValue] {
        let present = resource.values(path)
        switch operation {
        case .set: return values
        case .add: return isOne(in: resource) ? values : present + values.filter { !present.contains($0) }
        case .remove: return values.isEmpty ? [] : present.filter { value in !values.contains { $0.text == value.text } }
        }
    }

    /// The place holds one value: adding another one replaces it.
    private func isOne(in resource: SCIMResource) -> Bool { path.sub != nil || !path.filter.isEmpty || !isListed(in: resource) }

    private func isListed(in resource: SCIMResource) -> Bool { isList || values.count > 1 || resource.holdsList(path) }

    func isDone(in resource: SCIMResource) -> Bool {
        Set(resource.texts(path)) == Set(after(in: resource).compactMap(\.text))
    }

    func apply(to resource: inout SCIMResource) { resource.set(path, after(in: resource), isList: isListed(in: resource)) }

    // MARK: RFC 7644, 3.5.2

    /// One operation of a PATCH; nil: the resource is so already.
    func patch(of resource: SCIMResource) -> JSONValue? {
        guard !isDone(in: resource) else { return nil }
        let after = after(in: resource)
        guard let first = after.first else { return removal(from: resource) }
        if !path.filter.isEmpty, !resource.has(path) {
            // A filter that means nothing is refused (noTarget): the element is added with what makes the filter mean it.
            var made = SCIMResource()
            made.set(SCIMPath(attribute: path.attribute, filter: path.filter, sub: path.sub), after)
            return op("add", path.whole, made.json.member(path.attribute) ?? .null)
        }
        return op("replace", path, isOne(in: resource) ? first : .array(after))
    }

    /// Of an element that would say nothing any more all is taken away.
    private func removal(from resource: SCIMResource) -> JSONValue {
        guard !path.filter.isEmpty else { return op("remove", path, nil) }
        var left = resource
        left.set(path, [])
        let element = SCIMPath(schema: path.schema, attribute: path.attribute, filter: path.filter)
        return op("remove", left.has(element) ? path : element, nil)
    }

    private func op(_ name: String, _ path: SCIMPath, _ value: JSONValue?) -> JSONValue {
        var members: [String: JSONValue] = ["op": .string(name), "path": .string(path.description)]
        members["value"] = value
        return .object(members)
    }

    /// The same for services that know no filters in paths: each attribute as it is afterwards.
    static func whole(_ changes: [SCIMChange], of resource: SCIMResource) -> [JSONValue] {
        var after = resource
        for change in changes { change.apply(to: &after) }
        var told: Set<String> = []
        return changes.filter { !$0.isDone(in: resource) && told.insert($0.path.whole.description.lowercased()).inserted }.map { change in
            let holder = change.path.schema.map { after.json.member($0) } ?? after.json
            let value = holder?.member(change.path.attribute)
            return change.op(value == nil ? "remove" : "replace", change.path.whole, value)
        }
    }

    /// The body of a PATCH.
    static func body(_ operations: [JSONValue]) -> JSONValue {
        .object([
            "schemas": .array([.string("urn:ietf:params:scim:api:messages:2.0:PatchOp")]), "Operations": .array(operations),
        ])
    }
}
