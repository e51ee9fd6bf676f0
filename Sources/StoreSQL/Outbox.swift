package import Contracts
package import IdentityModel

enum EventRecord {
    static let columns = "id, tracking_number, sequence, user_id, user_key, body"
    static func event(_ row: any SQLRow) -> (row: Int64, event: OutboxEvent) {
        let event = OutboxEvent(
            trackingNumber: row.text(1), sequence: row.number(2), user: UserID(row.text(3)), userKey: UserKey(row.text(4)),
            body: row.text(5))
        return (row.int(0), event)
    }
}

extension SQLStore {
    package func undelivered(sink: String, limit: Int) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)] {
        try await read { session in
            try session.queryAll(
                """
                SELECT \(EventRecord.columns) FROM outbox WHERE id > COALESCE((SELECT up_to FROM deliveries WHERE sink = $1), 0)
                ORDER BY id LIMIT $2
                """, [.text(sink), .number(limit)], EventRecord.event)
        }
    }

    package func position(of sink: String) async throws(StoreError) -> SinkPosition? {
        try await read { session in
            try session.queryOne("SELECT position FROM deliveries WHERE sink = $1", [.text(sink)]) {
                $0.optionalText(0).map { SinkPosition($0) }
            } ?? nil
        }
    }

    package func markDelivered(sink: String, upTo row: Int64, position: SinkPosition?, at: Instant) async throws(StoreError) {
        try await write { session in
            try session.execute(
                """
                INSERT INTO deliveries (sink, up_to, at, position) VALUES ($1, $2, $3, $4)
                ON CONFLICT (sink) DO UPDATE SET up_to = excluded.up_to, at = excluded.at, position = excluded.position
                WHERE excluded.up_to >= deliveries.up_to
                """, [.text(sink), .int(row), at.value, position.map { .text($0.text) } ?? .null])
        }
    }

    package func lockDelivery(to sink: String) async throws(StoreError) -> any OriginLock {
        try engine.lock(.command("deliver to \(sink)"))
    }

    package func events(after row: Int64, limit: Int) async throws(StoreError) -> [(row: Int64, event: OutboxEvent)] {
        try await read { session in
            try session.queryAll(
                "SELECT \(EventRecord.columns) FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", [.int(row), .number(limit)],
                EventRecord.event)
        }
    }
}
