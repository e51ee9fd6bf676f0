internal import CEL
internal import Contracts
internal import IdentityModel

/// Groups of one service, by the requests that a policy map describes. Where no request says how a group is found, its name is its id.
struct RESTGroups: GroupService {
    let service: RESTService
    let records: RESTRecords

    /// Members are put into a group one by one, so many at once.
    let chunk = 100

    private var description: RESTDescription { service.description }

    func id(of name: String) async throws(ConnectorFailure) -> String? {
        guard let request = description.requests[.searchGroup] else { return name }
        var found: [String: String] = [:]
        try await service.list(request, ["group": .string(name)], by: .place(description.groupID)) { groups in
            for group in groups {
                guard let own = group[description.groupName]?.text, own.lowercased() == name.lowercased() else { continue }
                if let id = group[description.groupID]?.text { found[id] = own }
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

    /// Nil: the group is gone.
    func name(of id: String) async throws(ConnectorFailure) -> String? {
        guard description.requests[.searchGroup] != nil else { return id }
        let request = try service.request(.group)
        let answer = try await service.send(request, ["group": .string(id)])
        guard answer.status != 404, let group = answer.body?[request.place] else { return nil }
        guard group[description.groupID]?.text == id else {
            throw ConnectorFailure(.permanent, "the service answers with another group than the one asked for")
        }
        return group[description.groupName]?.text
    }

    /// A group that can only be found by name cannot be followed when it is renamed.
    var areFollowed: Bool { description.requests[.searchGroup] == nil || description.requests[.group] != nil }

    func holds(_ member: String, group: String) async throws(ConnectorFailure) -> Bool {
        guard let request = description.requests[.memberships] else {
            guard let record = try await records.read(AccountID(member)), let place = description.accountGroups else { return false }
            return record.json[place]?.elements.contains { isGroup($0, group) } ?? false
        }
        var isThere = false
        try await service.list(request, ["id": .string(member)], by: .valueOr(description.groupID)) { groups in
            isThere = groups.contains { isGroup($0, group) }
            return !isThere
        }
        return isThere
    }

    private func isGroup(_ shown: JSONValue, _ id: String) -> Bool {
        let place =
            description.requests[.searchGroup] == nil && shown[description.groupID] == nil ? description.groupName : description.groupID
        return (shown.text ?? shown[place]?.text) == id
    }

    func apply(_ change: MemberChange, _ members: [String], to group: String) async -> [String: ConnectorFailure] {
        await withTaskGroup(of: (String, ConnectorFailure?).self) { tasks in
            for member in members {
                tasks.addTask {
                    do throws(ConnectorFailure) {
                        try await apply(change, member, group)
                        return (member, nil)
                    } catch {
                        return (member, error)
                    }
                }
            }
            return await tasks.reduce(into: [:]) { if let failure = $1.1 { $0[$1.0] = failure } }
        }
    }

    private func apply(_ change: MemberChange, _ member: String, _ group: String) async throws(ConnectorFailure) {
        let values: [String: Value] = ["id": .string(member), "group": .string(group)]
        do throws(ConnectorFailure) {
            let answer = try await service.send(try service.request(change == .add ? .addMembership : .removeMembership), values)
            // Whoever is not there is in no group.
            if answer.status == 404, change == .add { throw ConnectorFailure(.permanent, "the group '\(group)' or the account is gone") }
        } catch {
            // Many services refuse what is so already.
            guard error.errorClass == .conflict || error.errorClass == .permanent, try await holds(member, group: group) == (change == .add)
            else { throw error }
        }
    }
}
