internal import Contracts
internal import IdentityModel

extension DirectorySession {
    /// Writes a batch. Answers once per operation, in the order given.
    func execute(_ operations: [AccountOperation]) -> [OperationResult] {
        guard !operations.isEmpty else { return [] }
        do {
            var (results, missing) = try write(operations)
            try writeElsewhere(missing, of: operations, &results)
            return results
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: nil, failure: error) }
        }
    }

    /// Removals of memberships, then the entries, then additions.
    ///
    /// Removals come first because servers repair references in the background *after* they answered a rename (OpenLDAP's refint): a removal
    /// of the new name would find nothing, and the repair would then bring the membership back. Additions come last because the accounts must be there.
    ///
    /// Throws when there is no connection; nothing was sent then. `missing`: operations whose entry was not found under its name.
    private func write(_ operations: [AccountOperation]) throws(ConnectorFailure) -> (results: [OperationResult], missing: [Int]) {
        let exchange = try exchange(for: operations.count)
        var removals = memberships(adding: false)
        for (index, operation) in operations.enumerated() where operation.operation != .create {
            removals.include(operation, at: index, name: operation.name.text)
        }
        removals.prepare()
        exchange.run(&removals)

        var (additions, refused) = switching(operations, exchange)
        for (index, operation) in operations.enumerated() where operation.operation == .unlock {
            let changes = settings.dialect.unlocking(traits)
            additions[index] = changes
            if changes.isEmpty, operation.requests.isEmpty {
                refused[index] = ConnectorFailure(
                    .permanent, "cannot unlock \(operation.name): the server locks no accounts (no ppolicy overlay)")
            }
        }
        var entries = EntryFeed(operations, additions: additions, refused: refused, dialect: settings.dialect)
        exchange.run(&entries)
        var progress = entries.progress
        learnIDs(operations, &progress, exchange)

        var joins = memberships(adding: true)
        for (index, operation) in operations.enumerated() where operation.operation != .delete && progress[index].failure == nil {
            joins.include(operation, at: index, name: progress[index].name)
        }
        joins.prepare()
        exchange.run(&joins)
        return (results(operations, progress, [removals.failures, joins.failures]), progress.indices.filter { progress[$0].wasMissing })
    }

    private func memberships(adding: Bool) -> MembershipFeed {
        MembershipFeed(adding: adding, attribute: settings.memberAttribute, dialect: settings.dialect)
    }

    private func results(
        _ operations: [AccountOperation], _ progress: [EntryFeed.Progress], _ failures: [[MembershipFeed.Owner: ConnectorFailure]]
    ) -> [OperationResult] {
        var failed = progress.map(\.failedRequests)
        for (owner, failure) in failures.joined() { failed[owner.operation][owner.request] = failure }
        return operations.indices.map { index in
            let isGone = operations[index].operation == .delete && progress[index].failure == nil
            return OperationResult(
                id: operations[index].id, accountID: progress[index].id, name: isGone ? nil : AccountName(progress[index].name),
                failure: progress[index].failure, failedRequests: failed[index])
        }
    }

    /// What the dialect adds to Disable and Enable, and for which it could not be found out.
    private func switching(
        _ operations: [AccountOperation], _ exchange: Exchange
    ) -> (additions: [Int: [Modification]], refused: [Int: ConnectorFailure]) {
        let asked = operations.indices.filter { index in
            operations[index].appliesDialectDisabling && (operations[index].operation == .disable || operations[index].operation == .enable)
        }
        guard !asked.isEmpty else { return ([:], [:]) }
        var values: [Int: [String]] = [:]
        var refused: [Int: ConnectorFailure] = [:]
        if let attribute = settings.dialect.readsBefore {
            var feed = IndependentFeed(
                asked.map { index in
                    .search(
                        SearchRequest(base: operations[index].name.text, scope: .base, filter: "(objectClass=*)", attributes: [attribute]))
                })
            exchange.run(&feed)
            for (place, index) in asked.enumerated() {
                do {
                    let answer = try feed.answer(
                        place, "cannot read \(operations[index].name)", tolerating: [0, 32], dialect: settings.dialect)
                    values[index] = answer.entries.first?.values(of: attribute)
                } catch {
                    refused[index] = error
                }
            }
        }
        var additions: [Int: [Modification]] = [:]
        for index in asked {
            additions[index] = settings.dialect.switching(
                enabled: operations[index].operation == .enable, values: values[index] ?? [], server: traits)
        }
        return (additions, refused)
    }

    /// For a server that does not tell a new entry's id with its answer.
    private func learnIDs(_ operations: [AccountOperation], _ progress: inout [EntryFeed.Progress], _ exchange: Exchange) {
        let unknown = operations.indices.filter { index in
            operations[index].operation == .create && progress[index].failure == nil && progress[index].id == nil
        }
        guard !unknown.isEmpty else { return }
        let idAttribute = settings.dialect.idAttribute
        var feed = IndependentFeed(
            unknown.map { index in
                .search(SearchRequest(base: progress[index].name, scope: .base, filter: "(objectClass=*)", attributes: [idAttribute]))
            })
        exchange.run(&feed)
        for (place, index) in unknown.enumerated() {
            let answer = try? feed.answer(place, "")
            if let id = answer?.entries.first?.values(of: idAttribute).first {
                progress[index].id = AccountID(id)
            } else {
                progress[index].failure = ConnectorFailure(
                    .unknown, "\(progress[index].name) was created, but its \(idAttribute) could not be read")
            }
        }
    }

    // MARK: Accounts that were moved behind our back

    /// A name may be out of date; the id is not. Looks the missing ones up by id: those found elsewhere are written there, and those found nowhere are gone.
    private func writeElsewhere(_ missing: [Int], of operations: [AccountOperation], _ results: inout [OperationResult])
        throws(ConnectorFailure)
    {
        let known = missing.filter { operations[$0].accountID != nil }
        guard !known.isEmpty else { return }
        let lookups: [Lookup]
        do {
            lookups = try find(known.compactMap { operations[$0].accountID.map(AccountQuery.id) })
        } catch {
            // The first answer stands: the name was not found.
            return
        }
        var moved: [(place: Int, operation: AccountOperation)] = []
        for (index, lookup) in zip(known, lookups) {
            let operation = operations[index]
            switch lookup {
            case .found(let account) where DistinguishedName.key(account.name.text) != DistinguishedName.key(operation.name.text):
                moved.append((index, operation.standing(at: account.name)))
            case .absent where operation.operation == .delete:
                results[index] = OperationResult(
                    id: operation.id, accountID: operation.accountID, name: nil, failure: nil, failedRequests: results[index].failedRequests
                )
            case .absent:
                let failure = ConnectorFailure(
                    .permanent, "the account \(operation.name) no longer exists in the directory",
                    serverText: results[index].failure?.serverText)
                results[index] = OperationResult(
                    id: operation.id, accountID: operation.accountID, name: nil, failure: failure,
                    failedRequests: results[index].failedRequests)
            case .found, .ambiguous, .unreadable: continue
            }
        }
        guard !moved.isEmpty else { return }
        for ((place, _), result) in zip(moved, try write(moved.map(\.operation)).results) { results[place] = result }
    }
}

extension AccountOperation {
    /// The same operation on the account where it really is.
    fileprivate func standing(at actual: AccountName) -> AccountOperation {
        AccountOperation(
            id: id, operation: operation, accountID: accountID, name: actual, newName: newName, requests: requests,
            appliesDialectDisabling: appliesDialectDisabling)
    }
}
