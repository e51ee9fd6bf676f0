internal import Contracts
internal import IdentityModel

/// Writes the entries of a batch: each operation as one to three requests, one after the other; memberships, and what switches an account off or
/// on, are not its business.
///
/// A step that is refused ends the operation, except where an account is withdrawn: there the rest is written all the same.
struct EntryFeed: RequestFeed {
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
    /// What no request asks for, by index of the operation: what the dialect adds to Unlock, and what takes away what a rename left.
    private var additions: [Int: [Modification]]
    let refusal: Refusal
    private let dialect: Dialect
    private(set) var progress: [Progress]
    private var steps: [Step?]
    private var schedule: EntrySchedule
    private var vacatedFrom: [Int: String] = [:]
    private var continuing: [Int] = []
    private var singles: [Int: [(request: Int?, change: Modification)]] = [:]

    init(_ operations: [AccountOperation], _ progress: [Progress], additions: [Int: [Modification]], dialect: Dialect) {
        self.operations = operations
        self.progress = progress
        self.additions = additions
        self.dialect = dialect
        refusal = Refusal(dialect: dialect)
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
        switch operations[index].operation {
        case .create: proceed(index, .add)
        case .delete: proceed(index, .delete)
        case .modify, .enable, .disable, .unlock:
            let goesOn = progress[index].failure == nil || (operations[index].way == .withdrawing && !progress[index].wasMissing)
            guard goesOn else { return schedule.finished(index) }
            if let newName = operations[index].newName, newName.text != progress[index].name, progress[index].isNamed {
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
        if changes(index).isEmpty { written(index) } else { proceed(index, .modify) }
    }

    private mutating func written(_ index: Int) {
        progress[index].isWritten = true
        schedule.finished(index)
    }

    private func request(_ index: Int) -> WireRequest? {
        let name = progress[index].name
        switch steps[index] {
        case .add: return .add(name: name, attributes: EntryContent.newEntry(operations[index]))
        case .delete: return .delete(name: name)
        case .modify: return .modify(name: name, changes: changes(index).map(\.change))
        case .single(let position): return singles[index].map { .modify(name: name, changes: [$0[position].change]) }
        case .rename:
            return operations[index].newName.map {
                rename(index, to: $0.text, keepsOld: EntryContent.keepsNaming(of: name, operations[index]))
            }
        case .vacate:
            let keepsOld = EntryContent.keepsNaming(of: name, operations[index], onTheWay: true)
            return rename(index, to: temporaryName(index), keepsOld: keepsOld)
        case .putBack: return vacatedFrom[index].map { rename(index, to: $0, keepsOld: false) }
        case nil: return nil
        }
    }

    private func changes(_ index: Int) -> [(request: Int?, change: Modification)] {
        let operation = operations[index]
        let switching = operation.switchingRequests
        // Where the rename was refused, what stands in the name cannot be changed either.
        let naming = progress[index].isNamed ? [] : operation.namingAttributes
        let changes = EntryContent.changes(operation, named: progress[index].name, dialect) { request in
            !switching.contains(request) && (naming.isEmpty || !naming.contains(operation.requests[request].name.lowercased()))
        }
        return changes.map { ($0.request, $0.change) } + (additions[index] ?? []).map { (nil, $0) }
    }

    private func rename(_ index: Int, to newName: String, keepsOld: Bool) -> WireRequest {
        let name = progress[index].name
        let (_, parent) = DistinguishedName.split(name)
        let (newRDN, newParent) = DistinguishedName.split(newName)
        let stays = parent.map(DistinguishedName.key) == newParent.map(DistinguishedName.key)
        return .rename(
            name: name, newRDN: newRDN, newParent: stays ? nil : newParent, keepsOld: keepsOld)
    }

    /// In the same place, and always the same for one account, so that it can be recognised.
    private func temporaryName(_ index: Int) -> String {
        let (rdn, parent) = DistinguishedName.split(progress[index].name)
        let type = rdn.prefix { $0 != "=" }
        // By the account's own id, so that runs of two stores on one directory never meet here; the order's where none is known.
        let id = operations[index].id
        let text = operations[index].accountID.map { DistinguishedName.escape($0.text) } ?? "\(id.plan.row)-\(id.sequence)"
        return "\(type)=\(EntryContent.temporaryPrefix)\(text)" + (parent.map { "," + $0 } ?? "")
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
            written(index)
        case (.modify, 0): written(index)
        case (.delete, 0): deleted(index)
        case (.delete, 32) where operations[index].accountID == nil: deleted(index)
        case (.rename, 0):
            let former = progress[index].name
            progress[index].name = operations[index].newName?.text ?? former
            if EntryContent.keepsNaming(of: former, operations[index]) {
                additions[index, default: []] += EntryContent.leftovers(operations[index], of: former)
            }
            modifyOrFinish(index)
        case (.vacate, 0):
            vacatedFrom[index] = progress[index].name
            progress[index].name = temporaryName(index)
            progress[index].passedName = progress[index].name
            schedule.vacated(index)
        case (.putBack, 0):
            progress[index].name = vacatedFrom[index] ?? progress[index].name
            goOnUnnamed(index, after: nil)
        case (.modify, 16), (.modify, 20): beginSingles(index, answer)
        case (.single(let position), let code): receiveSingle(index, position, code, answer)
        case (.add, _), (.delete, _), (.rename, _), (.modify, _), (.vacate, _), (.putBack, _):
            progress[index].wasMissing = answer.code == 32 && operations[index].operation != .create && !progress[index].isThere
            let names = operations[index].requests.map(\.name)
            fail(index, step, refusal.failure(answer, attempt(step, index), attributes: names))
        }
    }

    private mutating func deleted(_ index: Int) {
        progress[index].forgive()
        schedule.finished(index)
    }

    private mutating func fail(_ index: Int, _ step: Step, _ failure: ConnectorFailure) {
        progress[index].note(failure)
        switch step {
        case .vacate:
            // Those who wait for its name go on, and are told that it is taken.
            progress[index].isNamed = false
            schedule.vacated(index)
        case .rename where vacatedFrom[index] != nil && failure.errorClass != .unknown:
            progress[index].isNamed = false
            proceed(index, .putBack)
        case .rename:
            progress[index].isNamed = false
            goOnUnnamed(index, after: failure)
        case .putBack:
            let name = progress[index].name
            progress[index].reword { first in
                ConnectorFailure(
                    first.errorClass, "\(first.message); the account now stands at \(name)", serverText: first.serverText,
                    attribute: first.attribute)
            }
            goOnUnnamed(index, after: failure)
        case .add, .delete, .modify, .single: schedule.finished(index)
        }
    }

    /// The rename was refused. Of an account that is withdrawn the rest is written all the same, unless it is not known where it stands.
    private mutating func goOnUnnamed(_ index: Int, after failure: ConnectorFailure?) {
        let isKnown = failure.map { $0.errorClass != .unknown && $0.errorClass != .unavailable } ?? true
        if operations[index].way == .withdrawing, isKnown { modifyOrFinish(index) } else { schedule.finished(index) }
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
        let parts = changes(index).flatMap { request, change in EntryContent.parts(change).map { (request, $0) } }
        singles[index] = parts
        proceed(index, .single(0))
    }

    private mutating func receiveSingle(_ index: Int, _ position: Int, _ code: Int32, _ answer: Answer) {
        guard let parts = singles[index] else { return }
        let (request, change) = parts[position]
        if !EntryContent.isDone(change, code) {
            let failure = refusal.failure(answer, attempt(.modify, index), attributes: [change.name])
            guard let request else { return fail(index, .single(position), failure) }
            progress[index].failedRequests[request] = failure
        }
        let isLast = position + 1 == parts.count
        if let request, isLast || parts[position + 1].request != request { progress[index].done.insert(request) }
        if isLast { written(index) } else { proceed(index, .single(position + 1)) }
    }
}
