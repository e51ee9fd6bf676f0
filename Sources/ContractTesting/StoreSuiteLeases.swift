internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    static var leases: [Check] {
        [
            Check("one run at a time may write to a system, whatever its origin, and others are not concerned") { store in
                let lease = try await store.lease(Sample.directory)
                #expect(lease.term.system == Sample.directory)
                await #expect(throws: StoreError.leased(Sample.directory)) { _ = try await store.lease(Sample.directory) }
                (try await store.lease(SystemName("Other"))).release()
                lease.release()
                lease.release()
                let next = try await store.lease(Sample.directory)
                #expect(next.term.number > lease.term.number)
                next.release()
            },
            Check("whoever lost the right to write takes no order") { store in
                let plan = try await store.started(Sample.joinerChunk(1...2))
                let term = try await store.lostTerm(Sample.directory)
                await #expect(throws: StoreError.leaseLost(Sample.directory)) {
                    _ = try await store.claim(plan.id, under: term, wave: 0, limit: 9, at: Sample.moment(3))
                }
                #expect(try await store.pending(plan.id)[Sample.directory]?.count == 2)
                #expect(try await store.transmitted(plan.id) == [])
            },
            Check("what comes too late from whoever lost the right to write changes nothing") { store in
                let plan = try await store.started(Sample.joinerChunk(1...1))
                let orders = try await store.claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
                var settlement = Settlement.announced(orders[0])
                settlement.lease = try await store.lostTerm(Sample.directory)
                let late = settlement
                await #expect(throws: StoreError.leaseLost(Sample.directory)) {
                    try await store.commit(late, plan: plan.id, at: Sample.moment(4))
                }
                #expect(try await store.transmitted(plan.id).map(\.id) == [orders[0].id])
                #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)]).isEmpty)
                #expect(try await store.undelivered(sink: "file", limit: 9).isEmpty)
                let lease = try await store.lease(Sample.directory)
                settlement.lease = lease.term
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(5))
                lease.release()
                #expect(try await store.transmitted(plan.id) == [])
            },
        ]
    }
}

extension Store {
    /// A term that was one until another run had its turn.
    fileprivate func lostTerm(_ system: SystemName) async throws -> LeaseTerm {
        let lost = try await lease(system)
        lost.release()
        (try await lease(system)).release()
        return lost.term
    }
}
