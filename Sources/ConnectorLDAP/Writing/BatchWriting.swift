internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// Writes a batch. Answers once per operation, in the order given.
    func execute(_ operations: [AccountOperation]) -> [OperationResult] {
        var results: [OperationResult] = []
        for part in BatchParts(operations) {
            results += executePart(Array(operations[part]))
        }
        return results
    }

    private func executePart(_ operations: [AccountOperation]) -> [OperationResult] {
        do {
            let strangers = try namesOfOthers(operations)
            guard !strangers.isEmpty else {
                var (results, missing) = try write(operations)
                try writeElsewhere(missing, of: operations, &results)
                return results
            }
            var results = operations.map(DirectorySession.nameOfAnother)
            let own = operations.indices.filter { !strangers.contains($0) }
            let (written, missing) = try write(own.map { operations[$0] })
            for (index, result) in zip(own, written) { results[index] = result }
            try writeElsewhere(missing.map { own[$0] } + strangers.sorted(), of: operations, leaving: strangers, &results)
            return results
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: nil, failure: error) }
        }
    }

    /// Throws when there is no connection; nothing was sent then. `missing`: operations whose entry was not found under its name.
    private func write(_ operations: [AccountOperation]) throws(ConnectorFailure) -> (results: [OperationResult], missing: [Int]) {
        let exchange = try exchange(for: operations.count)
        // Only where names change is it of interest.
        let changesNames = !vacated.isEmpty || operations.contains { $0.newName != nil || $0.operation == .delete }
        var batch = Batch(
            operations, settings: settings, traits: traits, exchange: exchange, repairs: changesNames ? repairs() : .unknown,
            vacated: vacated)
        batch.write()
        vacated = batch.vacated
        return (batch.results, batch.missing)
    }

    // MARK: Names that are another entry's by now

    /// Operations whose account's name another entry has: somebody deleted or renamed ours, and gave its name away. A directory writes whatever has the name, so
    /// it is asked before anything is, groups included. An entry whose id cannot be read may be the one.
    private func namesOfOthers(_ operations: [AccountOperation]) throws(ConnectorFailure) -> Set<Int> {
        let known = operations.indices.filter { operations[$0].operation != .create && operations[$0].accountID != nil }
        guard !known.isEmpty else { return [] }
        let id = settings.dialect.idAttribute
        var feed = IndependentFeed(
            known.map { index in
                .search(SearchRequest(base: operations[index].name.text, scope: .base, filter: "(objectClass=*)", attributes: [id]))
            })
        try exchange(for: known.count).run(&feed)
        var strangers: Set<Int> = []
        for (place, index) in known.enumerated() {
            do {
                // noSuchObject; invalidDNSyntax
                let entries = try feed.answer(
                    place, "cannot read \(operations[index].name)", tolerating: [0, 32, 34], dialect: settings.dialect
                )
                .entries
                guard let shown = entries.first?.values(of: id).first, !shown.isEmpty else { continue }
                if AccountID(shown) != operations[index].accountID { strangers.insert(index) }
            } catch {
                // This one may not be read, and cannot be compared: what the write answers has to do.
                if error.errorClass == .permanent { continue }
                let isOpen = error.errorClass == .unknown || error.errorClass == .conflict
                throw isOpen ? ConnectorFailure(.transient, error.message, serverText: error.serverText) : error
            }
        }
        return strangers
    }

    private static func nameOfAnother(_ operation: AccountOperation) -> OperationResult {
        let failure = ConnectorFailure(
            .permanent, "\(operation.name) is another entry by now, and the account's own could not be looked up")
        return OperationResult(id: operation.id, accountID: operation.accountID, name: nil, failure: failure)
    }

    // MARK: Accounts that were moved behind our back

    /// A name may be out of date; the id is not. Looks the missing ones up by id: those found elsewhere are written there, and those found nowhere are gone.
    /// `strangers`: those of them whose name another entry has; nothing is taken away under it.
    private func writeElsewhere(
        _ missing: [Int], of operations: [AccountOperation], leaving strangers: Set<Int> = [], _ results: inout [OperationResult]
    ) throws(ConnectorFailure) {
        let known = missing.filter { operations[$0].accountID != nil }
        guard !known.isEmpty else { return }
        let lookups: [Lookup]
        do {
            lookups = try find(known.compactMap { operations[$0].accountID.map { .id($0) } })
        } catch {
            // The first answer stands: the name was not found.
            return
        }
        var moved: [(place: Int, operation: AccountOperation)] = []
        for (index, lookup) in zip(known, lookups) {
            let operation = operations[index]
            switch lookup {
            case .found(let account) where DistinguishedName.key(account.name.text) != DistinguishedName.key(operation.name.text):
                moved.append((index, operation.standing(at: account.name, isOthers: strangers.contains(index))))
            // Another had its name until the batch was written.
            case .found where strangers.contains(index): moved.append((index, operation))
            case .absent: results[index] = gone(operation, results[index])
            case .found, .ambiguous, .unreadable: continue
            }
        }
        guard !moved.isEmpty else { return }
        // A connection that is lost here leaves the first answers.
        guard let written = try? write(moved.map(\.operation)).results else { return }
        for ((place, operation), result) in zip(moved, written) {
            results[place] = result
            results[place].wasElsewhere = operation.name != operations[place].name
        }
    }

    private func gone(_ operation: AccountOperation, _ result: OperationResult) -> OperationResult {
        let failure =
            operation.operation == .delete || operation.onlyLeavesGroups
            ? nil
            : ConnectorFailure(
                .permanent, "the account \(operation.name) no longer exists in the directory", serverText: result.failure?.serverText)
        return OperationResult(
            id: operation.id, accountID: operation.accountID, name: nil, failure: failure, failedRequests: result.failedRequests,
            doneRequests: failure == nil ? [] : result.doneRequests)
    }
}

