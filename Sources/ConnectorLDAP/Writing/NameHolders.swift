internal import Contracts
internal import IdentityModel

/// Who has the names of a batch: somebody may have renamed, moved or deleted entries, and given their names away.
struct NameHolders {
    /// Operations whose account's name another entry has.
    var others: Set<Int> = []
    /// Operations whose account's name no entry has.
    var nobody: Set<Int> = []
    /// Former names that another entry has, by operation.
    var foreign: [Int: Set<AccountName>] = [:]

    var lost: Set<Int> { others.union(nobody) }
}

/// A name may be out of date; the id is not. A directory writes whatever has the name, and puts a name that nobody has into its groups: so it is asked who
/// has the names of a batch before anything is written, groups included.
extension DirectorySession {
    private struct Question {
        let index: Int
        let name: AccountName
        let isFormer: Bool
    }

    /// An entry whose id cannot be read may be the one.
    func nameHolders(_ operations: [AccountOperation]) throws(ConnectorFailure) -> NameHolders {
        let questions = operations.indices.flatMap { index in
            let operation = operations[index]
            let knows = operation.operation != .create && operation.accountID != nil
            return (knows ? [Question(index: index, name: operation.name, isFormer: false)] : [])
                + operation.formerNames.map { Question(index: index, name: $0, isFormer: true) }
        }
        guard !questions.isEmpty else { return NameHolders() }
        let id = settings.dialect.idAttribute
        var feed = IndependentFeed(
            questions.map { .search(SearchRequest(base: $0.name.text, scope: .base, filter: "(objectClass=*)", attributes: [id])) })
        try exchange(for: questions.count).run(&feed)
        var holders = NameHolders()
        for (place, question) in questions.enumerated() {
            do {
                // noSuchObject; invalidDNSyntax
                let answer = try feed.answer(place, "cannot read \(question.name)", tolerating: [0, 32, 34], dialect: settings.dialect)
                if answer.code == 32, !question.isFormer { holders.nobody.insert(question.index) }
                guard let shown = answer.entries.first?.values(of: id).first, !shown.isEmpty,
                    AccountID(shown) != operations[question.index].accountID
                else { continue }
                if question.isFormer {
                    holders.foreign[question.index, default: []].insert(question.name)
                } else {
                    holders.others.insert(question.index)
                }
            } catch {
                // This one may not be read, and cannot be compared: what the write answers has to do.
                if error.errorClass == .permanent { continue }
                let isOpen = error.errorClass == .unknown || error.errorClass == .conflict
                throw isOpen ? ConnectorFailure(.transient, error.message, serverText: error.serverText) : error
            }
        }
        return holders
    }

    static func unsent(_ operation: AccountOperation, _ failure: ConnectorFailure?) -> OperationResult {
        OperationResult(id: operation.id, accountID: operation.accountID, name: nil, failure: failure)
    }

    /// Looks those who lost their names up by id: those found are written where they are, those found nowhere are gone,
    /// and only leave their groups. Where the directory cannot be asked, `results` stay as they are.
    func writeElsewhere(_ operations: [AccountOperation], _ names: NameHolders, _ results: inout [OperationResult]) {
        let lost = names.lost.sorted()
        guard let lookups = try? find(lost.compactMap { operations[$0].accountID.map { .id($0) } }) else { return }
        var found: [(place: Int, operation: AccountOperation)] = []
        var leaving: [(place: Int, leave: GroupLeave)] = []
        for (index, lookup) in zip(lost, lookups) {
            let operation = operations[index]
            let isOthers = names.others.contains(index)
            switch lookup {
            case .found(let account): found.append((index, operation.standing(at: account.name, isOthers: isOthers)))
            case .absent:
                results[index] = DirectorySession.gone(operation, isOthers: isOthers)
                if let leave = GroupLeave(operation, isOthers: isOthers) {
                    leaving.append((index, leave))
                } else if results[index].failure == nil {
                    results[index].leftAlone = GroupLeave.removals(of: operation)
                }
            case .ambiguous, .unreadable:
                let failure = ConnectorFailure(
                    .permanent, "\(operation.name) is not this account any more, and the account could not be told by its id")
                results[index] = DirectorySession.unsent(operation, failure)
            }
        }
        guard !found.isEmpty || !leaving.isEmpty, let written = try? write(found.map(\.operation) + leaving.map(\.leave.operation)) else {
            for (place, _) in leaving {
                results[place] = DirectorySession.unsent(operations[place], ConnectorFailure(.transient, "the connection was lost"))
            }
            return
        }
        for ((place, operation), result) in zip(found, written) {
            results[place] = result
            results[place].wasElsewhere = DistinguishedName.key(operation.name.text) != DistinguishedName.key(operations[place].name.text)
        }
        for ((place, leave), result) in zip(leaving, written.dropFirst(found.count)) {
            results[place] = leave.outcome(of: result, as: results[place])
        }
    }

