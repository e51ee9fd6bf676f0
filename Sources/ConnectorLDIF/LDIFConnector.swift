package import Contracts
internal import Foundation
package import IdentityModel

/// A target that needs no server: every operation becomes change records at the end of a file, for whoever feeds a directory from files, and for those who
/// want to see what would be sent.
///
/// What the file holds is what the system is: accounts are found among its records, which are read when it is first used, and then as far as the file has
/// grown, because other processes write to it as well. Records are on the disk before an operation is answered; one that was cut off by a crash is cut away.
/// Groups are taken to exist, and nothing is refused but a name that somebody has. There is no disabling of its own: the policy map writes an attribute that
/// says so.
package actor LDIFConnector: ProbesNames, EnumeratesAccounts {
    private let path: String
    private let file: LDIFFile
    private var directory = LDIFDirectory()

    package init(path: String) {
        self.path = path
        file = LDIFFile(path: path)
    }

    package nonisolated var capabilities: ConnectorCapabilities { ConnectorCapabilities(batchSize: 1_000, maintainsReferences: false) }

    // MARK: Reading

    package func realm() async throws(ConnectorFailure) -> Realm {
        try refresh()
        return Realm("ldif \(file.realm ?? "")")
    }

    package func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        try refresh()
        return queries.map { directory.find($0) }
    }

    package func holders(of probes: [NameProbe]) async throws(ConnectorFailure) -> [[NameHolder]] {
        try refresh()
        return probes.map { directory.holders(of: $0).map(NameHolder.account) }
    }

    package func enumerate(attributes: [String], page: @Sendable ([ActualAccount]) async -> Void) async throws(ConnectorFailure) {
        try refresh()
        let accounts = directory.entries.keys.sorted { $0.text < $1.text }
        for start in stride(from: 0, to: accounts.count, by: capabilities.batchSize) {
            let slice = accounts[start..<min(start + capabilities.batchSize, accounts.count)]
            await page(slice.compactMap { directory.account($0, attributes) })
        }
    }

    package func test() async throws(ConnectorFailure) -> SystemReport {
        try refresh()
        return SystemReport(facts: ["LDIF change records in \(path), \(directory.entries.count) accounts"], advice: [])
    }

    package func close() async { file.close() }

    private func refresh() throws(ConnectorFailure) { try file.reading(learn) }

    private func learn(_ news: LDIFFile.News) {
        if news.isAnew { directory = LDIFDirectory() }
        for record in news.records { directory.apply(record) }
    }

    // MARK: Writing

    package func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        do throws(ConnectorFailure) {
            return try file.writing { news in
                learn(news)
                return try carryOut(operations)
            }
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: $0.name, failure: error) }
        }
    }

    /// All records of a batch go to the disk together. Where that fails nobody knows how many are there: whoever looks next reads the file anew.
    private func carryOut(_ operations: [AccountOperation]) throws -> [OperationResult] {
        var batch = Batch()
        var waiting = Array(operations.indices)
        // A name is freed before it is taken: what meets a name that somebody has is tried again once the others are through.
        while !waiting.isEmpty {
            var refused: [Int] = []
            for index in waiting {
                perform(operations[index], index, &batch)
                if batch.results[index]?.failure?.errorClass == .conflict { refused.append(index) }
            }
            if refused.count == waiting.count, !park(refused.map { operations[$0] }, &batch) { break }
            waiting = refused
        }
        do {
            try file.append(batch.text)
        } catch {
            file.close()
            let failure = ConnectorFailure(.unknown, "writing to \(path) failed: \((error as NSError).localizedDescription)")
            for index in batch.written {
                let operation = operations[index]
                batch.results[index] = OperationResult(
                    id: operation.id, accountID: operation.accountID, name: operation.name, failure: failure)
            }
        }
        return operations.indices.compactMap { batch.results[$0] }
    }

    private struct Batch {
        var results: [Int: OperationResult] = [:]
        /// Operations that have records in the text.
        var written: Set<Int> = []
        var text = ""
        /// Accounts that stepped aside, and the names that they have meanwhile.
        var aside: [AccountID: String] = [:]
    }

    private func perform(_ operation: AccountOperation, _ index: Int, _ batch: inout Batch) {
        let (result, records) = planned(operation, batch.aside)
        batch.results[index] = result
        guard !records.isEmpty, result.failure == nil || result.isGone else { return }
        batch.written.insert(index)
        write(records, &batch)
    }

    /// A function of its own, so that the copy of the directory is gone before the directory changes.
    private func planned(_ operation: AccountOperation, _ aside: [AccountID: String]) -> (OperationResult, [LDIFRecord]) {
        let present = operation.accountID.flatMap { aside[$0] } ?? operation.name.text
        var steps = LDIFSteps(directory: directory, operation: operation, present: present)
        steps.run()
        return (steps.result, steps.records)
    }

    private func write(_ records: [LDIFRecord], _ batch: inout Batch) {
        for record in records {
            batch.text += record.text
            directory.apply(record)
        }
    }

    /// Names that go round in a ring: one of the accounts steps aside, under a name that nobody wants. False: nobody whose name is wanted is to leave it.
    private func park(_ refused: [AccountOperation], _ batch: inout Batch) -> Bool {
        let wanted = Set(refused.compactMap(\.newName?.text).compactMap { directory.account(named: $0) })
        let leaving = refused.first { operation in
            operation.newName != nil && operation.accountID.map { wanted.contains($0) && batch.aside[$0] == nil } ?? false
        }
        guard let leaving, let account = leaving.accountID, let entry = directory.entries[account] else { return false }
        let container = NameSyntax.path.container(of: AccountName(entry.name))
        let name = "cn=birthright-\(account)" + (container.isEmpty ? "" : "," + container)
        var records = [LDIFRecord(account: account, name: entry.name, change: .rename(newName: name, container: container))]
        for group in leaving.carriedMemberships where directory.isMember(entry.name, of: group) {
            records += [LDIFSteps.regroup(group, .delete, entry.name), LDIFSteps.regroup(group, .add, name)]
        }
        write(records, &batch)
        batch.aside[account] = name
        return true
    }
}
