package import Contracts
package import IdentityModel

/// Managed systems that left the configuration.
extension SQLStore {
    package func systemsLeft(besides systems: [SystemName]) async throws(StoreError) -> [SystemName: Int] {
        try await read { session in
            let known = Set(systems.map(\.text))
            // Whatever system we have accounts on was met, or had orders in a plan that started.
            let left = try session.queryAll("SELECT system FROM systems UNION SELECT system FROM plan_queues ORDER BY system") {
                $0.text(0)
            }
            .filter { !known.contains($0) }
            var people: [SystemName: Int] = [:]
            for system in left {
                // An account that somebody let go does not count; an order that waits does all the same.
                let count = try session.queryOne(
                    """
                    SELECT COUNT(*) FROM (
                      SELECT user_id FROM accounts a WHERE a.system = $1 AND (a.state IN ('enabled', 'deprovisioned') OR a.unsettled <> 0)
                        AND a.system NOT IN (SELECT system FROM released_systems)
                      UNION SELECT user_id FROM orders WHERE \(Orders.underWay) AND system = $2
                      UNION SELECT user_id FROM orders WHERE \(Orders.stuck) AND system = $3)
                    """, [.text(system), .text(system), .text(system)]
                ) { $0.number(0) }
                if let count, count > 0 { people[SystemName(system)] = count }
            }
            return people
        }
    }

    package func release(_ system: SystemName, at: Instant) async throws(StoreError) {
        try await write { session in
            try session.execute("INSERT INTO released_systems (system) VALUES ($1) ON CONFLICT DO NOTHING", [.text(system.text)])
            // What is not known of them stays in their documents, and is asked when the system comes back.
            try session.execute("UPDATE accounts SET unsettled = 0 WHERE system = $1 AND unsettled <> 0", [.text(system.text)])
            try session.execute("DELETE FROM left_aside WHERE system = $1", [.text(system.text)])
            try session.execute(
                "INSERT INTO audit (at, kind, text) VALUES ($1, $2, $3)",
                [at.value, .text("system released"), .text("\(system) left the configuration: its accounts are left as they are")])
        }
    }

    package func takeBack(_ systems: [SystemName], at: Instant) async throws(StoreError) {
        let names = SQLValue.texts(systems.map(\.text))
        let released = try await read { session in
            var found: [String] = []
            try session.query("SELECT system FROM released_systems WHERE system IN (#)", in: names) { found.append($0.text(0)) }
            return found.sorted()
        }
        guard !released.isEmpty else { return }
        try await write { session in
            try session.execute("DELETE FROM released_systems WHERE system IN (#)", in: SQLValue.texts(released))
            for system in released {
                try session.execute(
                    "INSERT INTO audit (at, kind, text) VALUES ($1, $2, $3)",
                    [at.value, .text("system taken back"), .text("\(system) is in the configuration again")])
            }
        }
    }
}
