import Contracts
import Histories
import IdentityModel

/// Carries out a batch in the order that `Connector` promises.
struct ScriptedBatch {
    typealias Request = () throws(ScriptedServer.Refusal) -> Void
    /// Nil: done.
    typealias Send = (@escaping Request) async -> ConnectorFailure?
    private struct Progress {
        let operation: AccountOperation
        var id: String?
        var name: String
        var failure: ConnectorFailure?
        var failed: [Int: ConnectorFailure] = [:]
        var done: Set<Int> = []
        var notThere: Set<Int> = []
        var isSwitched = false
        /// The operation's name is not the account's: it is found elsewhere, or gone.
        var isLost = false
        /// Another entry has the operation's name.
        var isOthers = false
        /// Under which the account may stand in groups.
        var names: Set<String> {
            let known = operation.name.text
            return Set((id == nil ? [] : [name]) + (isOthers ? [] : [known]))
        }
        /// Former names that nobody else has.
        var formerNames: [String] { operation.formerNames.map(\.text).filter { !isOthers || $0 != operation.name.text } }
        /// What an entry that is gone leaves to be done.
        var onlyLeavesGroups: Bool {
            operation.newName == nil && !operation.appliesDialectDisabling
                && operation.requests.allSatisfy { $0.kind == .membership && $0.operation == .remove }
        }
    }

    private let server: ScriptedServer
    private let send: Send
    private var progress: [Progress]
    /// Folded names that are added with this batch, by folded group.
    private var joined: [String: Set<String>] = [:]

    init(_ operations: [AccountOperation], server: ScriptedServer, send: @escaping Send) {
        self.server = server
        self.send = send
        progress = operations.map { operation in
            // A former name that another entry has is that one's.
            var operation = operation
            operation.formerNames.removeAll { name in
                server.entry(named: name.text).map { $0.id != operation.accountID?.text && !server.hidden.contains($0.id) } ?? false
            }
            guard operation.operation != .create else { return Progress(operation: operation, name: operation.name.text) }
            let named = server.entry(named: operation.name.text)
            let isOwn = named.map { $0.id == operation.accountID?.text || server.hidden.contains($0.id) } ?? false
            guard let id = operation.accountID?.text, !isOwn else {
                return Progress(operation: operation, id: named?.id ?? operation.accountID?.text, name: operation.name.text)
            }
            // Whoever has lost the name is looked up by the id.
            let actual = server.hidden.contains(id) ? nil : server.entries[id]
            return Progress(
                operation: operation, id: actual?.id, name: actual?.name ?? operation.name.text, isLost: true, isOthers: named != nil)
        }
    }

    /// Accounts that the batch did not find under their names.
    var lost: [AccountID] { progress.filter(\.isLost).compactMap(\.operation.accountID) }

    mutating func run() async -> [OperationResult] {
        for index in progress.indices where progress[index].operation.direction == .withdrawing { await switchOff(index) }
        await memberships(adding: false) { $0.operation.operation != .create }
        for index in progress.indices { await write(index) }
        await memberships(adding: false) { $0.operation.operation == .create && $0.id != nil }
        await memberships(adding: true) { $0.operation.operation != .delete && $0.failure == nil && $0.id != nil }
        await leaveFormerNames()
        for index in progress.indices where progress[index].operation.direction == .enabling { await switchOn(index) }
        server.repairReferences()
        await verify()
        return progress.map(result)
    }

    private func result(_ progress: Progress) -> OperationResult {
        let isGone = progress.operation.operation == .delete && progress.failure == nil
        // Writing by name tells nobody which entry it was.
        var result = OperationResult(
            id: progress.operation.id, accountID: progress.operation.accountID ?? progress.id.map { AccountID($0) },
            name: isGone || progress.id == nil && progress.isLost ? nil : AccountName(progress.name), failure: progress.failure,
            failedRequests: progress.failed,
            doneRequests: progress.failure == nil || progress.isOthers && progress.id == nil ? [] : progress.done,
            isSwitched: progress.isSwitched, notThere: progress.notThere)
        result.wasElsewhere = progress.isLost && progress.id != nil
        result.isGone = progress.isLost && progress.id == nil
        if result.isGone, progress.failure == nil, progress.isOthers, progress.names.isEmpty, progress.formerNames.isEmpty {
            result.leftAlone = Set(progress.operation.requests.indices.filter { progress.operation.requests[$0].kind == .membership })
        }
        return result
    }

    // MARK: Entries

    private func changes(_ operation: AccountOperation, _ wanted: (AccountOperation.Request) -> Bool) -> [(
        Int, ScriptedServer.Modification
    )] {
        operation.requests.enumerated().compactMap { index, request in
            guard request.kind == .attribute, wanted(request) else { return nil }
            let kind: ScriptedServer.Modification.Kind =
                switch request.operation {
                case .add: .add
                case .set: .replace
                case .remove: .delete
                }
            return (index, ScriptedServer.Modification(kind: kind, attribute: request.name, values: request.values))
        }
    }

