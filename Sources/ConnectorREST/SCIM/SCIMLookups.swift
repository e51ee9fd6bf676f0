internal import Contracts
internal import IdentityModel

/// Answers to questions who somebody is. A service that ignores filters is read whole, once for all questions of a call.
struct SCIMLookups: Sendable {
    let users: SCIMUsers

    /// Values at places, compared without case: the userName and most texts are (RFC 7643, 2.2), and of others nobody has two that differ by that alone.
    private struct Wanted: Sendable {
        let parts: [(path: SCIMPath, value: String)]

        init?(_ values: [String: String]) {
            guard !values.isEmpty, !values.values.contains("") else { return nil }
            var parts: [(SCIMPath, String)] = []
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                guard let path = try? SCIMPath(name) else { return nil }
                parts.append((path, value))
            }
            self.parts = parts
        }

        var filter: String { parts.map { $0.path.filter(equals: $0.value) }.joined(separator: " and ") }

        enum Match { case yes, no, unknown }

        /// Unknown: the user may be it, and the service shows nothing at that place.
        func match(_ user: SCIMResource) -> Match {
            var match = Match.yes
            for part in parts {
                let texts = user.texts(part.path)
                if texts.isEmpty {
                    match = .unknown
                } else if !texts.contains(where: { $0.lowercased() == part.value.lowercased() }) {
                    return .no
                }
            }
            return match
        }
    }

    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        var lookups = Array(repeating: Lookup.absent, count: queries.count)
        var wanted: [(index: Int, wanted: Wanted)] = []
        var ids: [(index: Int, id: AccountID)] = []
        for (index, query) in queries.enumerated() {
            switch query {
            case .id(let id, _): ids.append((index, id))
            case .correlation(let values): if let one = Wanted(values) { wanted.append((index, one)) }
            }
        }
        let users = users
        let read = try await concurrently(ids) { asked throws(ConnectorFailure) in try await users.read(asked.id) }
        for (asked, seen) in zip(ids, read) { if let seen { lookups[asked.index] = .found(users.account(seen.resource)) } }
        for (asked, hits) in zip(wanted, try await hits(wanted.map(\.wanted))) { lookups[asked.index] = lookup(hits) }
        return lookups
    }

    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        let wanted = probes.map { probe in
            Wanted(probe.accountName.map { ["userName": $0.text] } ?? [probe.attribute: probe.value])
        }
        let asked = wanted.indices.filter { wanted[$0] != nil }
        var holders: [[NameHolder]] = Array(repeating: [], count: probes.count)
        for (index, hits) in zip(asked, try await hits(asked.compactMap { wanted[$0] })) {
            holders[index] = hits.sure.map { .account(AccountID($0.id ?? "")) } + hits.unsure.map { .unreadable($0.userName) }
        }
        return holders
    }

    private struct Hits: Sendable {
        var sure: [SCIMResource] = []
        /// Found by the filter, and what it was found by is not shown.
        var unsure: [SCIMResource] = []
    }

    private func lookup(_ hits: Hits) -> Lookup {
        if hits.sure.count == 1, hits.unsure.isEmpty { return .found(users.account(hits.sure[0])) }
        if hits.sure.isEmpty, hits.unsure.isEmpty { return .absent }
        return hits.sure.isEmpty
            ? .unreadable(hits.unsure.map(\.userName).sorted()) : .ambiguous((hits.sure + hits.unsure).map(\.userName).sorted())
    }

    private func hits(_ wanted: [Wanted]) async throws(ConnectorFailure) -> [Hits] {
        guard !wanted.isEmpty else { return [] }
        guard users.abilities.filters else { return try await scanned(wanted) }
        let (reader, path) = (users.reader, users.abilities.users)
        return try await concurrently(wanted) { one throws(ConnectorFailure) in
            var hits = Hits()
            try await reader.list(path, filter: one.filter) { page in
                for user in page {
                    switch one.match(user) {
                    case .yes: hits.sure.append(user)
                    case .unknown: hits.unsure.append(user)
                    case .no: break
                    }
                }
                return true
            }
            return hits
        }
    }

    /// Who shows nothing at the place is not it: nobody said that they were.
    private func scanned(_ wanted: [Wanted]) async throws(ConnectorFailure) -> [Hits] {
        var hits = Array(repeating: Hits(), count: wanted.count)
        var keys: [[String]: [Int]] = [:]
        var shapes: [[String]: [SCIMPath]] = [:]
        for (index, one) in wanted.enumerated() {
            let names = one.parts.map { $0.path.description.lowercased() }
            shapes[names] = one.parts.map(\.path)
            keys[names + one.parts.map { $0.value.lowercased() }, default: []].append(index)
        }
        try await users.reader.list(users.abilities.users) { page in
            for user in page {
                for (names, paths) in shapes {
                    // Of lists each value counts; a place with several is rare, and the first ones decide.
                    let values = paths.map { user.texts($0).map { $0.lowercased() } }
                    for combination in SCIMLookups.combinations(values) {
                        for index in keys[names + combination] ?? [] { hits[index].sure.append(user) }
                    }
                }
            }
            return true
        }
        return hits
    }

    private static func combinations(_ values: [[String]]) -> [[String]] {
        values.reduce([[]]) { made, next in made.flatMap { start in next.map { start + [$0] } } }
    }
}

extension SCIMPath {
    /// The filter that means resources with this value here (RFC 7644, 3.4.2.2).
    func filter(equals value: String) -> String {
        guard !filter.isEmpty else { return "\(self) eq \(value.filterText)" }
        let conditions =
            filter.map { "\($0.name) eq \(String(decoding: $0.value.bytes, as: UTF8.self))" } + ["\(sub ?? "value") eq \(value.filterText)"]
        return "\(whole)[\(conditions.joined(separator: " and "))]"
    }
}
