internal import Contracts
internal import IdentityModel

/// An account as a service showed it.
protocol AccountRecord: Sendable {
    var id: AccountID { get }
    var name: AccountName { get }
}

/// What the steps of an operation need of a service that keeps accounts.
///
/// Ids are the service's own and stay; names change. Whoever is asked for an account that is not there says so and does not fail.
protocol AccountService: Sendable {
    associatedtype Record: AccountRecord
    /// What is to become of a place in an account.
    associatedtype Change: Sendable
    /// Where a value stands in an account.
    associatedtype Place: Sendable

    /// What was sent to make accounts, and not answered.
    var attempts: CreateAttempts { get }
    /// Attributes by which an account is recognised.
    var correlation: [String] { get }

    // MARK: Reading

    /// The attribute that names the account, for questions who has a name.
    var nameAttribute: String { get }
    /// The service answers questions for values; false: to find an account, all of them are read.
    var filters: Bool { get }
    /// Nil: no account can have such a place.
    func place(of attribute: String) -> Place?
    func texts(_ record: Record, at place: Place) -> [String]
    func account(_ record: Record) -> ActualAccount
    /// Nil: there is nobody of this id.
    func read(_ id: AccountID) async throws(ConnectorFailure) -> Record?
    /// Accounts that may have these values, and certainly all that do; nil: all accounts. Those that do not are nobody's answer.
    func list(
        _ wanted: [(place: Place, value: String)]?, visit: (_ records: [Record]) async -> Bool
    ) async throws(ConnectorFailure)

    // MARK: Writing

    func change(_ request: AccountOperation.Request, pointingAt records: [String: Record]) throws(ConnectorFailure) -> Change
    func naming(_ name: AccountName) -> Change
    /// The service's own switch; nil: it has none.
    func switching(on isOn: Bool) -> Change?
    /// The account's own switch says so.
    func isOff(_ record: Record) -> Bool
    /// `order` tells one attempt to make it from another: who sends the same again, having heard no answer, makes no second account where the service
    /// knows keys (`Idempotency-Key`).
    func create(_ name: AccountName, _ changes: [Change], for order: OrderID) async throws(ConnectorFailure) -> AccountID
    /// The account as it is then; nil: it is gone.
    func change(_ record: Record, _ changes: [Change]) async throws(ConnectorFailure) -> Record?
    func delete(_ id: AccountID) async throws(ConnectorFailure)
}

enum MemberChange: Hashable, Sendable { case add, remove }

/// The same of groups, which hold ids of accounts.
protocol GroupService: Sendable {
    /// So many members go into one request.
    var chunk: Int { get }
    /// The id of the group of this name; nil: there is none.
    func id(of name: String) async throws(ConnectorFailure) -> String?
    func holds(_ member: String, group: String) async throws(ConnectorFailure) -> Bool
    /// What failed, by member. Who is a member already, or none any more, is no failure.
    func apply(_ change: MemberChange, _ members: [String], to group: String) async -> [String: ConnectorFailure]
}

extension OrderID {
    /// The same for the same order with the same account, whichever process sends it (draft-ietf-httpapi-idempotency-key-header): an order that takes its next
    /// candidate is another request.
    func idempotencyKey(_ account: JSONValue) -> (name: String, value: String) {
        let body = StableHash.hash(String(decoding: account.bytes, as: UTF8.self))
        return ("Idempotency-Key", "birthright-\(plan.row)-\(sequence)-" + String(body, radix: 16))
    }
}
