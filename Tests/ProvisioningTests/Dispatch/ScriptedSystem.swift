import Contracts
import IdentityModel

/// A managed system in memory that loses answers, refuses single steps and goes away on command: what a real server cannot be told to do.
///
/// Its groups hold names, as a directory's do: where it does not keep references right, a renamed or deleted account stays in them under its old name.
actor ScriptedSystem: ProbesNames {
    nonisolated let capabilities: ConnectorCapabilities
    private let ownRealm: Realm
    private var stored: [AccountID: Entry] = [:]
    var members: [String: Set<AccountName>] = [:]
    private(set) var executed: [[AccountOperation]] = []
    private(set) var findCalls = 0
    private(set) var probes: [[NameProbe]] = []
    private(set) var mostInFlight = 0
    private var inFlight = 0
    /// Accounts with two operations under way at the same time.
    private(set) var meetings: Set<AccountName> = []
    private var underWay: Set<AccountName> = []
    private var holdsNext = false
    private var held: CheckedContinuation<Void, Never>?
    private var next = 0
    private var faults: [String: [Fault]] = [:]
    private var outage: ConnectorFailure?
    var away: ConnectorFailure? { outage }
    var groupSearches = 0
    /// Why nobody is told of groups.
    var hiddenGroups: ConnectorFailure?
    private var outageAfter: Int?
    private var refusedGroups: [String: ConnectorFailure] = [:]
    private var lostGroups: Set<String> = []
    var deletedGroups: Set<String> = []
    /// Of groups that have another name than they were made with, or that were made in the place of another.
    var groupIDs: [String: GroupID] = [:]
    var hiddenWhenSeen: ConnectorFailure?
    var failingLooks: [ConnectorFailure] = []
    var renamedWhenSeen: (group: String, name: String)?
    private var refusedAttributes: [String: ConnectorFailure] = [:]
    private var refusedRenames: ConnectorFailure?
    private var unreadable: Set<AccountName> = []
    private var arrivals: [(name: String, attributes: [String: [String]], looks: Int)] = []

    init(batchSize: Int = 10, maintainsReferences: Bool = true, realm: String? = nil, settling: Int64 = 0) {
        capabilities = ConnectorCapabilities(
            batchSize: batchSize, maintainsReferences: maintainsReferences, settlingMilliseconds: settling)
        ownRealm = Realm(realm ?? "scripted \(UInt64.random(in: 0...(.max)))")
    }

    // MARK: The script

    /// The next operations that create or name this account fail so, one fault each.
    func plan(_ faults: Fault..., for name: String) { self.faults[name, default: []] += faults }
    func goAway(afterOperations count: Int = 0) { outageAfter = count }
    func comeBack() {
        outageAfter = nil
        outage = nil
    }
    func refuse(group: String, _ failure: ConnectorFailure) { refusedGroups[group] = failure }
    func accept(group: String) {
        refusedGroups[group] = nil
        lostGroups.remove(group)
    }
    /// Writes the group, and loses the answer about it.
    func loseAnswers(ofGroup group: String) { lostGroups.insert(group) }
    func delete(group: String) {
        deletedGroups.insert(group)
        members[group] = nil
    }
    func refuse(attribute: String, _ failure: ConnectorFailure) { refusedAttributes[attribute] = failure }
    func accept(attribute: String) { refusedAttributes[attribute] = nil }
    func refuseRenames(_ failure: ConnectorFailure?) { refusedRenames = failure }
    func hideID(of name: String) { unreadable.insert(AccountName(name)) }

    /// A request that was taken for lost is carried out after so many questions.
    func arrive(late name: String, _ attributes: [String: [String]], afterLooks looks: Int) { arrivals.append((name, attributes, looks)) }

    /// Somebody deletes the entry by hand; its groups keep its name unless the system sees to that.
    func remove(_ name: String) {
        guard let entry = entry(named: name) else { return }
        stored[entry.id] = nil
        if capabilities.maintainsReferences { forget(entry.name) }
    }

    /// Somebody moves the entry by hand; its groups follow if the system sees to that.
    func move(_ name: String, to newName: String) {
        guard let entry = entry(named: name) else { return }
        stored[entry.id]?.name = AccountName(newName)
        if capabilities.maintainsReferences { follow(entry.name, to: AccountName(newName), in: members.keys.sorted()) }
    }

    @discardableResult
    func add(name: String, _ attributes: [String: [String]], groups: Set<String> = [], id: AccountID? = nil) -> AccountID {
        next += 1
        let id = id ?? AccountID("id-\(next)")
        stored[id] = Entry(id: id, name: AccountName(name), attributes: attributes)
        for group in groups { members[group, default: []].insert(AccountName(name)) }
        return id
    }

    var entries: [AccountID: Entry] { stored.mapValues(grouped) }
    func entry(named name: String) -> Entry? { stored.values.first { $0.name.text == name }.map(grouped) }
    var operations: [AccountOperation] { executed.flatMap { $0 } }
    private static let away = ConnectorFailure(.unavailable, "connection refused")

    private func grouped(_ entry: Entry) -> Entry {
        var entry = entry
        entry.groups = Set(members.filter { $0.value.contains(entry.name) }.keys)
        return entry
    }

    // MARK: Connector

    func realm() async throws(ConnectorFailure) -> Realm { ownRealm }

    func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        findCalls += 1
        if let outage { throw outage }
        if !failingLooks.isEmpty { throw failingLooks.removeFirst() }
        defer {
            for arrival in arrivals where arrival.looks == findCalls { add(name: arrival.name, arrival.attributes) }
        }
        return queries.map { query in
            let hits: [Entry]
            switch query {
            case .id(let id, let name):
                // What cannot be read cannot be searched for either.
                let hidden = stored.values.first { $0.name == name && unreadable.contains($0.name) }
                hits = (stored[id].flatMap { unreadable.contains($0.name) ? nil : $0 } ?? hidden).map { [$0] } ?? []
            case .correlation(let wanted):
                hits = stored.values.filter { entry in wanted.allSatisfy { entry.attributes[$0.key]?.contains($0.value) ?? false } }
            }
            if hits.contains(where: { unreadable.contains($0.name) }) { return .unreadable(hits.map(\.name).sorted()) }
            switch hits.count {
            case 0: return .absent
            // Its groups are not shown: that is what memberOf may do.
            case 1: return .found(ActualAccount(id: hits[0].id, name: hits[0].name, attributes: hits[0].attributes, memberships: []))
            default: return .ambiguous(hits.map(\.name).sorted())
            }
        }
    }

    func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        self.probes.append(probes)
        if let outage { throw outage }
        return probes.map { probe in
            stored.values.filter { entry in
                if let name = probe.accountName { return entry.name.text.lowercased() == name.text.lowercased() }
                return entry.attributes[probe.attribute]?.contains { $0.lowercased() == probe.value.lowercased() } ?? false
            }.map { unreadable.contains($0.name) ? .unreadable($0.name) : .account($0.id) }
        }
    }

    func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        executed.append(operations)
        inFlight += 1
        mostInFlight = max(mostInFlight, inFlight)
        let names = Set(operations.map(\.name))
        if !names.isDisjoint(with: underWay) { meetings.formUnion(names.intersection(underWay)) }
        underWay.formUnion(names)
        if holdsNext {
            holdsNext = false
            await withCheckedContinuation { held = $0 }
        }
        await Task.yield()
        let results = operations.map(answer)
        underWay.subtract(names)
        inFlight -= 1
        return results
    }

    /// The next batch waits until it is let go.
    func holdNext() { holdsNext = true }
    var isHolding: Bool { held != nil }
    func letGo() {
        held?.resume()
        held = nil
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
        case .renamedAndLost?:
            let before = members
            _ = perform(operation, withGroups: false)
            members = before
            return failed(operation, lost)
        case .renamedThenLost?:
            let result = perform(operation, withGroups: false)
            return OperationResult(id: operation.id, accountID: result.accountID, name: result.name, failure: lost)
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

    // MARK: One operation, step by step

    /// What came of the steps taken so far.
    private struct Course {
        var entry: Entry
        var failure: ConnectorFailure?
        var done: Set<Int> = []
        var refused: [Int: ConnectorFailure] = [:]
        var notThere: Set<Int> = []
        var isSwitched = false

        mutating func note(_ failure: ConnectorFailure) { self.failure = self.failure ?? failure }
    }

    private func perform(_ operation: AccountOperation, withGroups: Bool) -> OperationResult {
        if operation.operation == .create { return create(operation, withGroups) }
        guard let entry = operation.accountID.map({ stored[$0] }) ?? entry(named: operation.name.text) else {
            return withoutEntry(operation, withGroups)
        }
        var course = Course(entry: entry)
        if operation.direction == .withdrawing {
            withdraw(operation, &course, withGroups)
        } else {
            change(operation, &course, withGroups)
        }
        if operation.operation == .delete, course.failure == nil {
            stored[entry.id] = nil
            if capabilities.maintainsReferences { forget(course.entry.name) }
            return OperationResult(id: operation.id, accountID: nil, name: nil, failure: nil, failedRequests: course.refused)
        }
        stored[entry.id] = course.entry
        var result = OperationResult(
            id: operation.id, accountID: entry.id, name: course.entry.name, failure: course.failure, failedRequests: course.refused,
            doneRequests: course.done, isSwitched: course.isSwitched, notThere: course.notThere)
        result.wasElsewhere = entry.name != operation.name
        return result
    }

    private func create(_ operation: AccountOperation, _ withGroups: Bool) -> OperationResult {
        if entry(named: operation.name.text) != nil {
            return failed(operation, ConnectorFailure(.conflict, "the name is taken", serverText: "68", attribute: "dn"))
        }
        for request in operation.requests where request.kind == .attribute {
            if let refusal = refusedAttributes[request.name] { return failed(operation, refusal) }
        }
        next += 1
        var course = Course(entry: Entry(id: AccountID("id-\(next)"), name: operation.name, attributes: [:]))
        _ = write(operation, operation.requests.indices.filter { operation.requests[$0].kind == .attribute }, &course)
        stored[course.entry.id] = course.entry
        if withGroups { memberships(operation, [.add, .set], &course) }
        return OperationResult(
            id: operation.id, accountID: course.entry.id, name: course.entry.name, failure: nil, failedRequests: course.refused)
    }

    private func withoutEntry(_ operation: AccountOperation, _ withGroups: Bool) -> OperationResult {
        var course = Course(entry: Entry(id: AccountID(""), name: operation.name, attributes: [:]))
        if withGroups { memberships(operation, [.remove], &course) }
        // A group takes any name.
        let isOnlyGroups = operation.newName == nil && operation.requests.allSatisfy { $0.kind == .membership }
        if withGroups, isOnlyGroups, operation.operation == .modify { memberships(operation, [.add, .set], &course) }
        guard operation.operation == .delete || operation.operation == .modify && isOnlyGroups else {
            return failed(operation, ConnectorFailure(.permanent, "no such entry", serverText: "32"))
        }
        var result = OperationResult(
            id: operation.id, accountID: nil, name: nil, failure: nil, failedRequests: course.refused, notThere: course.notThere)
        result.isGone = operation.accountID != nil
        return result
    }

    /// Each step whatever befell the others.
    private func withdraw(_ operation: AccountOperation, _ course: inout Course, _ withGroups: Bool) {
        let attributes = operation.requests.indices.filter { operation.requests[$0].kind == .attribute }
        if operation.operation != .delete {
            let isWritten = write(operation, attributes.filter { operation.requests[$0].switches }, &course)
            if operation.appliesDialectDisabling { course.entry.attributes["pwdAccountLockedTime"] = ["0"] }
            course.isSwitched = isWritten || operation.appliesDialectDisabling
        }
        if withGroups { memberships(operation, [.remove], &course) }
        rename(operation, &course)
        _ = write(operation, attributes.filter { !operation.requests[$0].switches }, &course)
    }

    /// Steady, or enabling: there, switching on comes last, unless a rename or an attribute was refused.
    private func change(_ operation: AccountOperation, _ course: inout Course, _ withGroups: Bool) {
        let isEnabling = operation.direction == .enabling
        let attributes = operation.requests.indices.filter { operation.requests[$0].kind == .attribute }
        if withGroups { memberships(operation, [.remove], &course) }
        guard rename(operation, &course) else { return }
        if withGroups { carry(operation, to: course.entry.name) }
        guard write(operation, attributes.filter { !isEnabling || !operation.requests[$0].switches }, &course) else { return }
        if withGroups { memberships(operation, [.add, .set], &course) }
        guard isEnabling, write(operation, attributes.filter { operation.requests[$0].switches }, &course) else { return }
        if operation.appliesDialectDisabling { course.entry.attributes["pwdAccountLockedTime"] = nil }
        course.isSwitched = true
    }

    @discardableResult
    private func rename(_ operation: AccountOperation, _ course: inout Course) -> Bool {
        guard let newName = operation.newName, newName != course.entry.name else { return true }
        if let refusedRenames {
            course.note(refusedRenames)
            return false
        }
        let old = course.entry.name
        course.entry.name = newName
        if capabilities.maintainsReferences { follow(old, to: newName, in: members.keys.sorted()) }
        return true
    }

    private func follow(_ old: AccountName, to newName: AccountName, in groups: [String]) {
        for group in groups where members[group]?.contains(old) == true {
            members[group]?.remove(old)
            members[group]?.insert(newName)
        }
    }

    /// One modify: all of it, or nothing.
    private func write(_ operation: AccountOperation, _ indices: [Int], _ course: inout Course) -> Bool {
        for index in indices {
            if let refusal = refusedAttributes[operation.requests[index].name] {
                course.note(refusal)
                return false
            }
        }
        for index in indices {
            let request = operation.requests[index]
            switch request.operation {
            case .set: course.entry.attributes[request.name] = request.values
            case .add:
                let present = course.entry.attributes[request.name] ?? []
                course.entry.attributes[request.name] = present + request.values.filter { !present.contains($0) }
            case .remove:
                course.entry.attributes[request.name]?.removeAll { request.values.isEmpty || request.values.contains($0) }
                if course.entry.attributes[request.name]?.isEmpty == true { course.entry.attributes[request.name] = nil }
            }
            course.done.insert(index)
        }
        return true
    }

    private func memberships(_ operation: AccountOperation, _ kinds: Set<RequestOperation>, _ course: inout Course) {
        // Who writes groups alone does not notice that the entry has another name.
        let writesEntry =
            operation.newName != nil || operation.appliesDialectDisabling || operation.requests.contains { $0.kind == .attribute }
        let name = writesEntry || operation.operation != .modify ? course.entry.name : operation.name
        for (index, request) in operation.requests.enumerated() where request.kind == .membership && kinds.contains(request.operation) {
            for group in request.values {
                let isThere = members[group]?.contains(name) == true
                if request.operation == .remove, !isThere, !operation.isUncertain { course.notThere.insert(index) }
                if let failure = membership(group, request.operation, operation, name) { course.refused[index] = failure }
            }
            if course.refused[index] == nil { course.done.insert(index) }
        }
    }

    private func membership(
        _ group: String, _ kind: RequestOperation, _ operation: AccountOperation, _ name: AccountName
    ) -> ConnectorFailure? {
        if let refusal = refusedGroups[group] { return refusal }
        if deletedGroups.contains(group) {
            return kind == .remove ? nil : ConnectorFailure(.permanent, "the group does not exist", serverText: "32")
        }
        if kind == .remove {
            members[group, default: []].subtract([name] + operation.formerNames)
        } else {
            members[group, default: []].insert(name)
        }
        return lostGroups.contains(group) ? ConnectorFailure(.unknown, "the group did not answer") : nil
    }

    private func forget(_ name: AccountName) {
        for group in members.keys { members[group]?.remove(name) }
    }
}
