public import Contracts
public import IdentityModel
internal import Testing

/// The contract of a connector as checks that every connector must pass, against a real system.
///
///     @Test(arguments: ConnectorSuite.checks)
///     func theConnectorKeepsItsContract(_ check: ConnectorSuite.Check) async throws {
///         try await ConnectorSuite(vocabulary) { try await connectToMySystem() }.run(check)
///     }
///
/// Checks name their accounts after themselves, so all of them may run against one system, at the same time.
public struct ConnectorSuite: Sendable {
    /// How accounts of a system are named and what they consist of.
    public struct Vocabulary: Sendable {
        /// Two places where accounts may stand (parent DNs). A system without places gives the same one twice.
        public let containers: [String]
        /// The name of an account in a container. Equal labels give equal names.
        public let name: @Sendable (_ label: String, _ container: String) -> AccountName
        /// Everything a new account must have, besides `correlation`. A label gives values that no other label gives, where the system wants that.
        public let attributes: @Sendable (_ label: String) -> [String: [String]]
        /// Holds the value by which accounts are found again; single-valued.
        public let correlation: String
        /// An attribute with one free text that several accounts may share.
        public let text: String
        /// One with several values; nil where the system has none.
        public let list: String?
        /// One whose values the system keeps unique, compared without case; nil where it keeps none.
        public let unique: String?
        /// Two groups that exist.
        public let groups: [String]
        /// The names of a group's members, for systems whose accounts do not show their groups; nil: they do.
        public let members: (@Sendable (_ group: String) async throws -> [String])?
        /// Returns when what the system does after its answers (repairing references) is done; nil: it does nothing after them.
        public let settled: (@Sendable () async throws -> Void)?

        /// Names stand in places; where they stand nowhere, `containers` are just parts of names.
        public var hasPlaces = true
        /// Groups hold the names of their members, and not ids that nobody else ever has.
        public var groupsHoldNames = true

        public init(
            containers: [String], name: @escaping @Sendable (String, String) -> AccountName,
            attributes: @escaping @Sendable (String) -> [String: [String]], correlation: String, text: String, list: String?,
            unique: String?,
            groups: [String], members: (@Sendable (String) async throws -> [String])? = nil,
            settled: (@Sendable () async throws -> Void)? = nil
        ) {
            self.containers = containers
            self.name = name
            self.attributes = attributes
            self.correlation = correlation
            self.text = text
            self.list = list
            self.unique = unique
            self.groups = groups
            self.members = members
            self.settled = settled
        }
    }

    /// One promise, with a name that is a sentence.
    public struct Check: Sendable, CustomStringConvertible {
        public let name: String
        let body: @Sendable (ConnectorScene) async throws -> Void
        public var description: String { name }

        init(_ name: String, _ body: @escaping @Sendable (ConnectorScene) async throws -> Void) {
            self.name = name
            self.body = body
        }
    }

    public let vocabulary: Vocabulary
    /// Makes a connector; called once per check, which closes it.
    public let makeConnector: @Sendable () async throws -> any Connector

    public init(_ vocabulary: Vocabulary, makeConnector: @escaping @Sendable () async throws -> any Connector) {
        self.vocabulary = vocabulary
        self.makeConnector = makeConnector
    }

    public static var checks: [Check] {
        accounts + renames + memberships + steps + interruptions + uncertainty + lookups + abilities + probes
    }

    public func run(_ check: Check) async throws {
        let connector = try await makeConnector()
        let scene = ConnectorScene(connector: connector, vocabulary: vocabulary, prefix: Self.prefix(check.name))
        do {
            try await check.body(scene)
        } catch {
            await connector.close()
            throw error
        }
        await connector.close()
    }

    /// Short, the same in every run, and different for each check.
    private static func prefix(_ name: String) -> String { "k" + String(StableHash.hash(name) % 1_000_000_007, radix: 36) }
}

/// What a check works with.
struct ConnectorScene: Sendable {
    let connector: any Connector
    let vocabulary: ConnectorSuite.Vocabulary
    let prefix: String

    var here: String { vocabulary.containers[0] }
    var there: String { vocabulary.containers[1] }

    func label(_ label: String) -> String { prefix + label }
    func name(_ label: String, in container: String? = nil) -> AccountName { vocabulary.name(self.label(label), container ?? here) }

    func set(_ name: String, _ values: String...) -> AccountOperation.Request {
        AccountOperation.Request(kind: .attribute, name: name, operation: .set, values: values)
    }

    func request(_ operation: RequestOperation, _ name: String, _ values: [String]) -> AccountOperation.Request {
        AccountOperation.Request(kind: .attribute, name: name, operation: operation, values: values)
    }

