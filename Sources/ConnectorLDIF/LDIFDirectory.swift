internal import Contracts
internal import IdentityModel

/// What the records of a file come to: the accounts, and who is in which group.
struct LDIFDirectory: Sendable {
    struct Entry: Hashable, Sendable {
        var name: String
        var attributes: [String: [String]]
    }

    private static let names = NameSyntax.path
    private(set) var entries: [AccountID: Entry] = [:]
    /// Who has a name, by what its spellings have in common.
    private var holders: [String: AccountID] = [:]
    /// Members of each group, both by what their names have in common however they are spelled.
    private var members: [String: Set<String>] = [:]

    mutating func apply(_ record: LDIFRecord) {
        guard let account = record.account else { return applyToGroup(record) }
        switch record.change {
        case .add(let lines):
            var attributes: [String: [String]] = [:]
            for line in lines { attributes[line.name, default: []].append(line.value) }
            entries[account] = Entry(name: record.name, attributes: attributes)
            hold(record.name, account)
        case .delete:
            free(account)
            entries[account] = nil
        case .rename(let newName, _):
            free(account)
            entries[account]?.name = newName
            hold(newName, account)
        case .modify(let modifications): for modification in modifications { change(account, modification) }
        }
    }

    private mutating func applyToGroup(_ record: LDIFRecord) {
        guard case .modify(let modifications) = record.change else { return }
        let group = LDIFDirectory.names.groupKey(record.name)
        for modification in modifications {
            let keys = Set(modification.values.map(LDIFDirectory.names.groupKey))
            if modification.kind == .add { members[group, default: []].formUnion(keys) } else { members[group]?.subtract(keys) }
        }
    }

    private mutating func change(_ account: AccountID, _ modification: LDIFRecord.Modification) {
        let name = modification.attribute
        switch modification.kind {
        case .add: entries[account]?.attributes[name, default: []] += modification.values
        case .replace: entries[account]?.attributes[name] = modification.values.isEmpty ? nil : modification.values
        case .delete:
            let left = entries[account]?.attributes[name]?.filter { !modification.values.contains($0) } ?? []
            entries[account]?.attributes[name] = modification.values.isEmpty || left.isEmpty ? nil : left
        }
    }

    func isMember(_ name: String, of group: String) -> Bool {
        members[LDIFDirectory.names.groupKey(group)]?.contains(LDIFDirectory.names.groupKey(name)) ?? false
    }

    func account(named name: String) -> AccountID? { holders[LDIFDirectory.names.groupKey(name)] }

    private mutating func hold(_ name: String, _ account: AccountID) { holders[LDIFDirectory.names.groupKey(name)] = account }

    private mutating func free(_ account: AccountID) {
        guard let name = entries[account]?.name, self.account(named: name) == account else { return }
        holders[LDIFDirectory.names.groupKey(name)] = nil
    }

    func find(_ query: AccountQuery) -> Lookup {
        switch query {
        case .id(let id, _): return entries[id].map { .found(actual(id, $0)) } ?? .absent
        case .correlation(let wanted) where wanted.isEmpty || wanted.values.contains(""): return .absent
        case .correlation(let wanted):
            let found = entries.filter { _, entry in
                wanted.allSatisfy { name, value in
                    (entry.attributes[name] ?? []).contains { $0.lowercased() == value.lowercased() }
                }
            }.sorted { $0.value.name < $1.value.name }
            guard let first = found.first else { return .absent }
            return found.count == 1 ? .found(actual(first.key, first.value)) : .ambiguous(found.map { AccountName($0.value.name) })
        }
    }

    private func actual(_ id: AccountID, _ entry: Entry) -> ActualAccount {
        let key = LDIFDirectory.names.groupKey(entry.name)
        return ActualAccount(
            id: id, name: AccountName(entry.name), attributes: entry.attributes,
            memberships: members.filter { $0.value.contains(key) }.map(\.key).sorted())
    }
}
