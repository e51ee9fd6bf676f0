package import Contracts
package import IdentityModel

/// Who may write to a system.
extension SQLStore {
    package func lease(_ system: SystemName) async throws(StoreError) -> any SystemLease {
        let lock: any OriginLock
        do {
            lock = try engine.lock(.command("write to \(system)"))
        } catch .busy {
            throw .leased(system)
        } catch {
            throw error
        }
        do {
            return Lease(term: LeaseTerm(system: system, number: try await nextTerm(system)), lock: lock)
        } catch {
            lock.release()
            throw error
        }
    }

    private func nextTerm(_ system: SystemName) async throws(StoreError) -> Int64 {
        try await write { session in
            try session.execute(
                "INSERT INTO leases (system, term) VALUES ($1, 1) ON CONFLICT (system) DO UPDATE SET term = leases.term + 1",
                [.text(system.text)])
            return try Leases.term(system, session)
        }
    }
}

/// The engine's lock says that its holder lives. The term is for what that cannot say: that somebody who believes to hold it does no more.
private struct Lease: SystemLease {
    let term: LeaseTerm
    let lock: any OriginLock

    func release() { lock.release() }
}

enum Leases {
    static func term(_ system: SystemName, _ session: any SQLSession) throws -> Int64 {
        try session.queryOne("SELECT term FROM leases WHERE system = $1", [.text(system.text)]) { $0.int(0) } ?? 0
    }

    static func require(_ lease: LeaseTerm, _ session: any SQLSession) throws {
        guard try term(lease.system, session) == lease.number else { throw StoreError.leaseLost(lease.system) }
    }
}
