package import Contracts
package import IdentityModel

extension SQLStore {
    package func record(_ entries: [AuditEntry]) async throws(StoreError) {
        guard !entries.isEmpty else { return }
        try await write { session in
            try session.bulkLoad(
                "INSERT INTO audit (at, kind, plan, order_id, user_id, text) VALUES ($1, $2, $3, $4, $5, $6)",
                entries.map { entry in
                    let order = entry.plan.flatMap { plan in entry.order.map { PlanRows.row(plan, $0) } }
                    return [
                        entry.at.value, .text(entry.kind), entry.plan.map { .int($0.row) } ?? .null, order.map { .int($0) } ?? .null,
                        .optional(entry.user?.text), .text(entry.text),
                    ]
                })
        }
    }

    package func keepValues(_ digests: [String: String], ofConfiguration hash: String) async throws(StoreError) {
        guard !digests.isEmpty else { return }
        try await write { session in
            try session.bulkLoad(
                "INSERT INTO configuration_values (configuration_hash, name, digest) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                digests.sorted { $0.key < $1.key }.map { [.text(hash), .text($0.key), .text($0.value)] })
        }
    }

    package func values(ofConfiguration hash: String) async throws(StoreError) -> [String: String] {
        try await read { session in
            var values: [String: String] = [:]
            try session.query("SELECT name, digest FROM configuration_values WHERE configuration_hash = $1", [.text(hash)]) {
                values[$0.text(0)] = $0.text(1)
            }
            return values
        }
    }
}
