internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// Who holds names now. A name that stands in an entry's name is asked for there: a directory without an index searches its whole tree for a value.
    func holders(of probes: [NameProbe]) throws(ConnectorFailure) -> [[NameHolder]] {
        var holders: [[NameHolder]] = Array(repeating: [], count: probes.count)
        let names = probes.map { $0.accountName?.text ?? ($0.attribute.lowercased() == "dn" ? $0.value : nil) }
        let byName = probes.indices.filter { names[$0] != nil }
        let direct = byName.compactMap { names[$0] }.map {
            SearchRequest(base: $0, scope: .base, filter: "(objectClass=*)", attributes: [settings.dialect.idAttribute])
        }
        // noSuchObject: also where the entry above is missing; invalidDNSyntax: nobody can have such a name.
        for (index, entries) in zip(byName, try search(direct, tolerating: [0, 32, 34])) { holders[index] = identifiers(entries) }
        let byValue = Dictionary(grouping: probes.indices.filter { names[$0] == nil }) { Place(probes[$0]) }
        for (place, indices) in byValue.sorted(by: { $0.value[0] < $1.value[0] }) {
            try collect(probes, indices, at: place, into: &holders)
        }
        return holders
    }

    /// Probes that one search can ask together.
    private struct Place: Hashable {
        let attribute: String
        /// Folded; nil: everywhere below the base.
        let container: String?

        init(_ probe: NameProbe) {
            attribute = probe.attribute.lowercased()
            container = probe.container.map(DistinguishedName.key)
        }
    }

    private func collect(
        _ probes: [NameProbe], _ indices: [Int], at place: Place, into holders: inout [[NameHolder]]
    ) throws(ConnectorFailure) {
        let probesOf = Dictionary(grouping: indices) { DistinguishedName.folded(probes[$0].value) }
        let chunks = chunked(probesOf.values.compactMap(\.first).sorted())
        let container = indices.first.flatMap { probes[$0].container }
        let searches = chunks.map { chunk in search(chunk.map { probes[$0].value }, place.attribute, in: container) }
        var doubtful: [Int] = []
        for (chunk, entries) in zip(chunks, try search(searches, missingIsEmpty: container != nil)) {
            let asked = Set(chunk.map { DistinguishedName.folded(probes[$0].value) })
            var known: Set<String> = []
            var hasStranger = false
            for entry in entries {
                let values = Set(entry.values(of: place.attribute).map(DistinguishedName.folded)).intersection(asked)
                hasStranger = hasStranger || values.isEmpty
                known.formUnion(values)
                for index in values.flatMap({ probesOf[$0] ?? [] }) { note(entry, in: &holders[index]) }
            }
            if hasStranger { doubtful += chunk.filter { !known.contains(DistinguishedName.folded(probes[$0].value)) } }
        }
        let single = doubtful.map { search([probes[$0].value], place.attribute, in: container) }
        for (first, entries) in zip(doubtful, try search(single, missingIsEmpty: container != nil)) {
            for index in probesOf[DistinguishedName.folded(probes[first].value)] ?? [] {
                for entry in entries { note(entry, in: &holders[index]) }
            }
        }
    }

    /// A container that does not exist holds nobody.
    private func search(_ values: [String], _ attribute: String, in container: String?) -> SearchRequest {
        SearchRequest(
            base: container ?? settings.base, scope: container == nil ? .subtree : .oneLevel,
            filter: SearchFilter.any(values.map { SearchFilter.equal(attribute, $0) }),
            attributes: [settings.dialect.idAttribute, attribute])
    }

    private func note(_ entry: DirectoryEntry, in holders: inout [NameHolder]) {
        holders += identifiers([entry]).filter { !holders.contains($0) }
    }

    private func identifiers(_ entries: [DirectoryEntry]) -> [NameHolder] {
        entries.map { entry in
            guard let id = entry.values(of: settings.dialect.idAttribute).first, !id.isEmpty else {
                return .unreadable(AccountName(entry.name))
            }
            return .account(AccountID(id))
        }
    }
}
