internal import Contracts
internal import IdentityModel

/// Switches accounts off before everything else happens to them, or on after it.
///
/// Off: one modify with the dialect's disabling and every request that switches. If it is refused, at once the dialect's disabling alone, and then
/// each request on its own: one bad value must not keep an account alive. On: one modify; if it is refused, the account stays off.
struct SwitchFeed: RequestFeed {
    private enum Step {
        /// What the dialect's own change depends on.
        case read
        case whole
        /// The dialect's own change alone.
        case own
        case single(Int)
    }

    private struct Account {
        /// Of the operation.
        let index: Int
        let requests: [(request: Int, change: Modification)]
        /// The dialect's own change is part of the order.
        let appliesOwn: Bool
        var own: [Modification] = []
        var isRead = false
        var step: Step
        /// Parts of the requests, where the whole was refused.
        var parts: [(request: Int, change: Modification)] = []
        var refused: Set<Int> = []
        var isWholeRefused = false
    }

    private let operations: [AccountOperation]
    private let isEnabling: Bool
    private let dialect: Dialect
    private let server: ServerTraits
    private let refusal: Refusal
    private var accounts: [Account] = []
    private var ready: [Int] = []
    private(set) var progress: [Progress]

    var isEmpty: Bool { accounts.isEmpty }

    init(
        _ way: AccountOperation.Direction, _ operations: [AccountOperation], _ progress: [Progress], dialect: Dialect, server: ServerTraits
    ) {
        self.operations = operations
        self.progress = progress
        self.dialect = dialect
        self.server = server
        isEnabling = way == .enabling
        refusal = Refusal(dialect: dialect)
        for index in operations.indices where operations[index].way == way { include(index) }
        ready = accounts.indices.reversed()
    }

    private mutating func include(_ index: Int) {
        let operation = operations[index]
        // Only a failed rename or attribute keeps an account from being switched on.
        if isEnabling, progress[index].failure != nil || !progress[index].failedRequests.isEmpty { return }
        let switching = operation.switchingRequests
        let requests = EntryContent.changes(operation, named: progress[index].name, dialect, only: switching.contains).map {
            ($0.request, $0.change)
        }
        // Where nothing switches, nobody was switched off.
        guard operation.appliesDialectDisabling || !requests.isEmpty else { return }
        var account = Account(index: index, requests: requests, appliesOwn: operation.appliesDialectDisabling, step: .whole)
        if account.appliesOwn {
            if dialect.readsBefore == nil { account.own = own([]) } else { account.step = .read }
        }
        if case .whole = account.step, account.own.isEmpty, requests.isEmpty { return }
        accounts.append(account)
    }

    private func own(_ values: [String]) -> [Modification] { dialect.switching(enabled: isEnabling, values: values, server: server) }

    // MARK: Sending

    mutating func next(idle: Bool) -> (tag: Int, request: WireRequest)? { ready.popLast().map { ($0, request($0)) } }

    private func request(_ place: Int) -> WireRequest {
        let account = accounts[place]
        let name = progress[account.index].name
        switch account.step {
        case .read:
            return .search(
                SearchRequest(base: name, scope: .base, filter: "(objectClass=*)", attributes: dialect.readsBefore.map { [$0] } ?? []))
        case .whole: return .modify(name: name, changes: account.own + account.requests.map(\.change))
        case .own: return .modify(name: name, changes: account.own)
        case .single(let position): return .modify(name: name, changes: [account.parts[position].change])
        }
    }

    private mutating func proceed(_ place: Int, _ step: Step) {
        accounts[place].step = step
        ready.append(place)
    }

    // MARK: Receiving

    mutating func receive(_ outcome: WireOutcome, tag: Int) {
        switch outcome {
        case .answered(let answer) where answer.code == 32:
            progress[accounts[tag].index].wasMissing = true
            note(tag, answer)
        case .answered(let answer):
            progress[accounts[tag].index].isThere = true
            receive(answer, tag)
        case .lost(let why): progress[accounts[tag].index].note(refusal.lost(attempt(tag), why))
        case .unsent(let failure):
            progress[accounts[tag].index].note(ConnectorFailure(failure.errorClass, "\(attempt(tag)): \(failure.message)"))
        }
    }

