internal import Contracts
internal import IdentityModel
internal import Planning

/// A chunk that is planned and not known to be kept.
final class UnsavedChunk {
    /// Which of it becomes lines of the plan.
    let lines: PlanLines
    /// The sum of the versions of each user's accounts.
    let accountVersions: [UserID: Int]
    /// Rows that were set aside or wait.
    let rows: PlanChunk
    /// Users that an approved plan of another origin is about to change.
    var leftToOthers = 0
    /// Names that belonged to somebody else when the chunk was to be kept.
    var lost: Set<NameClaim> = []
    let planning: ChunkPlanning
    /// What is to be kept, once computed.
    private(set) var chunk = PlanChunk()
    /// Who holds the names that it reserves.
    private(set) var names: [NameClaim: UserID] = [:]

    init(_ lines: PlanLines, knowledge: Knowledge, rows: PlanChunk, planning: ChunkPlanning) {
        accountVersions = knowledge.accounts.mapValues { $0.reduce(0) { $0 + $1.version } }
        self.lines = lines
        self.rows = rows
        self.planning = planning
    }

    func take(_ computed: PlanChunk) {
        chunk = computed
        names = Dictionary(computed.reservations.map { ($0.claim, $0.user) }, uniquingKeysWith: { first, _ in first })
    }

    /// Accounts that nobody is due or known to have, and that may have come to be all the same: an order was sent, and its answer was lost.
    func sentForNobody(besides known: [AccountLeftAside], on systems: Set<SystemName>) -> [AccountLeftAside] {
        guard !lines.openOrders.isEmpty else { return [] }
        return lines.drafts.changes.flatMap { change in
            let sent = Set((lines.openOrders[change.user.id] ?? []).filter { $0.state == .transmitted }.map(\.system)).intersection(systems)
            return sent.sorted().filter { system in !known.contains { $0.user == change.user.id && $0.system == system } }
                .map { AccountLeftAside(user: change.user.id, system: $0, isDue: false) }
        }
    }

    /// Gives the orders their places in the plan.
    func number(from first: Int) {
        guard let order = chunk.orders.first, order.id.sequence != first else { return }
        for index in chunk.orders.indices { chunk.orders[index].id = OrderID(plan: order.id.plan, sequence: first + index) }
    }
}
