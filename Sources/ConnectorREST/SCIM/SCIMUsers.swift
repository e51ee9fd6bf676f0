internal import Contracts
internal import Foundation
internal import HTTPTransport
internal import IdentityModel

/// Users of one service: how one is read, made, changed and taken away.
struct SCIMUsers: AccountService {
    let service: SCIMService
    let abilities: SCIMService.Abilities
    let attempts: CreateAttempts
    let correlation: [String]
    /// Attributes of the policy map, as it spells them, with what they mean.
    let paths: [(name: String, path: SCIMPath)]

    /// A user as it was read, with its version where the service has versions.
    struct Seen: AccountRecord {
        var resource: SCIMResource
        var etag: String?

        var id: AccountID { AccountID(resource.id ?? "") }
        var name: AccountName { resource.userName }
    }

    /// A change that others got in the way of is made anew so often.
    private static let attempts = 5

    init(
        _ service: SCIMService, _ abilities: SCIMService.Abilities, _ attempts: CreateAttempts, attributes: [String], correlation: [String]
    ) {
        self.attempts = attempts
        self.correlation = correlation
        self.service = service
        self.abilities = abilities
        paths = attributes.compactMap { name in (try? SCIMPath(name)).map { (name, $0) } }
    }

    var reader: SCIMReader { SCIMReader(client: service.client, abilities: abilities) }

    // MARK: Reading

    func path(_ id: AccountID) -> String { abilities.users + "/" + id.text.queryEscaped }

    /// Nil: there is nobody of this id.
    func read(_ id: AccountID) async throws(ConnectorFailure) -> Seen? {
        guard !id.text.isEmpty else { return nil }
        let answer = try await service.client.send(.get, path(id))
        guard let body = answer.body else { return nil }
        guard let resource = SCIMResource(body), resource.id == id.text else {
            throw ConnectorFailure(.permanent, "GET \(path(id)): the service answers with another user than the one asked for")
        }
        return Seen(resource: resource, etag: version(answer, resource))
    }

    private func version(_ answer: RESTClient.Answer, _ resource: SCIMResource) -> String? {
        abilities.hasVersions ? answer.etag ?? resource.json.member("meta")?.member("version")?.text : nil
    }

    var nameAttribute: String { "userName" }
    var filters: Bool { abilities.filters }
    func place(of attribute: String) -> SCIMPath? { try? SCIMPath(attribute) }
    func texts(_ seen: Seen, at place: SCIMPath) -> [String] { seen.resource.texts(place) }

    func list(
        _ wanted: [(place: SCIMPath, value: String)]?, visit: ([Seen]) async -> Bool
    ) async throws(ConnectorFailure) {
        let filter = wanted.map { $0.map { $0.place.filter(equals: $0.value) }.joined(separator: " and ") }
        try await reader.list(abilities.users, filter: filter) { page in await visit(page.map { Seen(resource: $0) }) }
    }

    func account(_ seen: Seen) -> ActualAccount {
        let resource = seen.resource
        var attributes = resource.attributes
        for (name, path) in paths where attributes[name] == nil {
            let texts = resource.texts(path)
            if !texts.isEmpty { attributes[name] = texts }
        }
        let groups = (resource.json.member("groups")?.elements ?? []).compactMap { $0.member("display")?.text }
        return ActualAccount(
            id: AccountID(resource.id ?? ""), name: resource.userName, attributes: attributes, memberships: groups.sorted())
    }

    // MARK: Writing

    func change(_ request: AccountOperation.Request, pointingAt records: [String: Seen]) throws(ConnectorFailure) -> SCIMChange {
        do throws(SCIMPath.Malformed) {
            return try SCIMChange(request, ids: records.mapValues(\.id))
        } catch {
            throw ConnectorFailure(.permanent, error.description, attribute: request.name)
        }
    }

    func naming(_ name: AccountName) -> SCIMChange { SCIMChange(SCIMPath(attribute: "userName"), .string(name.text)) }
    func switching(on isOn: Bool) -> SCIMChange? { SCIMChange(SCIMPath(attribute: "active"), .bool(isOn)) }
    func isOff(_ seen: Seen) -> Bool { seen.resource.values(SCIMPath(attribute: "active")).first?.flag == false }

