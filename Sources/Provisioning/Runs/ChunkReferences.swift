internal import Contracts
internal import IdentityModel
internal import Planning

/// References of users who are planned again although their rows are the same.
extension ChunkRun {
    /// The orders of a chunk, those left out that would only point at people without an account (a supervisor HR does not list).
    struct Referencing {
        var orders: [ProvisioningOrder]
        /// Whose order was left out: every run looks at them until the account is there.
        var waiting: Set<UserID> = []
        /// Who is planned when everybody else is: the account may come with this very plan.
        var postponed: Set<UserID> = []
    }

    func decideReferences(_ unsaved: UnsavedChunk) async throws -> Referencing {
        let orders = unsaved.planning.orders(from: counts.orders + 1)
        var referencing = Referencing(orders: orders)
        try await noteRepointed(orders)
        noteDeleted(orders)
        let candidates = orders.filter(\.onlyPoints)
        guard !candidates.isEmpty else { return referencing }
        // The store tells who gets an account in this plan.
        try await finishSaving()
        let fates = try await fates(candidates, besides: orders)
        let postponable = isLast ? [:] : unsaved.lines.drafts.postponable
        let inDoubt = Set(unsaved.planning.inDoubt.map { Repointed(user: $0.user, system: $0.system) })
        var useless: Set<OrderID> = []
        for (order, fates) in zip(candidates, fates) {
            // Rows of this file that stand twice are taken back at its end, and with them the accounts that they were to bring.
            let isIdle = fates.allSatisfy(\.isIdle)
            guard isIdle || fates.contains(.dereferenced) || fates.contains(.awaited) && !isReplaying else { continue }
            if let cause = postponable[order.user] {
                postponed[order.user] = cause
                referencing.postponed.insert(order.user)
            } else if isIdle {
                // Whose row changed is planned once: the account may still come with another row.
                if unsaved.lines.drafts.again[order.user] == nil || inDoubt.contains(Repointed(user: order.user, system: order.system)) {
                    continue
                }
                useless.insert(order.id)
                referencing.waiting.insert(order.user)
            } else if fates.contains(.dereferenced), let index = orders.firstIndex(where: { $0.id == order.id }) {
                referencing.orders[index].dereferences = true
            }
        }
        referencing.orders.removeAll { useless.contains($0.id) || referencing.postponed.contains($0.user) }
        for index in referencing.orders.indices {
            referencing.orders[index].id = OrderID(plan: referencing.orders[index].id.plan, sequence: counts.orders + 1 + index)
        }
        return referencing
    }

    /// `others`: orders of this plan that the store does not hold yet.
    private func fates(_ candidates: [ProvisioningOrder], besides others: [ProvisioningOrder]) async throws -> [Set<ReferenceFate>] {
        var targets: [SystemName: [UserReference: ReferencedAccount]] = [:]
        let makers = Dictionary(grouping: others.filter(\.makesAccount), by: \.system).mapValues { Set($0.map(\.user)) }
        for (system, orders) in Dictionary(grouping: candidates, by: \.system).sorted(by: { $0.key < $1.key }) {
            var found = try await store.references(system, to: Set(orders.flatMap(\.references)).sorted(), plan: plan.id)
            notes.ambiguousReferences.formUnion(found.filter(\.value.isAmbiguous).keys)
            for (reference, account) in found where account.target == .none || account.target == .expected {
                if let user = account.user, makers[system]?.contains(user) ?? false { found[reference]?.target = .awaited }
            }
            targets[system] = found
        }
        return candidates.map { order in
            Set(order.requests.map { request in ReferenceFate(request) { targets[order.system]?[$0]?.target } })
        }
    }

    /// Those who change and would point at nobody as far as is known: what they point at may come with a later row.
    private func noteRepointed(_ orders: [ProvisioningOrder]) async throws {
        let repointing = orders.filter {
            $0.operation != .create && !$0.onlyPoints && $0.failure == nil && !$0.isWithdrawal && !$0.repointing.isEmpty
        }
        guard !repointing.isEmpty else { return }
        for (order, fates) in zip(repointing, try await fates(repointing, besides: orders)) where fates.contains(.dereferenced) {
            repointed[Repointed(user: order.user, system: order.system)] = order.repointing
        }
    }

