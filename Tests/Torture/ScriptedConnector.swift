import Contracts
import Histories
import IdentityModel

/// Once it is cut, whatever is still under way on it is lost.
private final class Connection {
    var isCut = false
}

/// One process's way to a scripted server: requests are counted, answers get lost, the server goes away.
final class ScriptedConnector: ProbesNames, @unchecked Sendable {
    let server: ScriptedServer
    let capabilities: ConnectorCapabilities
    private let life: Life
    private let mishap: Mishap?
    /// Write requests that were sent.
    private var attempts = 0
    private(set) var done = 0
    /// Requests that changed something.
    private(set) var written = 0
    private(set) var refused = 0
    private(set) var wasStruck = false
    private(set) var wasStruckAmidWrites = false
    /// Whose entries, changed by hand, this process has looked at.
    private(set) var met: Set<Int> = []
    private var hasJustRenamed = false
    private var hasJustMissedOne = false
    private var connection = Connection()

    init(_ server: ScriptedServer, life: Life, mishap: Mishap?) {
        self.server = server
        self.life = life
        self.mishap = mishap
        capabilities = ConnectorCapabilities(batchSize: 20, maintainsReferences: server.book.repair != .never)
    }

    private static let away = ConnectorFailure(.unavailable, "connection refused")
    private static let lost = ConnectorFailure(.unknown, "the connection was lost before the answer came")

    private func reach() async throws(ConnectorFailure) {
        guard await life.goesOn() else { throw ScriptedConnector.away }
        if server.isAway {
            refused += 1
            throw ScriptedConnector.away
        }
        server.carryOutDelayed()
        server.repairReferences()
    }

    // MARK: Reading