    /// Makes a user; told are its id and whatever else the service says of it.
    func create(_ name: AccountName, _ changes: [SCIMChange], for order: OrderID) async throws(ConnectorFailure) -> AccountID {
        var resource = SCIMResource()
        for change in changes { change.apply(to: &resource) }
        resource.set(SCIMPath(attribute: "userName"), [.string(name.text)])
        if resource.texts(SCIMPath(attribute: "schemas")).isEmpty {
            let schemas = ["urn:ietf:params:scim:schemas:core:2.0:User"] + Set(changes.compactMap(\.path.schema)).sorted()
            resource.set(SCIMPath(attribute: "schemas"), schemas.map(JSONValue.string), isList: true)
        }
        let answer = try await send(
            .post, abilities.users, resource.json, headers: [order.idempotencyKey(resource.json)], accepting: [])
        if let id = answer.body?.member("id")?.text, !id.isEmpty { return AccountID(id) }
        // Created, and not told as whom.
        throw ConnectorFailure(.unknown, "POST \(abilities.users): the answer tells no id")
    }

    /// Changes a user so that it is as ordered; read anew and tried again where somebody else was faster. Nil: there is nobody of this id.
    func change(_ seen: Seen, _ changes: [SCIMChange]) async throws(ConnectorFailure) -> Seen? {
        var seen = seen
        let id = seen.id
        for attempt in 1...Self.attempts {
            guard changes.contains(where: { !$0.isDone(in: seen.resource) }) else { return seen }
            let answer = try await write(id, seen, changes)
            if answer.status == 404 { return nil }
            if answer.status != 412 {
                for change in changes { change.apply(to: &seen.resource) }
                // Of what comes next the version is not known unless the service tells it.
                seen.etag = abilities.hasVersions ? answer.etag : nil
                return seen
            }
            guard let anew = try await read(id) else { return nil }
            seen = anew
            if attempt == Self.attempts { break }
        }
        throw ConnectorFailure(.transient, "\(path(id)): somebody else changes this user all the time")
    }

    private func write(_ id: AccountID, _ seen: Seen, _ changes: [SCIMChange]) async throws(ConnectorFailure) -> RESTClient.Answer {
        let headers = seen.etag.map { [(name: "If-Match", value: $0)] } ?? []
        guard abilities.patches else {
            var resource = seen.resource
            for change in changes { change.apply(to: &resource) }
            return try await send(.put, path(id), resource.writable, headers: headers, accepting: [412])
        }
        let isPlain = changes.allSatisfy(\.path.filter.isEmpty)
        // Told are the changed user, or nothing: either is a part of what it is otherwise.
        let answer = try await send(
            .patch, path(id) + "?attributes=userName", SCIMChange.body(changes.compactMap { $0.patch(of: seen.resource) }),
            headers: headers,
            accepting: isPlain ? [412] : [400, 412])
        guard answer.status == 400 else { return answer }
        // Some services know no filters in paths: the attributes are sent whole.
        return try await send(
            .patch, path(id) + "?attributes=userName", SCIMChange.body(SCIMChange.whole(changes, of: seen.resource)), headers: headers,
            accepting: [412])
    }

    func delete(_ id: AccountID) async throws(ConnectorFailure) {
        _ = try await service.client.send(.delete, path(id))
    }

    /// A name that is taken is a conflict, however the service says so (RFC 7644, 3.12: 409, `uniqueness`).
    private func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue, headers: [(name: String, value: String)], accepting: Set<Int>
    ) async throws(ConnectorFailure) -> RESTClient.Answer {
        do throws(ConnectorFailure) {
            let answer = try await service.client.send(method, path, body, headers: headers, accepting: accepting)
            guard answer.status == 400, answer.body?.member("scimType")?.text?.lowercased() == "uniqueness" else { return answer }
            throw ConnectorFailure(.conflict, "\(method.rawValue) \(path): refused, something else is in the way")
        } catch {
            guard error.errorClass == .permanent, error.serverText?.hasSuffix("(uniqueness)") == true else { throw error }
            throw ConnectorFailure(.conflict, error.message, serverText: error.serverText)
        }
    }
}

extension SCIMResource {
    var userName: AccountName { AccountName(json.member("userName")?.text ?? "") }

    /// Without what only the service writes (RFC 7643, 3.1 and 4.1.2).
    var writable: JSONValue {
        .object(members.filter { !["meta", "groups"].contains($0.key.lowercased()) })
    }
}
