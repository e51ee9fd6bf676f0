package import Contracts
package import IdentityModel

/// Which groups names have meant.
extension SQLStore {
    package func groups(_ keys: [String], on system: SystemName) async throws(StoreError) -> [KnownGroup] {
        try await read { session in
            var found: [KnownGroup] = []
            try session.query(
                "SELECT name, group_id FROM known_groups WHERE system = $1 AND name IN (#) ORDER BY name, group_id", [.text(system.text)],
                in: SQLValue.texts(keys)
            ) { found.append(KnownGroup(key: $0.text(0), id: GroupID($0.text(1)))) }
            return found
        }
    }

    package func remember(_ groups: [KnownGroup], on system: SystemName) async throws(StoreError) {
        try await write { session in
            try session.bulkLoad(
                "INSERT INTO known_groups (system, name, group_id) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
                groups.map { [.text(system.text), .text($0.key), .text($0.id.text)] })
        }
    }
}
