internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// How many values one filter asks for.
    private static let valuesPerFilter = 250

    private var accountAttributes: [String] { ["*", settings.dialect.idAttribute, settings.dialect.membershipAttribute] }

    /// Looks accounts up, many in one search.
    func find(_ queries: [AccountQuery]) throws(ConnectorFailure) -> [Lookup] {
        let matcher = AccountMatcher(queries, dialect: settings.dialect)
        let chunks = chunked(queries.indices.filter { matcher.filters[$0] != nil })
        let searches = chunks.map { search(for: $0.compactMap { matcher.filters[$0] }) }
        var found: [[DirectoryEntry]] = Array(repeating: [], count: queries.count)
        // Queries that share a chunk with an entry nobody recognised: the server compares in a way that we do not, and has to be asked one by one.
        var doubtful: [Int] = []
        for (chunk, entries) in zip(chunks, try self.search(searches)) {
            var hasStranger = false
            for entry in entries {
                let matches = matcher.matches(entry, among: chunk)
                hasStranger = hasStranger || matches.isEmpty
                for index in matches { found[index].append(entry) }
            }
            if hasStranger { doubtful += chunk.filter { found[$0].isEmpty } }
        }
        for (index, entries) in zip(doubtful, try self.search(doubtful.map { search(for: [matcher.filters[$0] ?? ""]) })) {
            found[index] = entries
        }
        if queries.indices.contains(where: { isID(queries[$0]) && found[$0].isEmpty && matcher.filters[$0] != nil }) { try requireIDs() }
        try findByName(queries, &found)
        return found.map { lookup($0) }
    }

    /// What no id finds may be there all the same, and show none.
    private func findByName(_ queries: [AccountQuery], _ found: inout [[DirectoryEntry]]) throws(ConnectorFailure) {
        let missed = queries.indices.compactMap { index -> (index: Int, name: AccountName)? in
            guard found[index].isEmpty, case .id(_, let name?) = queries[index] else { return nil }
            return (index, name)
        }
        guard !missed.isEmpty else { return }
        let searches = missed.map {
            SearchRequest(base: $0.name.text, scope: .base, filter: "(objectClass=*)", attributes: [settings.dialect.idAttribute])
        }
        // 34: what is no name to this server names no entry.
        for ((index, _), entries) in zip(missed, try search(searches, tolerating: [0, 32, 34])) {
            found[index] = entries.filter { account($0) == nil }
        }
    }

    private func isID(_ query: AccountQuery) -> Bool {
        if case .id = query { true } else { false }
    }

    /// Where ids may not be read, a search for one finds nothing, and everybody would look deleted.
    private func requireIDs() throws(ConnectorFailure) {
        guard !showsIDs else { return }
        let idAttribute = settings.dialect.idAttribute
        let any = SearchRequest(base: settings.base, scope: .subtree, filter: "(\(idAttribute)=*)", attributes: ["1.1"], sizeLimit: 1)
        showsIDs = try search([any], tolerating: [0, 4]).first?.isEmpty == false
        guard showsIDs else {
            throw ConnectorFailure(
                .unavailable,
                "no entry below \(settings.base) shows its \(idAttribute) to \(settings.bindDN), so accounts cannot be told apart from absent ones; give it the right to search and read that attribute"
            )
        }
    }

    private func search(for filters: [String]) -> SearchRequest {
        SearchRequest(base: settings.base, scope: .subtree, filter: SearchFilter.any(filters), attributes: accountAttributes)
    }

    func chunked(_ indices: [Int]) -> [[Int]] {
        stride(from: 0, to: indices.count, by: Self.valuesPerFilter).map {
            Array(indices[$0..<min($0 + Self.valuesPerFilter, indices.count)])
        }
    }

    private func lookup(_ entries: [DirectoryEntry]) -> Lookup {
        if entries.count > 1 { return .ambiguous(entries.map { AccountName($0.name) }.sorted()) }
        guard let entry = entries.first else { return .absent }
        guard let account = account(entry) else { return .unreadable([AccountName(entry.name)]) }
        return .found(account)
    }

    /// Nil for an entry that shows no id.
    nonisolated func account(_ entry: DirectoryEntry) -> ActualAccount? {
        var attributes: [String: [String]] = [:]
        var id: String?
        var memberships: [String] = []
        for (name, values) in entry.attributes {
            switch name.lowercased() {
            case settings.dialect.idAttribute.lowercased(): id = values.first
            case settings.dialect.membershipAttribute.lowercased(): memberships = values.map(DistinguishedName.canonical)
            default: attributes[name] = values
            }
        }
        guard let id, !id.isEmpty else { return nil }
        return ActualAccount(id: AccountID(id), name: AccountName(entry.name), attributes: attributes, memberships: memberships)
    }
}