    /// Whose accounts go, and of whom the plan says itself what becomes of their references.
    private func noteDeleted(_ orders: [ProvisioningOrder]) {
        for order in orders where order.failure == nil && order.operation != .create {
            if order.becomes == .deleted { deleted[order.system, default: []].insert(order.user) }
            guard order.isWithdrawal || order.requests.contains(where: { $0.isReference && !$0.before.isEmpty }) else { continue }
            pointedAnew.insert(Repointed(user: order.user, system: order.system))
        }
    }

    /// Who points at an account that goes, and is to point at nobody else: orders that are born when it is gone take the reference out.
    private func countReferers() async throws {
        for (system, users) in deleted.sorted(by: { $0.key < $1.key }) {
            var counted: Set<UserID> = []
            try await inChunks(users.sorted()) { users in
                let referers = try await store.referers(to: users, on: system).values.joined().map(\.user)
                counted.formUnion(referers.filter { !pointedAnew.contains(Repointed(user: $0, system: system)) })
            }
            if !counted.isEmpty { dereferences[system, default: 0] += counted.count }
        }
    }

    /// How many of those who change will point at nobody: the guards count them, although only the answer to the order says so.
    private func countDereferences() async throws {
        try await countReferers()
        for (system, accounts) in Dictionary(grouping: repointed, by: \.key.system).sorted(by: { $0.key < $1.key }) {
            try await inChunks(accounts.map(\.value)) { requests in
                let references = Set(requests.joined().flatMap(\.references)).sorted()
                let targets = try await store.references(system, to: references, plan: plan.id)
                let count = requests.count { $0.contains { ReferenceFate($0) { targets[$0]?.target } == .dereferenced } }
                if count > 0 { dereferences[system, default: 0] += count }
            }
        }
    }

    /// To be called when everybody else is planned and rows that stand twice are taken back. One of them may bring the account that another waits for, so they
    /// are gone through until nobody is planned any more; who is left then is planned as it stands.
    func planPostponed() async throws {
        try await finishSaving()
        isReplaying = true
        var left = postponed.count
        while left > 0 {
            let before = left
            try await planAllPostponed()
            left = postponed.count
            if left == before { break }
        }
        isLast = true
        try await planAllPostponed()
        try await countDereferences()
    }

    private func planAllPostponed() async throws {
        let causes = postponed
        postponed = [:]
        try await inChunks(causes.keys.sorted()) { users in
            try await plan(users) { .again(causes[$0]?.reasons ?? [], at: causes[$0]?.position) }
        }
        try await finishSaving()
    }
}

extension ProvisioningOrder {
    /// Of somebody whose row is the same: it may do nothing but point at others.
    fileprivate var onlyPoints: Bool { change == .unchanged && operation == .modify && !renames && !adopts && !references.isEmpty }

    /// An account is there when it is done that was not there before.
    fileprivate var makesAccount: Bool { failure == nil && (operation == .create || adopts) && becomes == .enabled }

    /// References in place of others that we wrote.
    fileprivate var repointing: [AttributeRequest] {
        requests.filter { $0.kind == .attribute && !$0.before.isEmpty && !$0.references.isEmpty }
    }
}

/// An account whose references are to be other ones.
struct Repointed: Hashable {
    let user: UserID
    let system: SystemName
}

/// Why a user is looked at although the row is the same, and where that row stands.
struct PostponedCause: Sendable {
    let reasons: ReplanReasons
    var position: SourcePosition?
}

extension ChunkDrafts {
    /// Users who can be planned from what is kept as well as from their rows, and why they are looked at.
    fileprivate var postponable: [UserID: PostponedCause] {
        var causes = again.filter { !$0.value.contains(.quarantine) && !restated.contains($0.key) }.mapValues {
            PostponedCause(reasons: $0)
        }
        for change in changes {
            if change.ended.isEmpty { causes[change.user.id]?.position = change.claim?.position } else { causes[change.user.id] = nil }
        }
        return causes
    }
}