    /// Of an entry that is gone nothing is left to be written but that it leaves its groups. Where another entry has its name, that may be the account made
    /// anew by hand, in groups that we gave to the name: whoever plans it has to look, so nothing of it is done before.
    private static func gone(_ operation: AccountOperation, isOthers: Bool) -> OperationResult {
        var result = unsent(operation, nil)
        result.isGone = true
        if operation.isGone { return result }
        if isOthers {
            let message = "the account no longer exists in the directory, and \(operation.name) is another entry"
            result.failure = ConnectorFailure(.permanent, message)
            return result
        }
        let leaves =
            operation.newName == nil && !operation.appliesDialectDisabling && !operation.requests.isEmpty
            && operation.requests.allSatisfy { $0.kind == .membership && $0.operation == .remove }
        if operation.operation != .delete && !leaves {
            result.failure = ConnectorFailure(.permanent, "the account \(operation.name) no longer exists in the directory")
        }
        return result
    }
}

/// What an operation on an entry that is gone leaves to do: its names are taken out of groups, but not one that another entry has.
struct GroupLeave {
    let operation: AccountOperation
    /// Of the operation's requests, by the place among those that are left.
    private let places: [Int]
    /// What the name that another entry has is in is not known.
    private let isOpen: Bool

    static func removals(of operation: AccountOperation) -> Set<Int> {
        Set(operation.requests.indices.filter { operation.requests[$0].kind == .membership && operation.requests[$0].operation == .remove })
    }

    /// Nil: there is nothing to do.
    init?(_ operation: AccountOperation, isOthers: Bool) {
        let places = GroupLeave.removals(of: operation).sorted()
        var names = operation.formerNames
        let own = DistinguishedName.key(operation.name.text)
        names.removeAll { DistinguishedName.key($0.text) == own }
        if !isOthers { names.insert(operation.name, at: 0) }
        guard !places.isEmpty, let name = names.first else { return nil }
        self.places = places
        isOpen = isOthers && !operation.isGone
        self.operation = AccountOperation(
            id: operation.id, operation: .modify, accountID: operation.accountID, name: name, newName: nil,
            requests: places.map { operation.requests[$0] }, appliesDialectDisabling: false, isUncertain: operation.isUncertain,
            formerNames: Array(names.dropFirst()))
    }

    /// What came of the whole operation.
    func outcome(of result: OperationResult, as gone: OperationResult) -> OperationResult {
        let failed = Dictionary(uniqueKeysWithValues: result.failedRequests.map { (places[$0.key], $0.value) })
        // Without a failure every request is done that did not fail.
        let done =
            isOpen ? [] : result.failure == nil ? Set(places).subtracting(failed.keys) : Set(result.doneRequests.map { places[$0] })
        var whole = OperationResult(
            id: gone.id, accountID: gone.accountID, name: nil, failure: result.failure ?? gone.failure, failedRequests: failed,
            doneRequests: result.failure == nil && gone.failure == nil ? [] : done)
        whole.isGone = true
        return whole
    }
}

extension AccountOperation {
    /// The same operation on the account where it really is. In groups it may still stand under the name we knew, unless that is another entry's.
    fileprivate func standing(at actual: AccountName, isOthers: Bool) -> AccountOperation {
        var operation = self
        operation.name = actual
        operation.isGone = false
        operation.formerNames = formerNames.filter { $0 != actual && $0 != name } + (isOthers || actual == name ? [] : [name])
        return operation
    }
}
