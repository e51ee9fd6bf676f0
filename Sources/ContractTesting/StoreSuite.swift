public import Contracts

/// The contract of a store as checks that every store must pass.
///
///     @Test(arguments: StoreSuite.checks)
///     func theStoreKeepsItsContract(_ check: StoreSuite.Check) async throws {
///         try await StoreSuite { try await openMyStore() }.run(check)
///     }
public struct StoreSuite: Sendable {
    /// One promise, with a name that is a sentence.
    public struct Check: Sendable, CustomStringConvertible {
        public let name: String
        let body: @Sendable (any Store) async throws -> Void
        public var description: String { name }

        init(_ name: String, _ body: @escaping @Sendable (any Store) async throws -> Void) {
            self.name = name
            self.body = body
        }
    }

    /// Makes an empty store; called once per check.
    public let makeStore: @Sendable () async throws -> any Store

    public init(makeStore: @escaping @Sendable () async throws -> any Store) { self.makeStore = makeStore }

    public static var checks: [Check] {
        plans + names + starting + takingOver + claims + marks + dispatch + leases + accounts + records + listings + secrets
    }

    public func run(_ check: Check) async throws {
        let store = try await makeStore()
        do {
            try await check.body(store)
        } catch {
            await store.close()
            throw error
        }
        await store.close()
    }
}
