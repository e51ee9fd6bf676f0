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
            let names = try nameHolders(operations)
            var operations = operations
            for (index, foreign) in names.foreign { operations[index].formerNames.removeAll(where: foreign.contains) }
            guard !names.lost.isEmpty else { return try write(operations) }
            var results = operations.map { DirectorySession.unsent($0, ConnectorFailure(.transient, "the account could not be looked up")) }
            let own = operations.indices.filter { !names.lost.contains($0) }
            for (index, result) in zip(own, try write(own.map { operations[$0] })) { results[index] = result }
            // Looked up after that: a name may be lost to an entry of this batch that has left it by now.
            writeElsewhere(operations, names, &results)
            return results
        } catch {
            return operations.map { DirectorySession.unsent($0, error) }
        }
    }

    /// Throws when there is no connection; nothing was sent then.
    func write(_ operations: [AccountOperation]) throws(ConnectorFailure) -> [OperationResult] {
        let exchange = try exchange(for: operations.count)
        // Only where names change is it of interest.
        let changesNames = !vacated.isEmpty || operations.contains { $0.newName != nil || $0.operation == .delete }
        var batch = Batch(
            operations, settings: settings, traits: traits, exchange: exchange, repairs: changesNames ? repairs() : .unknown,
            vacated: vacated)
        batch.write()
        vacated = batch.vacated
        return batch.results
    }
}

extension AccountOperation {
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