    private func dialect(enabled: Bool) -> ScriptedServer.Modification {
        ScriptedServer.Modification(kind: .replace, attribute: "pwdAccountLockedTime", values: enabled ? [] : ["000001010000Z"])
    }

    /// Step 1 of a withdrawal: in one modify, and if that is refused the dialect's own alone.
    private mutating func switchOff(_ index: Int) async {
        guard let id = progress[index].id else { return }
        let operation = progress[index].operation
        let switching = changes(operation) { $0.switches }
        let own = operation.appliesDialectDisabling ? [dialect(enabled: false)] : []
        guard !switching.isEmpty || !own.isEmpty else { return }
        let server = server
        if let failure = await send({ () throws(ScriptedServer.Refusal) in try server.modify(id, switching.map(\.1) + own) }) {
            progress[index].failure = failure
            guard failure.errorClass == .permanent, !own.isEmpty else { return }
            if await send({ () throws(ScriptedServer.Refusal) in try server.modify(id, own) }) == nil { progress[index].isSwitched = true }
        } else {
            progress[index].done.formUnion(switching.map(\.0))
            progress[index].isSwitched = true
        }
    }

    private mutating func switchOn(_ index: Int) async {
        guard progress[index].failure == nil, let id = progress[index].id else { return }
        let operation = progress[index].operation
        let switching = changes(operation) { $0.switches }
        let own = operation.appliesDialectDisabling ? [dialect(enabled: true)] : []
        guard !switching.isEmpty || !own.isEmpty else { return }
        let server = server
        if let failure = await send({ () throws(ScriptedServer.Refusal) in try server.modify(id, switching.map(\.1) + own) }) {
            progress[index].failure = failure
        } else {
            progress[index].done.formUnion(switching.map(\.0))
            progress[index].isSwitched = true
        }
    }

    private mutating func write(_ index: Int) async {
        let operation = progress[index].operation
        switch operation.operation {
        case .create: await create(index)
        case .delete:
            guard let id = progress[index].id, server.entries[id] != nil else {
                if progress[index].isOthers, !operation.isGone { note(index, ScriptedBatch.replaced) }
                return
            }
            let server = server
            note(index, await send { () throws(ScriptedServer.Refusal) in try server.delete(id) })
        case .modify, .enable, .disable, .unlock:
            guard let id = progress[index].id, server.entries[id] != nil else {
                if operation.isGone { return }
                if progress[index].isOthers { return note(index, ScriptedBatch.replaced) }
                if progress[index].onlyLeavesGroups { return }
                progress[index].failure = ConnectorFailure(
                    .permanent, "the account no longer exists", serverText: "LDAP 32: no such object")
                return
            }
            // What the account's going on depends on stops it; a withdrawal goes through with the rest.
            if let failure = await rename(index, id) {
                note(index, failure)
                if operation.direction != .withdrawing { return }
            }
            let isTurning = operation.direction != .steady
            let rest = changes(operation) { !isTurning || !$0.switches }
            // Whoever gives no direction means the dialect's disabling to be part of the modify.
            let isPlain = !isTurning && operation.appliesDialectDisabling
            let own = isPlain ? [dialect(enabled: operation.operation == .enable)] : []
            guard !rest.isEmpty || !own.isEmpty else { return }
            let server = server
            let failure = await send { () throws(ScriptedServer.Refusal) in try server.modify(id, rest.map(\.1) + own) }
            note(index, failure)
            if failure == nil { progress[index].done.formUnion(rest.map(\.0)) }
        }
    }

    private static let replaced = ConnectorFailure(.permanent, "the account no longer exists, and its name is another entry's")

    private mutating func note(_ index: Int, _ failure: ConnectorFailure?) {
        if let failure, progress[index].failure == nil { progress[index].failure = failure }
    }

    private mutating func create(_ index: Int) async {
        let operation = progress[index].operation
        let server = server
        let own = changes(operation) { _ in true }
        var created: String?
        let parts = operation.name.text.prefix { $0 != "," }.split(separator: "=", maxSplits: 1).map(String.init)
        var attributes = own.map { ($0.1.attribute, $0.1.values) }
        if parts.count == 2, !attributes.contains(where: { $0.0.lowercased() == parts[0].lowercased() }) {
            attributes.append((parts[0], [parts[1].replacing("\\", with: "")]))
        }
        let failure = await send { () throws(ScriptedServer.Refusal) in created = try server.add(operation.name.text, attributes) }
        note(index, failure)
        guard failure == nil else { return }
        progress[index].id = created
        progress[index].done.formUnion(own.map(\.0))
    }

    private mutating func rename(_ index: Int, _ id: String) async -> ConnectorFailure? {
        guard let newName = progress[index].operation.newName?.text, newName != progress[index].name else { return nil }
        let (server, staying) = (server, progress[index].operation.staying)
        if let failure = await send({ () throws(ScriptedServer.Refusal) in try server.rename(id, to: newName, staying: staying) }) {
            return failure
        }
        progress[index].name = newName
        return nil
    }

