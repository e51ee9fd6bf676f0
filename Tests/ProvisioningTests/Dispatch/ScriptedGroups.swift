import Contracts
import IdentityModel

extension ScriptedSystem: IdentifiesGroups {
    /// Somebody renames the group by hand.
    func rename(group: String, to name: String) {
        groupIDs[name] = id(ofGroup: group)
        members[name] = members.removeValue(forKey: group) ?? []
        deletedGroups.remove(name)
        deletedGroups.insert(group)
    }

    /// Somebody does so right after a run has asked for groups.
    func renameWhenSeen(group: String, to name: String) { renamedWhenSeen = (group, name) }

    /// Somebody makes another group of the name.
    func make(group: String) {
        deletedGroups.remove(group)
        groupIDs[group] = GroupID("the new \(group)")
    }

    /// The next questions for accounts are answered so.
    func failLooks(_ failure: ConnectorFailure, times: Int) { failingLooks += Array(repeating: failure, count: times) }

    func answerLooks() { failingLooks = [] }

    func join(group: String, _ name: String) { members[group, default: []].insert(AccountName(name)) }

    /// `afterBeingSeen`: from the moment on at which a group is renamed (`renameWhenSeen`).
    func hideGroups(_ failure: ConnectorFailure?, afterBeingSeen: Bool = false) {
        if afterBeingSeen { hiddenWhenSeen = failure } else { hiddenGroups = failure }
    }

    private func id(ofGroup name: String) -> GroupID { groupIDs[name] ?? GroupID(name) }

    func groupIDs(of names: [String]) async throws(ConnectorFailure) -> [GroupID?] {
        if let failure = away ?? hiddenGroups { throw failure }
        let ids = names.map { deletedGroups.contains($0) ? nil : id(ofGroup: $0) }
        if let (group, name) = renamedWhenSeen {
            renamedWhenSeen = nil
            rename(group: group, to: name)
            hiddenGroups = hiddenWhenSeen
        }
        return ids
    }

    func groupNames(of ids: [GroupID]) async throws(ConnectorFailure) -> [GroupID: String] {
        if let failure = away ?? hiddenGroups { throw failure }
        groupSearches += 1
        let present = Set(members.keys).union(groupIDs.keys).subtracting(deletedGroups)
        return Dictionary(present.map { (id(ofGroup: $0), $0) }.filter { ids.contains($0.0) }, uniquingKeysWith: { first, _ in first })
    }

    /// What the server leaves to whoever renames.
    func carry(_ operation: AccountOperation, to name: AccountName) {
        let former = Set([operation.name] + operation.formerNames).subtracting([name])
        guard !capabilities.maintainsReferences, !former.isEmpty else { return }
        for group in operation.carriedGroups where !deletedGroups.contains(group) {
            members[group, default: []] = (members[group] ?? []).subtracting(former).union([name])
        }
        for group in operation.replacedGroups { members[group]?.subtract(former) }
    }
}
