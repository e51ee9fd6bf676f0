import Contracts
import IdentityModel

/// A managed system in memory that loses answers and goes away on command: what a real server cannot be told to do.
actor ScriptedSystem: Connector {
    struct Entry: Sendable {
        var id: AccountID
        var name: AccountName
        var attributes: [String: [String]]
        var groups: Set<String> = []
    }

    enum Fault: Sendable {
        /// Answers so; nothing is done.
        case fails(ConnectorFailure)
        /// Does it and loses the answer.
        case doneButLost
        /// Writes the entry, not its memberships, and loses the answer.
        case halfDoneAndLost
        /// Does nothing and loses the answer.
        case lost
    }

    nonisolated let capabilities: ConnectorCapabilities
    private(set) var entries: [AccountID: Entry] = [:]
    private(set) var executed: [[AccountOperation]] = []
    private(set) var findCalls = 0
    private(set) var mostInFlight = 0
    private var inFlight = 0
    private var next = 0
    private var faults: [String: [Fault]] = [:]
    private var outage: ConnectorFailure?
    private var outageAfter: Int?
    private var refusedGroups: [String: ConnectorFailure] = [:]

    init(batchSize: Int = 10) { capabilities = ConnectorCapabilities(batchSize: batchSize, maintainsReferences: true) }

    // MARK: The script

    /// The next operations that create or name this account fail so, one fault each.
    func plan(_ faults: Fault..., for name: String) { self.faults[name, default: []] += faults }
    func goAway(afterOperations count: Int = 0) { outageAfter = count }
    func comeBack() {
        outageAfter = nil
        outage = nil
    }
    func refuse(group: String, _ failure: ConnectorFailure) { refusedGroups[group] = failure }
    func accept(group: String) { refusedGroups[group] = nil }

    @discardableResult
    func add(name: String, _ attributes: [String: [String]], groups: Set<String> = []) -> AccountID {
        next += 1
        let id = AccountID("id-\(next)")
        entries[id] = Entry(id: id, name: AccountName(name), attributes: attributes, groups: groups)
        return id
    }

    func entry(named name: String) -> Entry? { entries.values.first { $0.name.text == name } }
    var operations: [AccountOperation] { executed.flatMap { $0 } }
    private static let away = ConnectorFailure(.unavailable, "connection refused")

    // MARK: Connector

    func realm() async throws(ConnectorFailure) -> Realm { Realm("scripted") }

    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        findCalls += 1
        if let outage { throw outage }
        return queries.map { query in
            let hits: [Entry]
            switch query {
            case .id(let id): hits = entries[id].map { [$0] } ?? []
            case .correlation(let wanted):
                hits = entries.values.filter { entry in wanted.allSatisfy { entry.attributes[$0.key]?.contains($0.value) ?? false } }
            }
            switch hits.count {
            case 0: return .absent
            case 1:
                return .found(
                    ActualAccount(id: hits[0].id, name: hits[0].name, attributes: hits[0].attributes, memberships: hits[0].groups.sorted()))
            default: return .ambiguous(hits.map(\.name).sorted())
            }
        }
    }

    func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        executed.append(operations)
        inFlight += 1
        mostInFlight = max(mostInFlight, inFlight)
        await Task.yield()
        let results = operations.map(answer)
        inFlight -= 1
        return results
    }

    func test() async throws(ConnectorFailure) -> SystemReport {
        if let outage { throw outage }
        return SystemReport(facts: [], advice: [])
    }

    func close() async {}

    private func answer(_ operation: AccountOperation) -> OperationResult {
        if let count = outageAfter {
            if count == 0 { outage = ScriptedSystem.away }
            outageAfter = max(count - 1, 0)
        }
        if let outage { return failed(operation, outage) }
        let lost = ConnectorFailure(.unknown, "connection lost")
        switch nextFault(operation.name.text) {
        case .fails(let failure)?: return failed(operation, failure)
        case .lost?: return failed(operation, lost)
        case .doneButLost?:
            _ = perform(operation, withGroups: true)
            return failed(operation, lost)
        case .halfDoneAndLost?:
            _ = perform(operation, withGroups: false)
            return failed(operation, lost)
        case nil: return perform(operation, withGroups: true)
        }
    }

    private func nextFault(_ name: String) -> Fault? {
        guard faults[name]?.isEmpty == false else { return nil }
        return faults[name]?.removeFirst()
    }

    private func failed(_ operation: AccountOperation, _ failure: ConnectorFailure) -> OperationResult {
        OperationResult(id: operation.id, accountID: nil, name: nil, failure: failure)
    }

    private func perform(_ operation: AccountOperation, withGroups: Bool) -> OperationResult {
        var entry: Entry
        if operation.operation == .create {
            if self.entry(named: operation.name.text) != nil {
                return failed(operation, ConnectorFailure(.conflict, "the name is taken", serverText: "68", attribute: "dn"))
            }
            next += 1
            entry = Entry(id: AccountID("id-\(next)"), name: operation.name, attributes: [:])
        } else if let known = operation.accountID.flatMap({ entries[$0] }) ?? self.entry(named: operation.name.text) {
            entry = known
        } else if operation.operation == .delete {
            return OperationResult(id: operation.id, accountID: nil, name: nil, failure: nil)
        } else {
            return failed(operation, ConnectorFailure(.permanent, "no such entry", serverText: "32"))
        }
        if operation.operation == .delete {
            entries[entry.id] = nil
            return OperationResult(id: operation.id, accountID: nil, name: nil, failure: nil)
        }
        entry.name = operation.newName ?? operation.name
        let failures = apply(operation.requests, to: &entry, withGroups: withGroups)
        if operation.appliesDialectDisabling { entry.attributes["pwdAccountLockedTime"] = ["0"] }
        entries[entry.id] = entry
        return OperationResult(id: operation.id, accountID: entry.id, name: entry.name, failure: nil, failedRequests: failures)
    }

    private func apply(_ requests: [AccountOperation.Request], to entry: inout Entry, withGroups: Bool) -> [Int: ConnectorFailure] {
        var failures: [Int: ConnectorFailure] = [:]
        for (index, request) in requests.enumerated() {
            switch (request.kind, request.operation) {
            case (.membership, let operation):
                guard withGroups else { continue }
                for group in request.values {
                    if let refusal = refusedGroups[group] {
                        failures[index] = refusal
                    } else if operation == .remove {
                        entry.groups.remove(group)
                    } else {
                        entry.groups.insert(group)
                    }
                }
            case (.attribute, .set): entry.attributes[request.name] = request.values
            case (.attribute, .add): entry.attributes[request.name, default: []] += request.values
            case (.attribute, .remove):
                entry.attributes[request.name]?.removeAll { request.values.isEmpty || request.values.contains($0) }
                if entry.attributes[request.name]?.isEmpty == true { entry.attributes[request.name] = nil }
            }
        }
        return failures
    }
}
