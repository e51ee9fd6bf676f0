public import IdentityModel

/// What a listing shows of the audit trail or of the events.
public struct RecordFilter: Sendable {
    public var plan: PlanID?
    public var user: UserID?
    /// Not older than this.
    public var since: Instant?
    public init() {}
}

/// Long lists, the newest first, by page: what was asked for first is on the screen while the rest is still read.
public protocol ListingStore: Sendable {
    func newestAudit(_ filter: RecordFilter, before row: Int64?, limit: Int) async throws(StoreError) -> [(row: Int64, entry: AuditEntry)]
    /// `plan` is not asked for: events name none.
    func newestEvents(_ filter: RecordFilter, before row: Int64?, limit: Int) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)]
    /// The orders of the newest plan first, in a plan the last one first. `since`: of plans that were sealed then or later.
    func newestOrders(
        _ filter: OrderFilter, since: Instant?, before: OrderID?, limit: Int
    ) async throws(StoreError) -> [ProvisioningOrder]
    /// The numbers people know plans by.
    func ordinals() async throws(StoreError) -> [PlanID: Int]
    /// Users that no plan has made real yet have none.
    func keys(of users: [UserID]) async throws(StoreError) -> [UserID: UserKey]
}
