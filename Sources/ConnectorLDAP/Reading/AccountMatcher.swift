internal import Contracts
internal import IdentityModel

/// Tells which of many queries an entry answers, when all of them were asked in one filter.
struct AccountMatcher {
    /// The filter of each query; nil for one that nothing can match (no attribute, an empty value, a malformed id).
    let filters: [String?]
    private let dialect: Dialect
    private let queries: [AccountQuery]
    /// Queries by what they ask for. Of several attributes, the one that comes first by name is the key; the others are compared.
    private var byKey: [Key: [Int]] = [:]
    private let attributes: [String]

    private struct Key: Hashable {
        let attribute: String
        let folded: String
    }

    init(_ queries: [AccountQuery], dialect: Dialect) {
        self.queries = queries
        self.dialect = dialect
        filters = queries.map { AccountMatcher.filter($0, dialect) }
        var attributes: Set<String> = []
        for (index, query) in queries.enumerated() where filters[index] != nil {
            guard let key = AccountMatcher.key(query, dialect) else { continue }
            attributes.insert(key.attribute)
            byKey[key, default: []].append(index)
        }
        self.attributes = attributes.sorted()
    }

    private static func filter(_ query: AccountQuery, _ dialect: Dialect) -> String? {
        switch query {
        case .id(let id, _): return id.text.isEmpty ? nil : dialect.idFilter(id)
        case .correlation(let values):
            // Empty values never correlate.
            guard !values.isEmpty, values.values.allSatisfy({ !$0.isEmpty }) else { return nil }
            return SearchFilter.all(values.sorted { $0.key < $1.key }.map { SearchFilter.equal($0.key, $0.value) })
        }
    }

    private static func key(_ query: AccountQuery, _ dialect: Dialect) -> Key? {
        switch query {
        case .id(let id, _): Key(attribute: dialect.idAttribute.lowercased(), folded: id.text.lowercased())
        case .correlation(let values):
            values.min { $0.key < $1.key }.map { Key(attribute: $0.key.lowercased(), folded: DistinguishedName.folded($0.value)) }
        }
    }

    /// The queries of a chunk that this entry answers.
    func matches(_ entry: DirectoryEntry, among chunk: [Int]) -> [Int] {
        guard let first = chunk.first, let last = chunk.last else { return [] }
        var matches: [Int] = []
        for attribute in attributes {
            for value in Set(entry.values(of: attribute).map(DistinguishedName.folded)) {
                for index in byKey[Key(attribute: attribute, folded: value)] ?? []
                where index >= first && index <= last && answers(entry, queries[index]) {
                    matches.append(index)
                }
            }
        }
        return matches
    }

    private func answers(_ entry: DirectoryEntry, _ query: AccountQuery) -> Bool {
        switch query {
        case .id: true
        case .correlation(let values):
            values.allSatisfy { attribute, value in
                let wanted = DistinguishedName.folded(value)
                return entry.values(of: attribute).contains { DistinguishedName.folded($0) == wanted }
            }
        }
    }
}
