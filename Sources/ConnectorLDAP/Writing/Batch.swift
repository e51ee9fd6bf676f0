internal import Contracts
internal import IdentityModel

/// One batch on its way: phase after phase, each over all operations at once.
///
/// 1. Who is withdrawn is switched off. 2. Removals of memberships: before renames, because servers repair references in the background *after* they
/// answered one (OpenLDAP's refint): a removal of the new name would find nothing, and the repair would then bring the membership back. 3. The entries.
/// 4. Additions of memberships: the accounts must be there, and names that changed hands must be repaired. 5. Where the server does not keep references right, names that are no longer anybody's
/// leave the groups that are carried over. 6. Who is enabled is switched on. 7. What an earlier attempt may have done is asked of the groups.
struct Batch {
    let operations: [AccountOperation]
    let settings: LDAPSettings
    let traits: ServerTraits
    let exchange: Exchange
    let repairs: ServerRepairs
    private(set) var progress: [Progress]
    private(set) var failures: [MembershipFeed.Owner: ConnectorFailure] = [:]
    private var notThere: Set<MembershipFeed.Owner> = []
    /// Of this batch and those before it.
    var vacated: VacatedNames
    /// Operations whose accounts have a name that another account had a moment ago.
    var heirs: Set<Int> = []
    /// Groups of renamed accounts that the server should have repaired by now, and has not.
    var unrepaired: [Int: [String]] = [:]

    init(
        _ operations: [AccountOperation], settings: LDAPSettings, traits: ServerTraits, exchange: Exchange, repairs: ServerRepairs,
        vacated: VacatedNames
    ) {
        self.repairs = repairs
        self.vacated = vacated
        self.operations = operations
        self.settings = settings
        self.traits = traits
        self.exchange = exchange
        progress = operations.map(Progress.init)
    }

    var dialect: Dialect { settings.dialect }

    mutating func write() {
        switchOver(.withdrawing)
        leaveGroups()
        awaitRepairsBeforeEntries()
        writeEntries()
        learnIDs()
        awaitRepairs()
        leaveGroupsOfPredecessors()
        let joins = joinGroups()
        leaveFormerNames(joins)
        switchOver(.enabling)
        checkMemberships()
    }

    // MARK: Phases

    private mutating func switchOver(_ way: AccountOperation.Direction) {
        var feed = SwitchFeed(way, operations, progress, dialect: dialect, server: traits)
        if !feed.isEmpty { exchange.run(&feed) }
        progress = feed.progress
    }

    func memberships(adding: Bool) -> MembershipFeed {
        MembershipFeed(
            adding: adding, attribute: settings.memberAttribute, dialect: dialect, canForgive: traits.hasPermissiveModify)
    }

    mutating func run(_ feed: inout MembershipFeed) {
        feed.prepare()
        exchange.run(&feed)
        for (owner, failure) in feed.failures { note(failure, owner) }
        notThere.formUnion(feed.notThere)
    }

    /// A membership that is carried has no request of its own: the operation as a whole failed then. What could not be sent or asked counts as not known,
    /// because only then the account's former names are told when it is tried again.
    mutating func note(_ failure: ConnectorFailure, _ owner: MembershipFeed.Owner) {
        guard owner.request == nil else {
            failures[owner] = failure
            return
        }
        let isOpen = failure.errorClass == .transient || failure.errorClass == .unavailable
        progress[owner.operation].note(isOpen ? ConnectorFailure(.unknown, failure.message, serverText: failure.serverText) : failure)
    }

    private mutating func leaveGroups() {
        var removals = memberships(adding: false)
        for (index, operation) in operations.enumerated() where operation.operation != .create {
            removals.include(operation, at: index, name: operation.name.text)
            for name in operation.formerNames { removals.include(operation, at: index, name: name.text) }
        }
        run(&removals)
    }

    /// What was made anew is in the groups of the entry whose name it has, where the server left that in them. Before it is there the name may be another's.
    private mutating func leaveGroupsOfPredecessors() {
        var removals = memberships(adding: false)
        for index in operations.indices where operations[index].operation == .create && progress[index].failure == nil {
            removals.include(operations[index], at: index, name: progress[index].name)
            for name in operations[index].formerNames { removals.include(operations[index], at: index, name: name.text) }
        }
        if !removals.isEmpty { run(&removals) }
    }

    private mutating func writeEntries() {
        var additions: [Int: [Modification]] = [:]
        for (index, operation) in operations.enumerated() where operation.operation == .unlock {
            let changes = dialect.unlocking(traits)
            additions[index] = changes
            if changes.isEmpty, operation.requests.isEmpty {
                progress[index].note(
                    ConnectorFailure(
                        .permanent, "cannot unlock \(operation.name): the server locks no accounts (no ppolicy overlay)"))
            }
        }
        var entries = EntryFeed(operations, progress, additions: additions, dialect: dialect)
        exchange.run(&entries)
        progress = entries.progress
    }