    // MARK: Memberships

    private struct Place: Hashable {
        let index: Int
        /// Nil: a membership that is carried to another name.
        let request: Int?
    }

    /// One modify per group with the names of many accounts.
    private mutating func memberships(adding: Bool, of isMeant: (Progress) -> Bool) async {
        var names: [String: [String]] = [:]
        var owners: [String: [Place]] = [:]
        for (index, one) in progress.enumerated() {
            guard isMeant(one) else { continue }
            for (place, request) in one.operation.requests.enumerated()
            where request.kind == .membership && (request.operation != .remove) == adding {
                for group in request.values {
                    let former =
                        adding ? [] : one.operation.formerNames.map(\.text).filter { !one.isOthers || $0 != one.operation.name.text }
                    if !former.isEmpty { server.record.marks.insert(.leftUnderFormerName) }
                    // Whoever is taken out goes by the name that was given, and by that under which the entry is found.
                    names[foldedName(group), default: []] += (adding ? [one.name] : one.names.sorted()) + former
                    owners[foldedName(group), default: []].append(Place(index: index, request: place))
                }
            }
            guard adding, carries(index) else { continue }
            for group in one.operation.carriedMemberships {
                names[foldedName(group), default: []].append(one.name)
                owners[foldedName(group), default: []].append(Place(index: index, request: nil))
            }
        }
        if adding { joined = names.mapValues { Set($0.map(foldedName)) } }
        await change(names, owners, adding: adding)
    }

    private mutating func change(_ names: [String: [String]], _ owners: [String: [Place]], adding: Bool) async {
        for group in names.keys.sorted() {
            let (server, members) = (server, names[group] ?? [])
            let held = Set(members.map(foldedName).filter { server.isMember($0, of: group) })
            let failure = await send { () throws(ScriptedServer.Refusal) in try server.change(group: group, adding: adding, members) }
            for place in owners[group] ?? [] {
                note(place, failure)
                guard failure == nil, !adding, let request = place.request, isToldApart(place.index) else { continue }
                if held.isDisjoint(with: progress[place.index].names.map(foldedName)) { progress[place.index].notThere.insert(request) }
            }
        }
    }

    /// A membership that is carried has no request of its own: the operation failed then, and what could not be sent is not known.
    private mutating func note(_ place: Place, _ failure: ConnectorFailure?) {
        switch (place.request, failure) {
        case (let request?, let failure?): progress[place.index].failed[request] = failure
        case (let request?, nil): progress[place.index].done.insert(request)
        case (nil, let failure?):
            let isOpen = failure.errorClass == .unavailable || failure.errorClass == .transient
            note(place.index, isOpen ? ConnectorFailure(.unknown, failure.message) : failure)
        case (nil, nil): break
        }
    }

    // MARK: Memberships that are carried to another name

    private func oldNames(_ index: Int) -> [String] {
        let one = progress[index]
        let former = one.operation.formerNames.map(\.text) + one.names
        return former.filter { foldedName($0) != foldedName(one.name) && (!one.isOthers || $0 != one.operation.name.text) }
    }

    private func carries(_ index: Int) -> Bool {
        let one = progress[index]
        return server.book.repair == .never && one.failure?.errorClass != .unknown && one.id != nil && !oldNames(index).isEmpty
    }

    /// After the new names are in. A name that joined the group with this batch is another account's now.
    private mutating func leaveFormerNames() async {
        var names: [String: [String]] = [:]
        var owners: [String: [Place]] = [:]
        for index in progress.indices where carries(index) {
            for group in progress[index].operation.carriedMemberships {
                let old = oldNames(index).filter { joined[foldedName(group)]?.contains(foldedName($0)) != true }
                guard !old.isEmpty else { continue }
                names[foldedName(group), default: []] += old
                owners[foldedName(group), default: []].append(Place(index: index, request: nil))
            }
        }
        await change(names, owners, adding: false)
    }

    private func isToldApart(_ index: Int) -> Bool {
        let operation = progress[index].operation
        return !operation.isUncertain && operation.formerNames.isEmpty && operation.operation != .delete
    }

    /// After an uncertain outcome the groups themselves are asked, and what differs is sent once more.
    private mutating func verify() async {
        for (index, one) in progress.enumerated() where one.operation.isUncertain && one.failure == nil && (one.id != nil || !one.isOthers)
        {
            for (place, request) in one.operation.requests.enumerated() where request.kind == .membership {
                let adding = request.operation != .remove
                for group in request.values where server.isMember(one.name, of: group) != adding {
                    let (server, name) = (server, one.name)
                    if let failure = await send({ () throws(ScriptedServer.Refusal) in
                        try server.change(group: group, adding: adding, [name])
                    }) {
                        progress[index].failed[place] = failure
                    }
                }
            }
        }
    }
}