    private mutating func receive(_ answer: Answer, _ place: Int) {
        switch accounts[place].step {
        case .read: receiveRead(answer, place)
        case .whole where answer.code == 0:
            progress[accounts[place].index].isSwitched = true
            progress[accounts[place].index].done.formUnion(accounts[place].requests.map(\.request))
        case .whole: refuseWhole(answer, place)
        case .own:
            if answer.code == 0 { progress[accounts[place].index].isSwitched = true } else { note(place, answer) }
            beginSingles(place)
        case .single(let position): receiveSingle(answer, place, position)
        }
    }

    private mutating func receiveRead(_ answer: Answer, _ place: Int) {
        let account = accounts[place]
        accounts[place].isRead = true
        if answer.code == 0 {
            accounts[place].own = own(answer.entries.first.flatMap { entry in dialect.readsBefore.map(entry.values) } ?? [])
        } else {
            note(place, answer)
        }
        if account.isWholeRefused {
            if accounts[place].own.isEmpty { beginSingles(place) } else { proceed(place, .own) }
        } else if !accounts[place].own.isEmpty || !account.requests.isEmpty {
            proceed(place, .whole)
        } else {
            progress[account.index].isSwitched = answer.code == 0
        }
    }

    private mutating func refuseWhole(_ answer: Answer, _ place: Int) {
        let account = accounts[place]
        // attributeOrValueExists or noSuchAttribute: some of it is already so.
        let isPartlySo = answer.code == 16 || answer.code == 20
        guard !account.requests.isEmpty, !isEnabling || isPartlySo else { return note(place, answer) }
        accounts[place].isWholeRefused = true
        let writesOwn = account.requests.contains { dialect.disabling.contains($0.change.name.lowercased()) }
        if !account.appliesOwn, !writesOwn || isEnabling { return beginSingles(place) }
        if account.own.isEmpty, !account.isRead, dialect.readsBefore != nil { return proceed(place, .read) }
        if account.own.isEmpty, dialect.readsBefore == nil { accounts[place].own = own([]) }
        if accounts[place].own.isEmpty { beginSingles(place) } else { proceed(place, .own) }
    }

    /// One value at a time; those that are replaced stay together.
    private mutating func beginSingles(_ place: Int) {
        accounts[place].parts = accounts[place].requests.flatMap { request, change in
            EntryContent.parts(change).map { (request, $0) }
        }
        if accounts[place].parts.isEmpty { return }
        proceed(place, .single(0))
    }

    private mutating func receiveSingle(_ answer: Answer, _ place: Int, _ position: Int) {
        let (request, change) = accounts[place].parts[position]
        if !EntryContent.isDone(change, answer.code) {
            accounts[place].refused.insert(request)
            progress[accounts[place].index].note(refusal.failure(answer, attempt(place), attributes: [change.name]))
        }
        let isLast = position + 1 == accounts[place].parts.count
        if isLast || accounts[place].parts[position + 1].request != request, !accounts[place].refused.contains(request) {
            progress[accounts[place].index].done.insert(request)
        }
        if !isLast { return proceed(place, .single(position + 1)) }
        if accounts[place].refused.isEmpty, accounts[place].own.isEmpty { progress[accounts[place].index].isSwitched = true }
    }

    private mutating func note(_ place: Int, _ answer: Answer) {
        let names = accounts[place].requests.map(\.change.name) + accounts[place].own.map(\.name)
        progress[accounts[place].index].note(refusal.failure(answer, attempt(place), attributes: names))
    }

    private func attempt(_ place: Int) -> String {
        "cannot \(isEnabling ? "enable" : "disable") \(progress[accounts[place].index].name)"
    }
}
