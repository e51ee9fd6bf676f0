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
    /// Accounts by what they hold of an attribute, without regard to capitals; of attributes that somebody has asked for.
    private var holding: [String: [String: Set<AccountID>]] = [:]

    mutating func apply(_ record: LDIFRecord) {
        guard let account = record.account else { return applyToGroup(record) }
        switch record.change {
        case .add(let lines):
            var attributes: [String: [String]] = [:]
            for line in lines { attributes[line.name, default: []].append(line.value) }
            set(account, Entry(name: record.name, attributes: attributes))
            hold(record.name, account)
        case .delete:
            free(account)
            set(account, nil)
        case .rename(let newName, _):
            free(account)
            entries[account]?.name = newName
            hold(newName, account)
        case .modify(let modifications):
            guard var entry = entries[account] else { return }
            for modification in modifications { entry.take(modification) }
            set(account, entry)
        }
    }

    private mutating func set(_ account: AccountID, _ entry: Entry?) {
        for attribute in holding.keys {
            for value in entries[account]?.attributes[attribute] ?? [] { holding[attribute]?[value.lowercased()]?.remove(account) }
            for value in entry?.attributes[attribute] ?? [] { holding[attribute]?[value.lowercased(), default: []].insert(account) }
        }
        entries[account] = entry
    }

    private mutating func applyToGroup(_ record: LDIFRecord) {
        guard case .modify(let modifications) = record.change else { return }
        let group = LDIFDirectory.names.groupKey(record.name)
        for modification in modifications {
            let keys = Set(modification.values.map(LDIFDirectory.names.groupKey))
            if modification.kind == .add { members[group, default: []].formUnion(keys) } else { members[group]?.subtract(keys) }
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

    // MARK: Questions

    private mutating func accounts(with attribute: String, _ value: String) -> Set<AccountID> {
        if holding[attribute] == nil {
            var accounts: [String: Set<AccountID>] = [:]
            for (account, entry) in entries {
                for value in entry.attributes[attribute] ?? [] { accounts[value.lowercased(), default: []].insert(account) }
            }
            holding[attribute] = accounts
        }
        return holding[attribute]?[value.lowercased()] ?? []
    }

    mutating func find(_ query: AccountQuery) -> Lookup {
        switch query {
        case .id(let id, _): return entries[id].map { .found(actual(id, $0)) } ?? .absent
        case .correlation(let wanted):
            guard !wanted.isEmpty, !wanted.values.contains("") else { return .absent }
            let found = wanted.sorted { $0.key < $1.key }.map { accounts(with: $0.key, $0.value) }
            let all = found.dropFirst().reduce(found[0]) { $0.intersection($1) }
            let hits = all.compactMap { id in entries[id].map { (id, $0) } }.sorted { $0.1.name < $1.1.name }
            guard let first = hits.first else { return .absent }
            return hits.count == 1 ? .found(actual(first.0, first.1)) : .ambiguous(hits.map { AccountName($0.1.name) })
        }
    }

    mutating func holders(of probe: NameProbe) -> [AccountID] {
        if let name = probe.accountName { return account(named: name.text).map { [$0] } ?? [] }
        let holders = accounts(with: probe.attribute, probe.value)
        guard let container = probe.container else { return holders.sorted { $0.text < $1.text } }
        let key = LDIFDirectory.names.groupKey(container)
        return holders.filter { id in
            entries[id].map { LDIFDirectory.names.groupKey(LDIFDirectory.names.container(of: AccountName($0.name))) == key } ?? false
        }.sorted { $0.text < $1.text }
    }

    /// Of the account only these attributes.
    func account(_ id: AccountID, _ attributes: [String]) -> ActualAccount? {
        entries[id].map { entry in
            var entry = entry
            entry.attributes = entry.attributes.filter { attributes.contains($0.key) }
            return actual(id, entry)
        }
    }

    private func actual(_ id: AccountID, _ entry: Entry) -> ActualAccount {
        let key = LDIFDirectory.names.groupKey(entry.name)
        return ActualAccount(
            id: id, name: AccountName(entry.name), attributes: entry.attributes,
            memberships: members.filter { $0.value.contains(key) }.map(\.key).sorted())
    }
}

extension LDIFDirectory.Entry {
    fileprivate mutating func take(_ modification: LDIFRecord.Modification) {
        let name = modification.attribute
        switch modification.kind {
        case .add: attributes[name, default: []] += modification.values
        case .replace: attributes[name] = modification.values.isEmpty ? nil : modification.values
        case .delete:
            let left = attributes[name]?.filter { !modification.values.contains($0) } ?? []
            attributes[name] = modification.values.isEmpty || left.isEmpty ? nil : left
        }
    }
}