extension AccountOperation {
    /// The same operation on the account where it really is. In groups it may still stand under the name we knew, unless that is another entry's.
    fileprivate func standing(at actual: AccountName, isOthers: Bool) -> AccountOperation {
        AccountOperation(
            id: id, operation: operation, accountID: accountID, name: actual, newName: newName, requests: requests,
            appliesDialectDisabling: appliesDialectDisabling, direction: direction, isUncertain: isUncertain,
            formerNames: formerNames.filter { $0 != actual && $0 != name } + (isOthers ? [] : [name]),
            carriedMemberships: carriedMemberships)
    }
}

extension AccountOperation {
    /// Of an entry that is gone, and whose name is another one's, no group holds anything any more.
    fileprivate var onlyLeavesGroups: Bool {
        newName == nil && !appliesDialectDisabling && !requests.isEmpty
            && requests.allSatisfy { $0.kind == .membership && $0.operation == .remove }
    }

    /// It has more than its entry to write.
    fileprivate var isWide: Bool { way != .steady || requests.contains { $0.kind == .membership } || carriesMemberships }
}

/// The parts of a batch that are written one after the other: nearly always one.
///
/// Phases go over all operations at once, so two operations on one account keep their order only where neither has more than its entry to write.
struct BatchParts: Sequence, IteratorProtocol {
    private let operations: [AccountOperation]
    private var start = 0
    /// Only a change of an account whose id is not known can be told to be the same account's by its name.
    private let goesByName: Bool
    private let isSimple: Bool

    init(_ operations: [AccountOperation]) {
        self.operations = operations
        isSimple = !operations.contains(where: \.isWide)
        goesByName = operations.contains { $0.operation != .create && $0.accountID == nil }
    }

    mutating func next() -> Range<Int>? {
        guard start < operations.count else { return nil }
        if isSimple {
            defer { start = operations.count }
            return start..<operations.count
        }
        var seen: [AccountID: Bool] = [:]
        var named: [String: Bool] = [:]
        for index in start..<operations.count {
            let operation = operations[index]
            let isWide = operation.isWide
            if let earlier = earlier(operation, seen, named), earlier || isWide {
                defer { start = index }
                return start..<index
            }
            if let id = operation.accountID { seen[id] = isWide || seen[id] == true } else { note(operation, isWide, &named) }
        }
        defer { start = operations.count }
        return start..<operations.count
    }

    private func note(_ operation: AccountOperation, _ isWide: Bool, _ named: inout [String: Bool]) {
        guard goesByName else { return }
        let key = DistinguishedName.key((operation.newName ?? operation.name).text)
        named[key] = isWide || named[key] == true
    }

    /// Whether an operation on the same account stands before this one, and whether it has more than its entry to write.
    private func earlier(_ operation: AccountOperation, _ seen: [AccountID: Bool], _ named: [String: Bool]) -> Bool? {
        if let id = operation.accountID { return seen[id] }
        return operation.operation == .create || named.isEmpty ? nil : named[DistinguishedName.key(operation.name.text)]
    }
}
