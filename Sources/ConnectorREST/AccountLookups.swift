internal import Contracts
internal import IdentityModel

/// Answers to questions who somebody is. A service that ignores filters is read whole, once for all questions of a call.
struct AccountLookups<Service: AccountService>: Sendable {
    let service: Service

    /// Values at places, compared without case: names and most texts are, and of others nobody has two that differ by that alone.
    private struct Wanted: Sendable {
        let parts: [(name: String, place: Service.Place, value: String)]

        init?(_ values: [String: String], _ service: Service) {
            guard !values.isEmpty, !values.values.contains("") else { return nil }
            var parts: [(String, Service.Place, String)] = []
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                guard let place = service.place(of: name) else { return nil }
                parts.append((name, place, value))
            }
            self.parts = parts
        }

        var filter: [(place: Service.Place, value: String)] { parts.map { ($0.place, $0.value) } }

        enum Match { case yes, no, unknown }

        /// Unknown: the account may be it, and the service shows nothing at that place.
        func match(_ record: Service.Record, _ service: Service) -> Match {
            var match = Match.yes
            for part in parts {
                let texts = service.texts(record, at: part.place)
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
            case .correlation(let values): if let one = Wanted(values, service) { wanted.append((index, one)) }
            }
        }
        let service = service
        let read = try await concurrently(ids) { asked throws(ConnectorFailure) in try await service.read(asked.id) }
        for (asked, record) in zip(ids, read) { if let record { lookups[asked.index] = .found(service.account(record)) } }
        for (asked, hits) in zip(wanted, try await hits(wanted.map(\.wanted))) { lookups[asked.index] = lookup(hits) }
        let missed = wanted.filter { lookups[$0.index] == .absent }
        if !missed.isEmpty, try await service.attempts.settleAll() {
            // Who was made by an attempt that was not answered is found by now.
            for (asked, hits) in zip(missed, try await hits(missed.map(\.wanted))) { lookups[asked.index] = lookup(hits) }
        }
        return lookups
    }

    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        let wanted = probes.map { probe in
            Wanted(probe.accountName.map { [service.nameAttribute: $0.text] } ?? [probe.attribute: probe.value], service)
        }
        let asked = wanted.indices.filter { wanted[$0] != nil }
        var holders: [[NameHolder]] = Array(repeating: [], count: probes.count)
        for (index, hits) in zip(asked, try await hits(asked.compactMap { wanted[$0] })) {
            holders[index] = hits.sure.map { .account($0.id) } + hits.unsure.map { .unreadable($0.name) }
        }
        return holders
    }

    /// Who has each name.
    func records(named names: [String]) async throws(ConnectorFailure) -> [[Service.Record]] {
        let wanted = names.map { Wanted([service.nameAttribute: $0], service) }
        let asked = wanted.indices.filter { wanted[$0] != nil }
        var records: [[Service.Record]] = Array(repeating: [], count: names.count)
        for (index, hits) in zip(asked, try await hits(asked.compactMap { wanted[$0] })) { records[index] = hits.sure }
        return records
    }

    private struct Hits: Sendable {
        var sure: [Service.Record] = []
        /// Found by the filter, and what it was found by is not shown.
        var unsure: [Service.Record] = []
    }

    private func lookup(_ hits: Hits) -> Lookup {
        if hits.sure.count == 1, hits.unsure.isEmpty { return .found(service.account(hits.sure[0])) }
        if hits.sure.isEmpty, hits.unsure.isEmpty { return .absent }
        return hits.sure.isEmpty
            ? .unreadable(hits.unsure.map(\.name).sorted()) : .ambiguous((hits.sure + hits.unsure).map(\.name).sorted())
    }

    private func hits(_ wanted: [Wanted]) async throws(ConnectorFailure) -> [Hits] {
        guard !wanted.isEmpty else { return [] }
        guard service.filters else { return try await scanned(wanted) }
        let service = service
        return try await concurrently(wanted) { one throws(ConnectorFailure) in
            var hits = Hits()
            var isFiltered = true
            try await service.list(one.filter) { page in
                for record in page {
                    switch one.match(record, service) {
                    case .yes: hits.sure.append(record)
                    case .unknown: hits.unsure.append(record)
                    case .no: isFiltered = false
                    }
                }
                return true
            }
            // Where others are told as well, nobody said that those who show nothing are it.
            if !isFiltered { hits.unsure = [] }
            return hits
        }
    }

    /// Who shows nothing at the place is not it: nobody said that they were.
    private func scanned(_ wanted: [Wanted]) async throws(ConnectorFailure) -> [Hits] {
        var hits = Array(repeating: Hits(), count: wanted.count)
        var keys: [[String]: [Int]] = [:]
        var shapes: [[String]: [Service.Place]] = [:]
        for (index, one) in wanted.enumerated() {
            let names = one.parts.map { $0.name.lowercased() }
            shapes[names] = one.parts.map(\.place)
            keys[names + one.parts.map { $0.value.lowercased() }, default: []].append(index)
        }
        try await service.list(nil) { page in
            for record in page {
                for (names, places) in shapes {
                    // Of lists each value counts; a place with several is rare, and the first ones decide.
                    let values = places.map { service.texts(record, at: $0).map { $0.lowercased() } }
                    for combination in AccountLookups.combinations(values) {
                        for index in keys[names + combination] ?? [] { hits[index].sure.append(record) }
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
