import Contracts
import IdentityModel
import Testing

@testable import ContractTesting
@testable import StoreSQL

/// Moves are carried out by SQL over many orders at once; each is asked where it is all the same.
@Suite("Moves of orders in a store")
struct OrderMovesTests {
    private let at = Instant(milliseconds: 7)

    private func refusal(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test("one order that is elsewhere refuses the whole transaction")
    func elsewhere() async throws {
        try await withFolder { folder in
            let store = try await SQLStore.openSQLite(SQLiteStoreOptions(path: folder + "/store.db", durable: false))
            let plan = try await store.planned(Sample.joinerChunk(1...3))
            _ = try await store.startApplying(plan.id, at: at)
            let rows = try await store.orders(OrderFilter(), after: nil, limit: 9).map(\.id.row)
            try await store.write { try $0.execute("UPDATE orders SET state = 8 WHERE id = $1", [.int(rows[1])]) }
            let before = try await store.orders(OrderFilter(), after: nil, limit: 9)
            for move in [OrderMove.taken, .superseded, .kept] {
                let refused = await refusal {
                    try await store.write { [at] in try OrderMoves(at: at, session: $0).carryOut(move, rows) }
                }
                let count = move == .kept ? 3 : 1
                #expect(refused?.hasSuffix("\(count) of 3 orders are not in a state in which an order can be \(move.rawValue)") == true)
            }
            #expect(try await store.orders(OrderFilter(), after: nil, limit: 9) == before)
            try await store.write { [at] in try OrderMoves(at: at, session: $0).carryOut(.taken, [rows[0], rows[2]]) }
            #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).map(\.state) == [.transmitted, .executed, .transmitted])
            await store.close()
        }
    }

    @Test("an order that is not as it was planned does not begin")
    func beginning() async throws {
        try await withFolder { folder in
            let store = try await SQLStore.openSQLite(SQLiteStoreOptions(path: folder + "/store.db", durable: false))
            let plan = try await store.planned(Sample.joinerChunk(1...2))
            try await store.write { try $0.execute("UPDATE orders SET state = 8 WHERE id = (SELECT MIN(id) FROM orders)", []) }
            let refused = await refusal { _ = try await store.startApplying(plan.id, at: at) }
            #expect(refused?.hasSuffix("1 of 2 orders are not in a state in which an order can be released") == true)
            #expect(try await store.plan(ordinal: 1)?.state == .ready)
            await store.close()
        }
    }
}
