internal import Contracts
internal import HTTPTransport
internal import IdentityModel

/// Groups of one service, which are named by what they are called (`displayName`) and hold the ids of users: who is renamed stays in them.
///
/// Nobody reads who is in a group, where the service does not make us: a change names its members, and whether somebody is one is asked by a filter.
struct SCIMGroups: GroupService {
    let service: SCIMService
    let abilities: SCIMService.Abilities

    private var reader: SCIMReader { SCIMReader(client: service.client, abilities: abilities) }

    let chunk = 100
    private static let attempts = 5

    // MARK: Which group

    /// The id of the group of this name; nil: there is none.
    func id(of name: String) async throws(ConnectorFailure) -> String? {
        var found: [String: String] = [:]
        let filter = abilities.filters ? "displayName eq \(name.filterText)" : nil
        try await reader.list(abilities.groups, filter: filter, parameters: "&attributes=displayName") { page in
            for group in page where group.displayName?.lowercased() == name.lowercased() {
                if let id = group.id { found[id] = group.displayName }
            }
            return true
        }
        // Two whose names differ by capitals are told apart by the one that is spelled so.
        let exact = found.filter { $0.value == name }
        let meant = exact.isEmpty ? found : exact
        guard meant.count <= 1 else {
            throw ConnectorFailure(.permanent, "\(meant.count) groups are called '\(name)'; it is not known which of them is meant")
        }
        return meant.keys.first
    }

    /// What the group is called now; nil: it is gone.
    func name(of id: String) async throws(ConnectorFailure) -> String? {
        let answer = try await service.client.send(.get, path(id) + "?attributes=displayName")
        guard let group = answer.body.flatMap(SCIMResource.init), group.id == id else { return nil }
        return group.displayName
    }

    private func path(_ id: String) -> String { abilities.groups + "/" + id.queryEscaped }

    // MARK: Who is in it

    func holds(_ member: String, group: String) async throws(ConnectorFailure) -> Bool {
        if abilities.filters {
            let filter = "id eq \(group.filterText) and members.value eq \(member.filterText)"
            let query = "?filter=\(filter.queryEscaped)&attributes=displayName"
            let answer = try await service.client.send(.get, abilities.groups + query, accepting: [400, 403, 501])
            if answer.status == 200, let body = answer.body {
                let found = SCIMPage(body).resources.compactMap(\.id)
                // One that is not the group asked for was found by ignoring the filter.
                if found.allSatisfy({ $0 == group }) { return !found.isEmpty }
            }
        }
        return try await members(of: group)?.contains(member) ?? false
    }

    /// All of them; nil: the group is gone.
    private func members(of group: String) async throws(ConnectorFailure) -> Set<String>? {
        guard let resource = try await service.client.send(.get, path(group)).body.flatMap(SCIMResource.init) else { return nil }
        return Set(resource.members(named: "members").compactMap { $0.member("value")?.text })
    }

    // MARK: Changing it

    /// Adds or removes members, all at once where the service lets it; what failed, by member. Who is a member already, or none any more, is no failure.
    func apply(_ change: MemberChange, _ members: [String], to group: String) async -> [String: ConnectorFailure] {
        do throws(ConnectorFailure) {
            let isThere = abilities.patches ? try await patch(change, members, group) : try await put(change, members, group)
            guard !isThere, change == .add else { return [:] }
            return failed(members, ConnectorFailure(.permanent, "the group is gone"))
        } catch {
            // One of many is refused, and the service does not say which.
            guard error.errorClass == .permanent, members.count > 1 else { return failed(members, error) }
            let half = members.count / 2
            let first = await apply(change, Array(members[..<half]), to: group)
            return await apply(change, Array(members[half...]), to: group).merging(first) { one, _ in one }
        }
    }

    private func failed(_ members: [String], _ failure: ConnectorFailure) -> [String: ConnectorFailure] {
        Dictionary(members.map { ($0, failure) }, uniquingKeysWith: { one, _ in one })
    }

    /// False: the group is gone.
    private func patch(_ change: MemberChange, _ members: [String], _ group: String) async throws(ConnectorFailure) -> Bool {
        let operations: [JSONValue]
        switch change {
        case .add:
            let value = JSONValue.array(members.map { .object(["value": .string($0)]) })
            operations = [.object(["op": .string("add"), "path": .string("members"), "value": value])]
        case .remove:
            operations = members.map {
                .object(["op": .string("remove"), "path": .string("members[value eq \($0.filterText)]")])
            }
        }
        let answer = try await service.client.send(
            .patch, path(group) + "?attributes=displayName", SCIMChange.body(operations),
            accepting: change == .remove ? [400] : [])
        guard answer.status == 400 else { return answer.status != 404 }
        // RFC 7644, 3.5.2.2: nobody is meant by the filter any more. (Of several, one of them.)
        if answer.body?.member("scimType")?.text?.lowercased() == "notarget", members.count == 1 { return true }
        if members.count > 1 { throw ConnectorFailure(.permanent, "one of \(members.count) removals is refused") }
        return try await put(change, members, group)
    }

    /// The whole group, as it is but for these: for services that cannot do otherwise.
    private func put(_ change: MemberChange, _ members: [String], _ group: String) async throws(ConnectorFailure) -> Bool {
        try await service.alone { () async throws(ConnectorFailure) -> Bool in try await putAlone(change, members, group) }
    }

    private func putAlone(_ change: MemberChange, _ members: [String], _ group: String) async throws(ConnectorFailure) -> Bool {
        for _ in 1...Self.attempts {
            let answer = try await service.client.send(.get, path(group))
            guard let body = answer.body, var resource = SCIMResource(body), resource.id == group else { return false }
            let present = resource.members(named: "members")
            let concerned = Set(members)
            var after = present.filter { change == .add || !concerned.contains($0.member("value")?.text ?? "") }
            if change == .add {
                let there = Set(present.compactMap { $0.member("value")?.text })
                after += members.filter { !there.contains($0) }.map { .object(["value": .string($0)]) }
            }
            if after.count == present.count { return true }
            resource.set(SCIMPath(attribute: "members"), after, isList: true)
            let version = abilities.hasVersions ? answer.etag ?? resource.json.member("meta")?.member("version")?.text : nil
            let written = try await service.client.send(
                .put, path(group), resource.writable, headers: version.map { [("If-Match", $0)] } ?? [], accepting: [412])
            if written.status != 412 { return written.status != 404 }
        }
        throw ConnectorFailure(.transient, "somebody else changes the group all the time")
    }
}

extension SCIMResource {
    var displayName: String? { json.member("displayName")?.text }
    func members(named name: String) -> [JSONValue] { json.member(name)?.elements ?? [] }
}

extension String {
    /// As a text in a filter (RFC 7644, 3.4.2.2): as JSON writes it.
    var filterText: String { String(decoding: JSONValue.string(self).bytes, as: UTF8.self) }
}