    func membership(_ operation: RequestOperation, _ group: String) -> AccountOperation.Request {
        AccountOperation.Request(kind: .membership, name: "memberOf", operation: operation, values: [group])
    }

    /// A Create with all that the vocabulary wants.
    func create(_ label: String, _ sequence: Int = 1, more: [AccountOperation.Request] = []) -> AccountOperation {
        let attributes = vocabulary.attributes(self.label(label)).sorted { $0.key < $1.key }
        let replaced = Set(more.filter { $0.kind == .attribute }.map(\.name))
        let requests =
            attributes.filter { !replaced.contains($0.key) }.map { request(.set, $0.key, $0.value) }
            + (replaced.contains(vocabulary.correlation) ? [] : [set(vocabulary.correlation, self.label(label))]) + more
        return operation(.create, sequence, name(label), requests: requests)
    }

    func operation(
        _ operation: Operation, _ sequence: Int, _ name: AccountName, id: AccountID? = nil, to newName: AccountName? = nil,
        requests: [AccountOperation.Request] = [], direction: AccountOperation.Direction = .steady,
        uncertainSince formerNames: [AccountName]? = nil,
        carrying groups: [String] = []
    ) -> AccountOperation {
        AccountOperation(
            id: OrderID(plan: PlanID(row: 1), sequence: sequence), operation: operation, accountID: id, name: name, newName: newName,
            requests: requests, appliesDialectDisabling: false, direction: direction, isUncertain: formerNames != nil,
            formerNames: formerNames ?? [], carriedMemberships: groups)
    }

    /// What switches the account off or on.
    func switching(_ name: String, _ value: String) -> AccountOperation.Request {
        AccountOperation.Request(kind: .attribute, name: name, operation: .set, values: [value], switches: true)
    }

    /// Creates accounts that a check begins with; their ids in order.
    func given(_ labels: String..., more: [AccountOperation.Request] = []) async throws -> [AccountID] {
        let results = await connector.execute(labels.enumerated().map { create($1, $0 + 1, more: more) })
        return try results.map { result in
            if let failure = result.failure { throw failure }
            guard let id = result.accountID else { throw ConnectorFailure(.permanent, "a Create that succeeded told no id") }
            return id
        }
    }

    /// The one result of one operation.
    func execute(_ operation: AccountOperation) async throws -> OperationResult {
        let results = await connector.execute([operation])
        guard results.count == 1 else { throw ConnectorFailure(.permanent, "\(results.count) results for one operation") }
        return results[0]
    }

    /// The account as it is now; nil when it is absent.
    func account(_ id: AccountID) async throws -> ActualAccount? {
        guard case .found(let account)? = try await connector.find([.id(id)]).first else { return nil }
        return account
    }

    /// Groups of an account that are among the vocabulary's, compared without case.
    func groups(of id: AccountID) async throws -> [String] {
        guard let account = try await account(id) else { return [] }
        if vocabulary.members != nil { return try await groups(holding: account.name) }
        let memberships = Set(account.memberships.map { $0.lowercased() })
        return vocabulary.groups.filter { memberships.contains($0.lowercased()) }
    }

    /// The same of many accounts, each group asked once.
    func groups(ofEach ids: [AccountID]) async throws -> [[String]] {
        let accounts = try await connector.find(ids.map { .id($0) }).map { lookup -> ActualAccount? in
            guard case .found(let account) = lookup else { return nil }
            return account
        }
        guard let members = vocabulary.members else {
            return accounts.map { account -> [String] in
                let memberships = Set((account?.memberships ?? []).map { $0.lowercased() })
                return vocabulary.groups.filter { memberships.contains($0.lowercased()) }
            }
        }
        var holding: [(group: String, names: Set<String>)] = []
        for group in vocabulary.groups { holding.append((group, Set(try await members(group).map { $0.lowercased() }))) }
        return accounts.map { account -> [String] in
            guard let name = account?.name.text.lowercased() else { return [] }
            return holding.filter { $0.names.contains(name) }.map(\.group)
        }
    }

    /// Groups of the vocabulary that hold this name, by the groups themselves; none where the vocabulary cannot tell.
    func groups(holding name: AccountName) async throws -> [String] {
        guard let members = vocabulary.members else { return [] }
        var holding: [String] = []
        for group in vocabulary.groups where try await members(group).contains(where: { $0.lowercased() == name.text.lowercased() }) {
            holding.append(group)
        }
        return holding
    }

    /// The account's groups, once servers that repair references after their answer are done; and no group holds one of the old names.
    func settledGroups(of id: AccountID, formerly names: [AccountName] = []) async throws -> [String] {
        try await vocabulary.settled?()
        for name in names { #expect(try await groups(holding: name) == []) }
        return try await groups(of: id)
    }
}
