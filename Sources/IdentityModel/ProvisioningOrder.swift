/// One operation on one account, with what it was planned on and what came of it.
public struct ProvisioningOrder: Hashable, Sendable {
    public var id: OrderID {
        get { record.id }
        _modify { yield &record.id }
    }
    public var user: UserID { record.user }
    public var userKey: UserKey { record.userKey }
    public var userName: String { record.userName }
    public var system: SystemName { record.system }
    public var operation: Operation {
        get { record.operation }
        _modify { yield &record.operation }
    }
    public var state: OrderState {
        get { record.state }
        _modify { yield &record.state }
    }
    public var change: LifecycleChange { record.change }
    /// Why: the row, the rules, the policy. Shown with the order and in explain.
    public var reasons: [String] {
        get { record.reasons }
        _modify { yield &record.reasons }
    }
    public var warnings: [String] {
        get { record.warnings }
        _modify { yield &record.warnings }
    }
    /// The account this order is for, where one is known.
    public var accountID: AccountID? {
        get { record.accountID }
        _modify { yield &record.accountID }
    }
    public var nameBefore: AccountName? {
        get { record.nameBefore }
        _modify { yield &record.nameBefore }
    }
    /// The name the account has afterwards; differs from `nameBefore` for a rename or move. Nil for Delete.
    public var nameAfter: AccountName? {
        get { record.nameAfter }
        _modify { yield &record.nameAfter }
    }
    public var requests: [AttributeRequest] {
        get { record.requests }
        _modify { yield &record.requests }
    }
    /// Attribute name -> value, looked up before a Create is sent (policy map key `correlation`).
    public var correlation: [String: String] {
        get { record.correlation }
        _modify { yield &record.correlation }
    }
    /// The entry existed before us and becomes ours with this order.
    public var adopts: Bool {
        get { record.adopts }
        _modify { yield &record.adopts }
    }
    /// The account's entry was deleted by hand, and this order makes it anew.
    public var recreates: Bool {
        get { record.recreates }
        _modify { yield &record.recreates }
    }
    /// References of ours are taken away because they point at nobody who has an account, or is to get one.
    public var dereferences: Bool {
        get { record.dereferences }
        _modify { yield &record.dereferences }
    }
    /// Values that the entry holds already: nothing is sent for them, and they are ours from now on.
    public var takenOver: [String: [AccountValue]] {
        get { record.takenOver }
        _modify { yield &record.takenOver }
    }
    /// The dialect's own disabling is applied although the map writes such an attribute: its rule has no answer for this account.
    public var usesDialectDisabling: Bool {
        get { record.usesDialectDisabling }
        _modify { yield &record.usesDialectDisabling }
    }
    /// An order that waits already and says the same: it is taken over with its id and tracking number, and sent in this one's place.
    public var keeps: OrderID? {
        get { record.keeps }
        _modify { yield &record.keeps }
    }
    /// What the account's state is once this order is executed.
    public internal(set) var becomes: AccountState {
        get { record.becomes }
        _modify { yield &record.becomes }
    }
    public var nameBases: [String: String] {
        get { record.nameBases }
        _modify { yield &record.nameBases }
    }
    public var claims: [NameClaim] {
        get { record.claims }
        _modify { yield &record.claims }
    }
    public var userVersion: Int { record.userVersion }
    public var accountVersion: Int { record.accountVersion }
    public var attempts: Int {
        get { record.attempts }
        _modify { yield &record.attempts }
    }
    public var notBefore: Instant? {
        get { record.notBefore }
        _modify { yield &record.notBefore }
    }
    public var failure: ConnectorFailure? {
        get { record.failure }
        _modify { yield &record.failure }
    }

    public init(
        id: OrderID, user: UserID, userKey: UserKey, userName: String, system: SystemName, operation: Operation, state: OrderState,
        change: LifecycleChange, reasons: [String], warnings: [String] = [], accountID: AccountID? = nil, nameBefore: AccountName? = nil,
        nameAfter: AccountName? = nil, requests: [AttributeRequest] = [], correlation: [String: String] = [:], adopts: Bool = false,
        recreates: Bool = false, dereferences: Bool = false, takenOver: [String: [AccountValue]] = [:], usesDialectDisabling: Bool = false,
        keeps: OrderID? = nil,
        becomes: AccountState, nameBases: [String: String] = [:], claims: [NameClaim] = [], userVersion: Int, accountVersion: Int,
        attempts: Int = 0, notBefore: Instant? = nil, failure: ConnectorFailure? = nil
    ) {
        box = Box(
            Record(
                id: id, user: user, userKey: userKey, userName: userName, system: system, operation: operation, state: state,
                change: change, reasons: reasons, warnings: warnings, accountID: accountID, nameBefore: nameBefore,
                nameAfter: nameAfter, requests: requests, correlation: correlation, adopts: adopts, recreates: recreates,
                dereferences: dereferences, takenOver: takenOver, usesDialectDisabling: usesDialectDisabling, keeps: keeps,
                becomes: becomes, nameBases: nameBases, claims: claims, userVersion: userVersion, accountVersion: accountVersion,
                attempts: attempts, notBefore: notBefore, failure: failure))
    }

    // MARK: One record, however often the order is handed on

    struct Record: Hashable, Sendable {
        var id: OrderID
        var user: UserID
        var userKey: UserKey
        var userName: String
        var system: SystemName
        var operation: Operation
        var state: OrderState
        var change: LifecycleChange
        var reasons: [String] = []
        var warnings: [String] = []
        var accountID: AccountID?
        var nameBefore: AccountName?
        var nameAfter: AccountName?
        var requests: [AttributeRequest] = []
        var correlation: [String: String] = [:]
        var adopts = false
        var recreates = false
        var dereferences = false
        var takenOver: [String: [AccountValue]] = [:]
        var usesDialectDisabling = false
        var keeps: OrderID?
        var becomes: AccountState
        var nameBases: [String: String] = [:]
        var claims: [NameClaim] = []
        var userVersion: Int
        var accountVersion: Int
        var attempts = 0
        var notBefore: Instant?
        var failure: ConnectorFailure?
    }

    init(_ record: Record) { box = Box(record) }

    /// Only ever changed while one order alone has it.
    private final class Box: @unchecked Sendable {
        var record: Record
        init(_ record: Record) { self.record = record }
    }

    private var box: Box

    private(set) var record: Record {
        _read { yield box.record }
        _modify {
            if !isKnownUniquelyReferenced(&box) { box = Box(box.record) }
            yield &box.record
        }
    }

    public static func == (one: ProvisioningOrder, other: ProvisioningOrder) -> Bool { one.box === other.box || one.record == other.record }
    public func hash(into hasher: inout Hasher) { record.hash(into: &hasher) }
}