    /// For a server that does not tell a new entry's id with its answer.
    private mutating func learnIDs() {
        let unknown = operations.indices.filter { index in
            operations[index].operation == .create && progress[index].failure == nil && progress[index].id == nil
        }
        guard !unknown.isEmpty else { return }
        var feed = IndependentFeed(
            unknown.map { index in
                .search(
                    SearchRequest(base: progress[index].name, scope: .base, filter: "(objectClass=*)", attributes: [dialect.idAttribute]))
            })
        exchange.run(&feed)
        for (place, index) in unknown.enumerated() {
            let answer = try? feed.answer(place, "")
            if let id = answer?.entries.first?.values(of: dialect.idAttribute).first {
                progress[index].id = AccountID(id)
            } else {
                progress[index].note(
                    ConnectorFailure(.unknown, "\(progress[index].name) was created, but its \(dialect.idAttribute) could not be read"))
            }
        }
    }

    private mutating func joinGroups() -> MembershipFeed {
        var joins = memberships(adding: true)
        for index in operations.indices where operations[index].operation != .delete {
            if joinsGroups(index) {
                progress[index].hasJoined = true
                joins.include(operations[index], at: index, name: progress[index].name)
            }
            if carries(index) {
                for group in operations[index].carriedGroups {
                    joins.include(progress[index].name, in: group, MembershipFeed.Owner(operation: index, request: nil))
                }
            }
        }
        run(&joins)
        return joins
    }

    /// Each step of withdrawing is taken whatever befell the others; otherwise only an entry that is as ordered joins groups.
    private func joinsGroups(_ index: Int) -> Bool {
        guard let failure = progress[index].failure else { return true }
        return operations[index].way == .withdrawing && !progress[index].wasMissing && failure.errorClass != .unknown
    }

    /// The account's name changed, here or in an earlier attempt, and the server leaves the old one in the groups.
    private func carries(_ index: Int) -> Bool {
        guard !settings.maintainsReferences, !operations[index].carriedMemberships.isEmpty, isKnown(index) else { return false }
        return !oldNames(index).isEmpty
    }

    /// It is known where the entry stands.
    func isKnown(_ index: Int) -> Bool { !progress[index].wasMissing && progress[index].failure?.errorClass != .unknown }

    /// Names under which the account may stand in groups although it has another one now.
    func oldNames(_ index: Int) -> [String] {
        let now = DistinguishedName.key(progress[index].name)
        let names = ([operations[index].name] + operations[index].formerNames).map(\.text) + [progress[index].passedName].compactMap { $0 }
        return names.filter { DistinguishedName.key($0) != now }
    }

    /// After the new names are in, so that nobody is without access in between, and a group that must not be empty never is.
    private mutating func leaveFormerNames(_ joins: MembershipFeed) {
        var departures = memberships(adding: false)
        for index in operations.indices where carries(index) {
            for group in operations[index].carriedGroups + operations[index].replacedGroups {
                for name in oldNames(index) where !joins.contains(name, in: group) {
                    departures.include(name, in: group, MembershipFeed.Owner(operation: index, request: nil))
                }
            }
        }
        if !departures.isEmpty { run(&departures) }
    }

    func isGone(_ index: Int) -> Bool { operations[index].operation == .delete && progress[index].failure == nil }

    // MARK: Results

    var results: [OperationResult] {
        var failed = progress.map(\.failedRequests)
        for (owner, failure) in failures {
            if let request = owner.request { failed[owner.operation][request] = failure }
        }
        var notThere = Array(repeating: Set<Int>(), count: self.notThere.isEmpty ? 0 : operations.count)
        for owner in self.notThere {
            if let request = owner.request, failed[owner.operation][request] == nil { notThere[owner.operation].insert(request) }
        }
        return operations.indices.map { index in
            let progress = progress[index]
            return OperationResult(
                id: operations[index].id, accountID: progress.id, name: isGone(index) ? nil : AccountName(progress.name),
                failure: progress.failure, failedRequests: failed[index],
                doneRequests: progress.failure == nil ? [] : done(index).subtracting(failed[index].keys),
                isSwitched: progress.failure != nil && progress.isSwitched, notThere: notThere.isEmpty ? [] : notThere[index])
        }
    }

    /// What was answered "done" or "already so", as far as it is not among the failed requests.
    private func done(_ index: Int) -> Set<Int> {
        let operation = operations[index]
        let progress = progress[index]
        let switching = operation.switchingRequests
        let naming = progress.isNamed ? [] : operation.namingAttributes
        return Set(
            operation.requests.indices.filter { position in
                let request = operation.requests[position]
                if request.kind == .membership {
                    return request.operation == .remove ? operation.operation != .create : progress.hasJoined
                }
                if progress.done.contains(position) { return true }
                if switching.contains(position) { return false }
                return progress.isWritten && !naming.contains(request.name.lowercased())
            })
    }
}