    func realm() async throws(ConnectorFailure) -> Realm {
        try await reach()
        return Realm("scripted:\(server.book.name)")
    }

    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        try await reach()
        // Ids asked for after one was missed are a sample, to tell a deleted entry from an empty system: nobody is planned because of it.
        let isSample = hasJustMissedOne && queries.allSatisfy { if case .id = $0 { true } else { false } }
        let answers = queries.map(look)
        hasJustMissedOne = !isSample && zip(queries, answers).contains { if case (.id, .absent) = $0 { true } else { false } }
        if !isSample { met.formUnion(queries.flatMap(owners)) }
        return answers
    }

    /// Whose entry, changed by hand, the question is about.
    private func owners(_ query: AccountQuery) -> [Int] {
        switch query {
        case .id(let id, _): server.record.owner(id.text).map { [$0] } ?? []
        case .correlation(let wanted): wanted.values.compactMap { server.record.owner($0) }
        }
    }

    private func look(_ query: AccountQuery) -> Lookup {
        let hits: [ScriptedServer.Entry]
        switch query {
        case .id(let id, let name):
            // What may not be read cannot be searched for either.
            let shown = server.hidden.contains(id.text) ? nil : server.entries[id.text]
            let named = name.flatMap { server.entry(named: $0.text) }.flatMap { server.hidden.contains($0.id) ? $0 : nil }
            hits = (shown ?? named).map { [$0] } ?? []
        case .correlation(let wanted):
            hits = server.entries.values.filter { entry in
                wanted.allSatisfy { name, value in entry.values(name).contains { $0.lowercased() == value.lowercased() } }
            }
        }
        guard hits.count < 2 else {
            server.record.marks.insert(.ambiguous)
            return .ambiguous(hits.map { AccountName($0.name) }.sorted())
        }
        guard let entry = hits.first else { return .absent }
        if server.hidden.contains(entry.id) {
            server.record.marks.insert(.idUnread)
            return .unreadable([AccountName(entry.name)])
        }
        let attributes = Dictionary(entry.attributes.values.map { ($0.name, $0.values) }, uniquingKeysWith: { first, _ in first })
        server.record.tell([.shown(entry.id, entry.attributes.mapValues(\.values))])
        return .found(
            ActualAccount(
                id: AccountID(entry.id), name: AccountName(entry.name), attributes: attributes, memberships: server.shownGroups(entry)))
    }

    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        try await reach()
        return probes.map { probe in
            if let name = probe.accountName { return server.entry(named: name.text).map { [holder($0)] } ?? [] }
            if probe.attribute == "dn" { return server.entry(named: probe.value).map { [holder($0)] } ?? [] }
            return server.entries(with: probe.attribute, probe.value)
                .filter { entry in probe.container.map { foldedName($0) == parentName(foldedName(entry.name)) } ?? true }
                .map(holder)
        }
    }

    private func holder(_ entry: ScriptedServer.Entry) -> NameHolder {
        server.hidden.contains(entry.id) ? .unreadable(AccountName(entry.name)) : .account(AccountID(entry.id))
    }

    func test() async throws(ConnectorFailure) -> SystemReport {
        try await reach()
        return SystemReport(facts: [], advice: [])
    }

    func close() async {}

    // MARK: Writing

    func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        if server.isAway {
            refused += operations.count
            return operations.map { ScriptedConnector.unsent($0, ScriptedConnector.away) }
        }
        let connection = connection
        server.underWay.begin(operations, life)
        defer { server.underWay.end(operations, life) }
        var batch = ScriptedBatch(operations, server: server) { await self.send($0, over: connection) }
        met.formUnion(batch.lost.compactMap { server.record.owner($0.text) })
        let results = await batch.run()
        server.repairReferences()
        return results
    }

    static func unsent(_ operation: AccountOperation, _ failure: ConnectorFailure) -> OperationResult {
        OperationResult(id: operation.id, accountID: operation.accountID, name: nil, failure: failure)
    }

    /// One write request. Nil: the answer was yes.
    private func send(_ request: @escaping ScriptedBatch.Request, over connection: Connection) async -> ConnectorFailure? {
        guard await life.goesOn() else {
            if hasJustRenamed { server.record.marks.insert(.diedAfterRename) }
            return ScriptedConnector.lost
        }
        if connection.isCut { return ScriptedConnector.lost }
        if server.isAway { return ScriptedConnector.away }
        attempts += 1
        server.carryOutDelayed()
        server.deeds = []
        let before = server.writes
        defer { written += server.writes - before }
        switch mishap {
        case .lostAnswer(server.book.name, attempts, let isDone)?:
            if isDone { try? request() }
            server.record.lose(server.deeds)
            strike()
            cut()
            return ScriptedConnector.lost
        case .outage(server.book.name, let last)? where attempts > last && !wasStruck:
            strike()
            server.isAway = true
            return ScriptedConnector.lost
        case .late(server.book.name, attempts, let delay)?:
            server.delay(request, calls: delay)
            strike()
            cut()
            return ScriptedConnector.lost
        case .busy(server.book.name, let first)? where attempts == first || attempts == first + 1:
            strike()
            return ConnectorFailure(.transient, "busy", serverText: "LDAP 51: busy")
        default: break
        }
        do throws(ScriptedServer.Refusal) {
            try request()
            if !wasStruck, case .lostRename(server.book.name)? = mishap, server.deeds.contains(where: \.isRename) {
                server.record.lose(server.deeds)
                strike()
                cut()
                return ScriptedConnector.lost
            }
            if case .deathAtWrite(server.book.name, attempts)? = mishap {
                server.record.lose(server.deeds)
                life.finish()
                return ScriptedConnector.lost
            }
            done += 1
            server.record.tell(server.deeds)
            defer { if hasJustRenamed, case .deathAfterRename(server.book.name)? = mishap { life.finish() } }
            hasJustRenamed = server.deeds.contains(where: \.isRename)
            if wasStruck, case .busy? = mishap { server.record.marks.insert(.wasBusy) }
            return nil
        } catch {
            refused += 1
            let isTaken = error.code == 68 || error.text.contains("not unique")
            if isTaken { server.record.marks.insert(.nameTakenAtDispatch) }
            return ConnectorFailure(
                isTaken ? .conflict : .permanent, "refused", serverText: "LDAP \(error.code): \(error.text)")
        }
    }

    private func cut() {
        connection.isCut = true
        connection = Connection()
    }

    private func strike() {
        wasStruck = true
        wasStruckAmidWrites = done > 0
    }
}
