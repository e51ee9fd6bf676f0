internal import Contracts
internal import IdentityModel

/// Writes the entries of a batch: each operation as one to three requests, one after the other; memberships are not its business.
struct EntryFeed: RequestFeed {
    /// What has become of an operation's entry.
    struct Progress {
        /// Its name now, as far as we know.
        var name: String
        var id: AccountID?
        var failure: ConnectorFailure?
        /// The refusal was noSuchObject: the account may stand elsewhere.
        var wasMissing = false
        /// Requests that failed of their own, after the entry had to be written value by value.
        var failedRequests: [Int: ConnectorFailure] = [:]
    }

    private enum Step: Hashable {
        case add, delete, rename, modify
        /// To a temporary name, because a ring of renames has to be broken.
        case vacate
        /// Back from there, because the rename was refused.
        case putBack
        /// One value at a time, because the modify as a whole was refused for a value that is already there or already gone.
        case single(Int)
    }

    let operations: [AccountOperation]
    /// What the dialect adds, by index of the operation.
    let additions: [Int: [Modification]]
    let refusal: Refusal
    private(set) var progress: [Progress]
    private var steps: [Step?]
    private var schedule: EntrySchedule
    private var vacatedFrom: [Int: String] = [:]
    private var continuing: [Int] = []
    private var singles: [Int: [(request: Int?, change: Modification)]] = [:]

    /// `refused`: operations that already failed and are not sent.
    init(_ operations: [AccountOperation], additions: [Int: [Modification]], refused: [Int: ConnectorFailure], dialect: Dialect) {
        self.operations = operations
        self.additions = additions
        refusal = Refusal(dialect: dialect)
        progress = operations.enumerated().map { Progress(name: $1.name.text, id: $1.accountID, failure: refused[$0]) }
        steps = Array(repeating: nil, count: operations.count)
        schedule = EntrySchedule(operations)
    }

    // MARK: Sending

    mutating func next(idle: Bool) -> (tag: Int, request: WireRequest)? {
        while true {
            if let index = continuing.popLast() {
                if let request = request(index) { return (index, request) }
            } else if let index = schedule.next() {
                begin(index)
            } else if idle, case .vacate(let index) = schedule.breakRing() {
                steps[index] = .vacate
                continuing.append(index)
            } else if idle, let index = schedule.next() {
                begin(index)
            } else {
                return nil
            }
        }
    }

    private mutating func begin(_ index: Int) {
        if progress[index].failure != nil { return schedule.finished(index) }
        switch operations[index].operation {
        case .create: proceed(index, .add)
        case .delete: proceed(index, .delete)
        case .modify, .enable, .disable, .unlock:
            if let newName = operations[index].newName, newName.text != progress[index].name {
                proceed(index, .rename)
            } else {
                modifyOrFinish(index)
            }
        }
    }

    private mutating func proceed(_ index: Int, _ step: Step) {
        steps[index] = step
        continuing.append(index)
    }

    private mutating func modifyOrFinish(_ index: Int) {
        if changes(index).isEmpty { schedule.finished(index) } else { proceed(index, .modify) }
    }

    private func request(_ index: Int) -> WireRequest? {
        let name = progress[index].name
        switch steps[index] {
        case .add: return .add(name: name, attributes: EntryContent.newEntry(operations[index]))
        case .delete: return .delete(name: name)
        case .modify: return .modify(name: name, changes: changes(index).map(\.change))
        case .single(let position): return singles[index].map { .modify(name: name, changes: [$0[position].change]) }
        case .rename: return operations[index].newName.map { rename(name, to: $0.text) }
        case .vacate: return rename(name, to: temporaryName(index))
        case .putBack: return vacatedFrom[index].map { rename(name, to: $0) }
        case nil: return nil
        }
    }

    private func changes(_ index: Int) -> [(request: Int?, change: Modification)] {
        EntryContent.changes(operations[index], named: progress[index].name) + (additions[index] ?? []).map { (nil, $0) }
    }

    private func rename(_ name: String, to newName: String) -> WireRequest {
        let (_, parent) = DistinguishedName.split(name)
        let (newRDN, newParent) = DistinguishedName.split(newName)
        let stays = parent.map(DistinguishedName.key) == newParent.map(DistinguishedName.key)
        return .rename(name: name, newRDN: newRDN, newParent: stays ? nil : newParent)
    }

