package import Contracts
package import IdentityModel

/// Files of which nothing comes: they are accepted, and there is no plan.
extension SQLStore {
    package func saysNothingNew(_ plan: PlanID, ofFile: Bool) async throws(StoreError) -> Bool {
        try await read { session in
            guard try session.queryOne("SELECT 1 FROM waiting_rows WHERE plan = $1 LIMIT 1", [.int(plan.row)], { _ in true }) == nil else {
                return false
            }
            guard case .source(let source) = try PlanRecord.find(plan, session).origin else { return true }
            let now = try Quarantined.of("plan = $1", [.int(plan.row)], session)
            let before = try Quarantined.of("active = 1 AND source = $1", [.text(source.text)], session)
            // Without a file no row says that it is well again.
            return ofFile ? now == before : now.isSubset(of: before)
        }
    }

    package func newQuarantines(of plan: PlanID) async throws(StoreError) -> Int {
        try await read { session in
            try session.queryOne(
                """
                SELECT COUNT(*) FROM quarantines q WHERE q.plan = $1 AND NOT EXISTS
                (SELECT 1 FROM quarantines a WHERE a.active = 1 AND a.source = q.source AND a.user_key = q.user_key)
                """, [.int(plan.row)]
            ) { $0.number(0) } ?? 0
        }
    }

    package func accept(_ plan: PlanID, profile: (SourceName, SourceProfile)?, at: Instant) async throws(StoreError) {
        let (source, document, digest) = (profile?.0.text, profile?.1.documentText, profile?.1.contentDigest)
        try await write { session in
            let found = try PlanRecord.find(plan, session)
            guard found.state == .open else { throw StoreError.damaged("a plan that is \(found.state.rawValue) cannot be accepted") }
            try session.execute(
                "UPDATE plans SET profile_source = $1, profile = $2 WHERE id = $3",
                [.optional(source), .optional(document), .int(plan.row)])
            let start = PlanStart(plan: found, at: at, session: session)
            _ = try start.makeProfileReal()
            try start.replaceLeftAside()
            try PlanEnding.setAside(plan, .discarded, session, at: at)
            let text = digest.map { "nothing to plan (content \($0))" } ?? "nothing to plan"
            try session.audit([AuditRow(kind: "plan discarded", plan: plan, text: text)], at: at)
        }
    }

    package func realm(of system: SystemName) async throws(StoreError) -> Realm? {
        try await read { session in
            try session.queryOne("SELECT realm FROM systems WHERE system = $1", [.text(system.text)]) { Realm($0.text(0)) }
        }
    }

    package func record(_ realm: Realm, of system: SystemName, at: Instant) async throws(StoreError) {
        try await write { session in
            try session.execute(
                "INSERT INTO systems (system, realm) VALUES ($1, $2) ON CONFLICT (system) DO UPDATE SET realm = excluded.realm",
                [.text(system.text), .text(realm.text)])
            try session.execute(
                "INSERT INTO audit (at, kind, text) VALUES ($1, $2, $3)",
                [at.value, .text("system met"), .text("\(system) is '\(realm)'")])
        }
    }
}

/// A row in quarantine, as far as it matters whether it is the same again.
private struct Quarantined: Hashable {
    let source: String
    let key: String?
    let reason: String

    static func of(_ condition: String, _ arguments: [SQLValue], _ session: any SQLSession) throws -> Set<Quarantined> {
        Set(
            try session.queryAll("SELECT source, user_key, reason FROM quarantines WHERE \(condition)", arguments) { row in
                Quarantined(source: row.text(0), key: row.optionalText(1), reason: row.text(2))
            })
    }
}
