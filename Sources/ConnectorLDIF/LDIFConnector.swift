package import Contracts
internal import Foundation
package import IdentityModel

/// A target that needs no server: every operation becomes change records at the end of a file, for whoever feeds a directory from files, and for those who
/// want to see what would be sent.
///
/// What the file holds is what the system is: accounts are found among its records, which are read when it is first used. Records are on the disk before an
/// operation is answered; one that was cut off by a crash is cut away. Groups are taken to exist. There is no disabling of its own: the policy map writes the
/// attribute that disables.
package actor LDIFConnector: Connector {
    private let path: String
    private var directory = LDIFDirectory()
    private var file: FileHandle?
    private var mark: String?

    package init(path: String) { self.path = path }

    package nonisolated var capabilities: ConnectorCapabilities { ConnectorCapabilities(batchSize: 1_000, maintainsReferences: false) }

    package func realm() async throws(ConnectorFailure) -> Realm {
        try open()
        return Realm("ldif \(mark ?? "")")
    }

    package func find(_ queries: [AccountQuery]) async throws(ConnectorFailure) -> [Lookup] {
        try open()
        return queries.map { directory.find($0) }
    }

    package func test() async throws(ConnectorFailure) -> SystemReport {
        try open()
        return SystemReport(facts: ["LDIF change records in \(path), \(directory.entries.count) accounts"], advice: [])
    }

    package func close() async {
        try? file?.close()
        file = nil
    }

    package func execute(_ operations: [AccountOperation]) async -> [OperationResult] {
        do throws(ConnectorFailure) {
            try open()
        } catch {
            return operations.map { OperationResult(id: $0.id, accountID: $0.accountID, name: $0.name, failure: error) }
        }
        var results: [Int: OperationResult] = [:]
        var aside: [AccountID: String] = [:]
        var waiting = Array(operations.indices)
        // A name is freed before it is taken: what meets a name that somebody has is tried again once the others are through.
        while !waiting.isEmpty {
            var refused: [Int] = []
            for index in waiting {
                let result = perform(operations[index], aside)
                results[index] = result
                if result.failure?.errorClass == .conflict { refused.append(index) }
            }
            if refused.count == waiting.count, !park(refused.map { operations[$0] }, &aside) { break }
            waiting = refused
        }
        return operations.indices.compactMap { results[$0] }
    }

    /// Names that go round in a ring: one of the accounts steps aside, under a name that nobody wants. False: nobody whose name is wanted is to leave it.
    private func park(_ refused: [AccountOperation], _ aside: inout [AccountID: String]) -> Bool {
        let wanted = Set(refused.compactMap(\.newName?.text).compactMap { directory.account(named: $0) })
        let leaving = refused.first { operation in
            operation.newName != nil && operation.accountID.map { wanted.contains($0) && aside[$0] == nil } ?? false
        }
        guard let leaving, let account = leaving.accountID, let entry = directory.entries[account] else { return false }
        let container = NameSyntax.path.container(of: AccountName(entry.name))
        let name = "cn=birthright-\(account)" + (container.isEmpty ? "" : "," + container)
        var records = [LDIFRecord(account: account, name: entry.name, change: .rename(newName: name, container: container))]
        for group in leaving.carriedMemberships where directory.isMember(entry.name, of: group) {
            records += [LDIFSteps.regroup(group, .delete, entry.name), LDIFSteps.regroup(group, .add, name)]
        }
        guard (try? append(records)) != nil else { return false }
        aside[account] = name
        return true
    }

    private func perform(_ operation: AccountOperation, _ aside: [AccountID: String]) -> OperationResult {
        let present = operation.accountID.flatMap { aside[$0] } ?? operation.name.text
        var steps = LDIFSteps(directory: directory, operation: operation, present: present)
        steps.run()
        guard !steps.records.isEmpty, steps.result.failure == nil || steps.result.isGone else { return steps.result }
        do throws(ConnectorFailure) {
            try append(steps.records)
        } catch {
            return OperationResult(id: operation.id, accountID: operation.accountID, name: operation.name, failure: error)
        }
        return steps.result
    }

    // MARK: The file

    private func open() throws(ConnectorFailure) {
        guard file == nil else { return }
        do {
            if !FileManager.default.fileExists(atPath: path) {
                let head = "version: 1\n\(LDIFReader.realmMark)\(UUID().uuidString)\n\n"
                guard FileManager.default.createFile(atPath: path, contents: Data(head.utf8), attributes: [.posixPermissions: 0o600]) else {
                    throw ConnectorFailure(.unavailable, "\(path) cannot be written")
                }
            }
            let handle = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            let text = String(decoding: try handle.readToEnd() ?? Data(), as: UTF8.self)
            let reader = try LDIFReader(text.hasPrefix("version: 1\n") ? String(text.dropFirst("version: 1\n".count)) : text)
            let head = text.hasPrefix("version: 1\n") ? "version: 1\n".utf8.count : 0
            try handle.truncate(atOffset: UInt64(head + reader.end))
            try handle.seekToEnd()
            directory = LDIFDirectory()
            for record in reader.records { directory.apply(record) }
            mark = reader.realm
            file = handle
        } catch let damage as LDIFReader.Damage {
            throw ConnectorFailure(
                .unavailable, "\(path) is not what was written there: the record that ends on line \(damage.line + 1) is no change record")
        } catch let failure as ConnectorFailure {
            throw failure
        } catch {
            throw ConnectorFailure(.unavailable, "\(path) cannot be used: \((error as NSError).localizedDescription)")
        }
    }

    /// On the disk, or not at all: what was begun is cut away when the file is opened again.
    private func append(_ records: [LDIFRecord]) throws(ConnectorFailure) {
        do {
            try file?.write(contentsOf: Data(records.map(\.text).joined().utf8))
            try file?.synchronize()
        } catch {
            try? file?.close()
            file = nil
            throw ConnectorFailure(.unknown, "writing to \(path) failed: \((error as NSError).localizedDescription)")
        }
        for record in records { directory.apply(record) }
    }
}
