internal import Contracts
internal import IdentityModel

/// Operations of different accounts, carried out together: each step for all of them at once, so that a group takes its members by few requests.
struct AccountBatch<Service: AccountService, Groups: GroupService> {
    private let service: Service
    private let groups: Groups
    private var works: [AccountWork<Service>]

    private init(_ service: Service, _ groups: Groups, _ operations: [AccountOperation]) {
        self.service = service
        self.groups = groups
        works = operations.map(AccountWork.init)
    }

    static func run(_ operations: [AccountOperation], _ service: Service, _ groups: Groups) async -> [OperationResult] {
        var results: [Int: OperationResult] = [:]
        for round in rounds(operations) {
            var batch = AccountBatch(service, groups, round.map { operations[$0] })
            for (index, result) in zip(round, await batch.run()) { results[index] = result }
        }
        return operations.indices.compactMap { results[$0] }
    }

    /// Operations of one account follow each other; all others are under way at once. Of one whose id nobody knows the name tells whose it is.
    private static func rounds(_ operations: [AccountOperation]) -> [[Int]] {
        var rounds: [[Int]] = []
        var seen: [String: Int] = [:]
        for (index, operation) in operations.enumerated() {
            let key = operation.accountID.map { "id " + $0.text } ?? "name " + operation.name.text.lowercased()
            let round = seen[key, default: 0]
            seen[key] = round + 1
            if rounds.count <= round { rounds.append([]) }
            rounds[round].append(index)
        }
        return rounds
    }

    private mutating func run() async -> [OperationResult] {
        await each { work, service in await work.look(service) }
        await each { work, service in await work.switchOff(service) }
        await regroup(.remove)
        // Whose name may be wanted by others of the batch.
        await each { work, service in await work.delete(service) }
        await writeEntries()
        await each { work, service in await work.change(service) }
        await regroup(.add)
        await each { work, service in await work.switchOn(service) }
        await confirm()
        return works.map(\.result)
    }

    /// One step of every operation, all at the same time.
    private mutating func each(
        _ indices: [Int]? = nil, _ step: @escaping @Sendable (inout AccountWork<Service>, Service) async -> Void
    ) async {
        let (service, works) = (service, works)
        let done = await withTaskGroup(of: (Int, AccountWork<Service>).self) { group in
            for index in indices ?? Array(works.indices) {
                group.addTask {
                    var work = works[index]
                    await step(&work, service)
                    return (index, work)
                }
            }
            return await group.reduce(into: [Int: AccountWork<Service>]()) { $0[$1.0] = $1.1 }
        }
        for (index, work) in done { self.works[index] = work }
    }

    // MARK: Names

    /// Makes and renames. A name is freed before it is taken: what meets one that somebody has is tried again once the others are through.
    private mutating func writeEntries() async {
        var waiting = works.indices.filter { works[$0].writesName }
        while !waiting.isEmpty {
            await each(waiting) { work, service in await work.name(service) }
            let refused = waiting.filter { works[$0].failure?.errorClass == .conflict }
            guard !refused.isEmpty else { return }
            if refused.count == waiting.count {
                guard await park(refused) else { break }
            }
            waiting = refused
        }
        await each(works.indices.filter { works[$0].isAside }) { work, service in await work.comeBack(service) }
    }

    /// Names that go round in a ring: one of the users steps aside, under a name that nobody wants. False: nobody whose name is wanted is to leave it.
    private mutating func park(_ refused: [Int]) async -> Bool {
        let wanted = Set(refused.map { works[$0].wantedName.text.lowercased() })
        let leaving = refused.first { index in
            !works[index].isAside && works[index].operation.newName != nil && wanted.contains(works[index].nameNow.text.lowercased())
        }
        guard let leaving else { return false }
        await each([leaving]) { work, service in await work.stepAside(service) }
        return works[leaving].isAside
    }

    // MARK: Groups

    private struct Share: Hashable, Sendable {
        let work: Int
        let request: Int
        let member: String
    }

