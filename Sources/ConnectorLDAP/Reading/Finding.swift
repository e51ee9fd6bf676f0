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
        return found.map { lookup($0) }
    }

    private func search(for filters: [String]) -> SearchRequest {
        SearchRequest(base: settings.base, scope: .subtree, filter: SearchFilter.any(filters), attributes: accountAttributes)
    }

    private func chunked(_ indices: [Int]) -> [[Int]] {
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
        guard let id else { return nil }
        return ActualAccount(id: AccountID(id), name: AccountName(entry.name), attributes: attributes, memberships: memberships)
    }

    /// Who holds names now.
    func holders(of probes: [NameProbe]) throws(ConnectorFailure) -> [[NameHolder]] {
        var holders: [[NameHolder]] = Array(repeating: [], count: probes.count)
        let byName = probes.indices.filter { probes[$0].attribute.lowercased() == "dn" }
        let idAttribute = settings.dialect.idAttribute
        let direct = byName.map {
            SearchRequest(base: probes[$0].value, scope: .base, filter: "(objectClass=*)", attributes: [idAttribute])
        }
        for (index, entries) in zip(byName, try search(direct, missingIsEmpty: true)) { holders[index] = identifiers(entries) }
        for (_, indices) in Dictionary(grouping: Set(probes.indices).subtracting(byName), by: { probes[$0].attribute }).sorted(by: {
            $0.key < $1.key
        }) {
            try collect(probes, indices.sorted(), into: &holders)
        }
        return holders
    }

    /// Probes of one attribute.
    private func collect(_ probes: [NameProbe], _ indices: [Int], into holders: inout [[NameHolder]]) throws(ConnectorFailure) {
        guard let attribute = indices.first.map({ probes[$0].attribute }) else { return }
        let probesOf = Dictionary(grouping: indices) { DistinguishedName.folded(probes[$0].value) }
        let chunks = chunked(probesOf.values.compactMap(\.first).sorted())
        let wanted = [settings.dialect.idAttribute, attribute]
        let searches = chunks.map { chunk in search(chunk.map { probes[$0].value }, attribute, wanted) }
        var doubtful: [Int] = []
        for (chunk, entries) in zip(chunks, try search(searches)) {
            let asked = Set(chunk.map { DistinguishedName.folded(probes[$0].value) })
            var known: Set<String> = []
            var hasStranger = false
            for entry in entries {
                let values = Set(entry.values(of: attribute).map(DistinguishedName.folded)).intersection(asked)
                hasStranger = hasStranger || values.isEmpty
                known.formUnion(values)
                for index in values.flatMap({ probesOf[$0] ?? [] }) { note(entry, as: probes[index], in: &holders[index]) }
            }
            if hasStranger { doubtful += chunk.filter { !known.contains(DistinguishedName.folded(probes[$0].value)) } }
        }
        for (first, entries) in zip(doubtful, try search(doubtful.map { search([probes[$0].value], attribute, wanted) })) {
            for index in probesOf[DistinguishedName.folded(probes[first].value)] ?? [] {
                for entry in entries { note(entry, as: probes[index], in: &holders[index]) }
            }
        }
    }

    private func search(_ values: [String], _ attribute: String, _ wanted: [String]) -> SearchRequest {
        let filter = SearchFilter.any(values.map { SearchFilter.equal(attribute, $0) })
        return SearchRequest(base: settings.base, scope: .subtree, filter: filter, attributes: wanted)
    }

    private func note(_ entry: DirectoryEntry, as probe: NameProbe, in holders: inout [NameHolder]) {
        if let container = probe.container {
            guard DistinguishedName.parent(ofKey: DistinguishedName.key(entry.name)) == DistinguishedName.key(container) else { return }
        }
        holders += identifiers([entry]).filter { !holders.contains($0) }
    }

    private func identifiers(_ entries: [DirectoryEntry]) -> [NameHolder] {
        entries.map { entry in
            entry.values(of: settings.dialect.idAttribute).first.map { .account(AccountID($0)) } ?? .unreadable(AccountName(entry.name))
        }
    }

    /// The naming context that holds the base, and the id of its top entry.
    func realm() throws(ConnectorFailure) -> Realm {
        _ = try exchange(for: 1)
        let base = DistinguishedName.key(settings.base)
        let contexts = traits.namingContexts.filter { context in
            let key = DistinguishedName.key(context)
            return base == key || base.hasSuffix("," + key)
        }
        let top = contexts.max { $0.utf8.count < $1.utf8.count } ?? settings.base
        let idAttribute = settings.dialect.idAttribute
        let found = try search([SearchRequest(base: top, scope: .base, filter: "(objectClass=*)", attributes: [idAttribute])])
        guard let id = found.first?.first?.values(of: idAttribute).first else {
            throw ConnectorFailure(.permanent, "the \(idAttribute) of \(top) cannot be read, so it is not known which directory this is")
        }
        return Realm("\(DistinguishedName.key(top)) \(id)")
    }
}