    /// In the same place, and always the same for one account, so that it can be recognised.
    private func temporaryName(_ index: Int) -> String {
        let (rdn, parent) = DistinguishedName.split(progress[index].name)
        let type = rdn.prefix { $0 != "=" }
        // By the account's own id, so that runs of two stores on one directory never meet here; the order's where none is known.
        let id = operations[index].id
        let text = operations[index].accountID.map { DistinguishedName.escape($0.text) } ?? "\(id.plan.row)-\(id.sequence)"
        return "\(type)=birthright-moving-\(text)" + (parent.map { "," + $0 } ?? "")
    }

    // MARK: Receiving

    mutating func receive(_ outcome: WireOutcome, tag: Int) {
        guard let step = steps[tag] else { return }
        switch outcome {
        case .answered(let answer): receive(answer, tag, step)
        case .lost(let why): fail(tag, step, refusal.lost(attempt(step, tag), why))
        case .unsent(let failure):
            fail(tag, step, ConnectorFailure(failure.errorClass, "\(attempt(step, tag)): \(failure.message)"))
        }
    }

    private mutating func receive(_ answer: Answer, _ index: Int, _ step: Step) {
        switch (step, answer.code) {
        case (.add, 0):
            if let id = answer.newID { progress[index].id = AccountID(id) }
            schedule.finished(index)
        case (.delete, 0), (.modify, 0): schedule.finished(index)
        case (.delete, 32) where operations[index].accountID == nil: schedule.finished(index)
        case (.rename, 0):
            progress[index].name = operations[index].newName?.text ?? progress[index].name
            modifyOrFinish(index)
        case (.vacate, 0):
            vacatedFrom[index] = progress[index].name
            progress[index].name = temporaryName(index)
            schedule.vacated(index)
        case (.putBack, 0):
            progress[index].name = vacatedFrom[index] ?? progress[index].name
            schedule.finished(index)
        case (.modify, 16), (.modify, 20): beginSingles(index, answer)
        case (.single(let position), let code): receiveSingle(index, position, code, answer)
        case (.add, _), (.delete, _), (.rename, _), (.modify, _), (.vacate, _), (.putBack, _):
            progress[index].wasMissing = answer.code == 32 && operations[index].operation != .create
            let names = operations[index].requests.map(\.name)
            fail(index, step, refusal.failure(answer, attempt(step, index), attributes: names))
        }
    }

    private mutating func fail(_ index: Int, _ step: Step, _ failure: ConnectorFailure) {
        switch step {
        case .vacate:
            // Those who wait for its name go on, and are told that it is taken.
            progress[index].failure = failure
            schedule.vacated(index)
        case .rename where vacatedFrom[index] != nil && failure.errorClass != .unknown:
            progress[index].failure = failure
            proceed(index, .putBack)
        case .putBack:
            let first = progress[index].failure ?? failure
            progress[index].failure = ConnectorFailure(
                first.errorClass, "\(first.message); the account now stands at \(progress[index].name)", serverText: first.serverText,
                attribute: first.attribute)
            schedule.finished(index)
        case .add, .delete, .rename, .modify, .single:
            progress[index].failure = failure
            schedule.finished(index)
        }
    }

    private func attempt(_ step: Step, _ index: Int) -> String {
        let name = progress[index].name
        return switch step {
        case .add: "cannot create \(name)"
        case .delete: "cannot delete \(name)"
        case .modify, .single: "cannot modify \(name)"
        case .rename: "cannot rename \(name) to \(operations[index].newName?.text ?? name)"
        case .vacate: "cannot move \(name) out of the way"
        case .putBack: "cannot move \(name) back"
        }
    }

    // MARK: Value by value

    /// attributeOrValueExists or noSuchAttribute refuse the whole request: some of it is already as ordered. Each part on its own then tells which.
    private mutating func beginSingles(_ index: Int, _ answer: Answer) {
        let parts = changes(index).flatMap { request, change in
            change.kind == .replace || change.values.isEmpty
                ? [(request, change)] : change.values.map { (request, Modification(kind: change.kind, name: change.name, values: [$0])) }
        }
        singles[index] = parts
        proceed(index, .single(0))
    }

    private mutating func receiveSingle(_ index: Int, _ position: Int, _ code: Int32, _ answer: Answer) {
        guard let parts = singles[index] else { return }
        let (request, change) = parts[position]
        let isDone = code == 0 || (code == 20 && change.kind == .add) || (code == 16 && change.kind == .delete)
        if !isDone {
            let failure = refusal.failure(answer, attempt(.modify, index), attributes: [change.name])
            guard let request else { return fail(index, .single(position), failure) }
            progress[index].failedRequests[request] = failure
        }
        if position + 1 < parts.count { proceed(index, .single(position + 1)) } else { schedule.finished(index) }
    }
}
