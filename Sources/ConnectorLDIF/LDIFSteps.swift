internal import Contracts
internal import Foundation
internal import IdentityModel

/// One operation as change records, in the order that every connector keeps: withdrawing switches off first, then takes memberships, then renames; otherwise
/// rename, attributes, memberships. Nothing is refused half way: a file takes all of it or nothing.
struct LDIFSteps {
    private let directory: LDIFDirectory
    private let operation: AccountOperation
    private(set) var records: [LDIFRecord] = []
    private(set) var result: OperationResult
    private var notThere: Set<Int> = []

    /// What the account is called: the operation's name, unless it stepped aside in this batch.
    private let present: String

    init(directory: LDIFDirectory, operation: AccountOperation, present: String) {
        self.present = present
        self.directory = directory
        self.operation = operation
        result = OperationResult(id: operation.id, accountID: operation.accountID, name: operation.newName ?? operation.name, failure: nil)
    }

    mutating func run() {
        if operation.appliesDialectDisabling {
            return refuse("a file has no way of its own to disable accounts: write an attribute whose rule reads account.enabled")
        }
        if operation.operation == .create { return create() }
        guard let id = operation.accountID ?? directory.account(named: operation.name.text), let entry = directory.entries[id] else {
            return gone()
        }
        let isElsewhere = entry.name != present
        if operation.operation == .delete {
            memberships(.remove, under: names(of: entry))
            records.append(LDIFRecord(account: id, name: entry.name, change: .delete))
            return answer(id, nil, isElsewhere)
        }
        if let wanted = operation.newName?.text, let holder = directory.account(named: wanted), holder != id {
            result = OperationResult(
                id: operation.id, accountID: id, name: AccountName(entry.name),
                failure: ConnectorFailure(.conflict, "there is an entry \(wanted) already"))
            return
        }
        let isWithdrawing = operation.direction == .withdrawing
        if isWithdrawing {
            modify(id, entry.name) { $0.switches }
            memberships(.remove, under: names(of: entry))
        }
        let name = rename(id, entry.name)
        if operation.carriesMemberships || isElsewhere { carry(from: names(of: entry) + [operation.name.text], to: name) }
        modify(id, name) { !isWithdrawing || !$0.switches }
        if !isWithdrawing { memberships(.remove, under: names(of: entry)) }
        memberships(.add, under: [name])
        answer(id, name, isElsewhere)
    }

    /// Every name under which groups may hold the account, without those that another entry has by now.
    private func names(of entry: LDIFDirectory.Entry) -> [String] {
        [entry.name] + operation.formerNames.map(\.text).filter { directory.account(named: $0) == nil }
    }

    private mutating func answer(_ id: AccountID?, _ name: String?, _ isElsewhere: Bool) {
        result = OperationResult(id: operation.id, accountID: id, name: name.map { AccountName($0) }, failure: nil, notThere: notThere)
        result.wasElsewhere = isElsewhere
    }

    private mutating func create() {
        guard directory.account(named: operation.name.text) == nil else {
            result.failure = ConnectorFailure(.conflict, "there is an entry \(operation.name) already")
            return
        }
        let id = AccountID(UUID().uuidString)
        let lines = attributes { _ in true }.flatMap { request in request.values.map { LDIFRecord.Line(request.name, $0) } }
        records.append(LDIFRecord(account: id, name: operation.name.text, change: .add(lines)))
        memberships(
            .remove, under: [operation.name.text] + operation.formerNames.map(\.text).filter { directory.account(named: $0) == nil })
        memberships(.add, under: [operation.name.text])
        answer(id, operation.name.text, false)
    }

    /// Of an account that is gone only memberships are taken away, under names that no other entry has.
    private mutating func gone() {
        let names = ([operation.name] + operation.formerNames).map(\.text)
        let free = names.filter { directory.account(named: $0) == nil }
        memberships(.remove, under: free)
        let removals = operation.requests.indices.filter {
            operation.requests[$0].kind == .membership && operation.requests[$0].operation == .remove
        }
        answer(nil, nil, false)
        result.isGone = true
        if free.isEmpty { result.leftAlone = Set(removals) }
        if directory.account(named: operation.name.text) != nil && !operation.isGone {
            refuse("another entry has the name of the account, which is gone")
        } else if operation.operation != .delete && removals.count != operation.requests.count {
            result.doneRequests = Set(removals)
            refuse("the entry is gone")
        }
    }

    private mutating func refuse(_ message: String) { result.failure = ConnectorFailure(.permanent, message) }

    private func attributes(_ condition: (AccountOperation.Request) -> Bool) -> [AccountOperation.Request] {
        operation.requests.filter { $0.kind == .attribute && condition($0) }
    }

    private mutating func modify(_ id: AccountID, _ name: String, _ condition: (AccountOperation.Request) -> Bool) {
        let modifications = attributes(condition).compactMap { request -> LDIFRecord.Modification? in
            let present = directory.entries[id]?.attributes[request.name] ?? []
            switch request.operation {
            // A value that is there would be refused by whoever reads the file (RFC 4511, 4.6).
            case .add:
                let values = request.values.filter { !present.contains($0) }
                return values.isEmpty ? nil : .init(kind: .add, attribute: request.name, values: values)
            // `replace` without values removes, also what is not there; `delete` of nothing would be refused (RFC 4511 section 4.6).
            case .set: return .init(kind: .replace, attribute: request.name, values: request.values)
            case .remove:
                if request.values.isEmpty { return .init(kind: .replace, attribute: request.name, values: []) }
                let values = request.values.filter(present.contains)
                return values.isEmpty ? nil : .init(kind: .delete, attribute: request.name, values: values)
            }
        }
        if !modifications.isEmpty { records.append(LDIFRecord(account: id, name: name, change: .modify(modifications))) }
    }

    private mutating func rename(_ id: AccountID, _ present: String) -> String {
        guard let wanted = operation.newName?.text, wanted != present else { return present }
        let container = NameSyntax.path.container(of: AccountName(wanted))
        records.append(LDIFRecord(account: id, name: present, change: .rename(newName: wanted, container: container)))
        return wanted
    }

    /// Nothing but us keeps references right: groups that stay get the name that is there now, and lose every other.
    private mutating func carry(from names: [String], to name: String) {
        for group in operation.carriedMemberships {
            for former in Set(names).sorted() where former != name && directory.isMember(former, of: group) {
                guard directory.account(named: former).map({ directory.entries[$0]?.name != former || $0 == operation.accountID }) ?? true
                else {
                    continue
                }
                records.append(LDIFSteps.regroup(group, .delete, former))
            }
            if !directory.isMember(name, of: group) || !names.contains(name) { records.append(LDIFSteps.regroup(group, .add, name)) }
        }
    }

    private mutating func memberships(_ kind: RequestOperation, under names: [String]) {
        for (index, request) in operation.requests.enumerated()
        where request.kind == .membership && (request.operation == .remove) == (kind == .remove) {
            for group in request.values {
                let concerned = names.filter { directory.isMember($0, of: group) == (kind == .remove) }
                for name in concerned { records.append(LDIFSteps.regroup(group, kind == .remove ? .delete : .add, name)) }
                let tells = !operation.isUncertain && operation.formerNames.isEmpty
                if kind == .remove, tells, concerned.isEmpty { notThere.insert(index) }
            }
        }
    }

    static func regroup(_ group: String, _ kind: LDIFRecord.Modification.Kind, _ member: String) -> LDIFRecord {
        LDIFRecord(
            account: nil, name: group, change: .modify([.init(kind: kind, attribute: "member", values: [member])]))
    }
}