    /// What is to be done with each group, by the group's name.
    private func shares(_ change: MemberChange, _ isMeant: (AccountWork<Service>) -> Bool = { _ in true }) -> [String: [Share]] {
        var shares: [String: [Share]] = [:]
        for (index, work) in works.enumerated() where isMeant(work) && (change == .remove ? work.mayLeaveGroups : work.mayJoinGroups) {
            guard let member = work.id?.text else { continue }
            for (place, request) in work.operation.requests.enumerated()
            where request.kind == .membership && (request.operation == .remove) == (change == .remove) {
                for group in request.values { shares[group, default: []].append(Share(work: index, request: place, member: member)) }
            }
        }
        return shares
    }

    private mutating func regroup(_ change: MemberChange) async {
        for (share, failure) in await send(change, shares(change)) { works[share.work].failedRequests[share.request] = failure }
        let isChange = { (request: AccountOperation.Request) in
            request.kind == .membership && (request.operation == .remove) == (change == .remove)
        }
        for index in works.indices where change == .remove ? works[index].mayLeaveGroups : works[index].mayJoinGroups {
            works[index].note(works[index].operation.requests.indices.filter { isChange(works[index].operation.requests[$0]) })
        }
    }

    private func send(_ change: MemberChange, _ shares: [String: [Share]]) async -> [Share: ConnectorFailure] {
        let groups = groups
        return await withTaskGroup(of: [Share: ConnectorFailure].self) { tasks in
            for (name, shares) in shares {
                tasks.addTask { await AccountBatch.send(change, shares, to: name, groups) }
            }
            return await tasks.reduce(into: [:]) { $0.merge($1) { one, _ in one } }
        }
    }

    private static func send(
        _ change: MemberChange, _ shares: [Share], to name: String, _ groups: Groups
    ) async -> [Share: ConnectorFailure] {
        func all(_ failure: ConnectorFailure) -> [Share: ConnectorFailure] {
            Dictionary(shares.map { ($0, failure) }, uniquingKeysWith: { one, _ in one })
        }
        do throws(ConnectorFailure) {
            guard let group = try await groups.id(of: name) else {
                // Nobody is a member of a group that is gone.
                return change == .remove ? [:] : all(ConnectorFailure(.permanent, "there is no group '\(name)'"))
            }
            var failures: [Share: ConnectorFailure] = [:]
            for start in stride(from: 0, to: shares.count, by: groups.chunk) {
                let part = shares[start..<min(start + groups.chunk, shares.count)]
                let failed = await groups.apply(change, Set(part.map(\.member)).sorted(), to: group)
                for share in part { failures[share] = failed[share.member] }
            }
            return failures
        } catch {
            return all(error)
        }
    }

    // MARK: Uncertain

    /// Of attempts whose outcome is not known each group is asked whether it holds the user; what differs is sent once more, and differs no more or is a failure.
    private mutating func confirm() async {
        for change in [MemberChange.remove, .add] {
            let concerned = shares(change) { $0.operation.isUncertain }
            let differing = await differing(change, concerned)
            guard !differing.isEmpty else { continue }
            _ = await send(change, differing)
            for (group, shares) in await self.differing(change, differing) {
                for share in shares {
                    let what = change == .add ? "does not hold" : "still holds"
                    works[share.work].failedRequests[share.request] = ConnectorFailure(
                        .transient, "the group '\(group)' \(what) the user after it was told")
                }
            }
        }
    }

    private func differing(_ change: MemberChange, _ shares: [String: [Share]]) async -> [String: [Share]] {
        let groups = groups
        return await withTaskGroup(of: (String, [Share]).self) { tasks in
            for (name, shares) in shares {
                let asked = shares.filter { works[$0.work].failedRequests[$0.request] == nil }
                tasks.addTask { (name, await AccountBatch.differing(change, asked, name, groups)) }
            }
            return await tasks.reduce(into: [:]) { if !$1.1.isEmpty { $0[$1.0] = $1.1 } }
        }
    }

    private static func differing(
        _ change: MemberChange, _ shares: [Share], _ name: String, _ groups: Groups
    ) async -> [Share] {
        var differing: [Share] = []
        do throws(ConnectorFailure) {
            guard let group = try await groups.id(of: name) else { return [] }
            for share in shares where try await groups.holds(share.member, group: group) != (change == .add) { differing.append(share) }
            return differing
        } catch {
            // Not shown is not done.
            return shares
        }
    }
}
