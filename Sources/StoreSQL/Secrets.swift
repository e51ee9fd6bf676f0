package import Contracts
package import IdentityModel

extension SQLStore {
    package func secretKeyCheck() async throws(StoreError) -> String? { try await read { try SecretRows.check($0) } }

    package func keepSecretKeyCheck(_ check: String, replacing: String?) async throws(StoreError) -> String {
        try await write { session in
            let kept = try SecretRows.check(session)
            if let kept, kept != replacing { return kept }
            try session.execute("DELETE FROM secret_key")
            try session.execute("INSERT INTO secret_key (id, key_check) VALUES (1, $1)", [.text(check)])
            return check
        }
    }

    package func digestedAttributes() async throws(StoreError) -> Set<SecretAttribute>? {
        let rows = try await read { session in
            try session.queryAll("SELECT system, attribute FROM digested_attributes") { row in
                SecretAttribute(system: SystemName(row.text(0)), name: row.text(1))
            }
        }
        return rows.isEmpty ? nil : Set(rows).subtracting([SecretRows.everything])
    }

    package func digestSecrets(_ attributes: Set<SecretAttribute>, by digest: any DigestsSecrets) async throws(StoreError) -> Int {
        let rewriting = SecretRewriting(secrets: digest)
        let accounts = try await rewrite(accountsAfter: ("", ""), rewriting)
        let orders = try await rewrite("order_documents", rewriting)
        _ = try await rewrite("order_progress", rewriting)
        try await rewrite(eventsAfter: 0, rewriting)
        try await write { session in
            for attribute in attributes.union([SecretRows.everything]) {
                try session.execute(
                    "INSERT INTO digested_attributes (system, attribute) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    [.text(attribute.system.text), .text(attribute.name)])
            }
        }
        return accounts + orders
    }

    package func reseal(_ plan: PlanID, _ seal: String) async throws(StoreError) {
        try await write { session in
            try session.execute("UPDATE plans SET seal = $1 WHERE id = $2", [.text(seal), .int(plan.row)])
        }
    }

    package func eraseReplacedSecrets() async throws(StoreError) {
        let isDue = try await read { try $0.queryOne("SELECT 1 FROM secrets_to_erase") { _ in true } ?? false }
        guard isDue else { return }
        try await engine.erase()
        try await write { try $0.execute("DELETE FROM secrets_to_erase") }
    }

    // MARK: Pages

    private static let pageSize = 500

    private func rewrite(accountsAfter start: (user: String, system: String), _ rewriting: SecretRewriting) async throws(StoreError) -> Int
    {
        var after = start
        var count = 0
        while true {
            let last = after
            let page = try await write { session in
                let page = try session.queryAll(
                    "SELECT user_id, system, document FROM accounts WHERE (user_id, system) > ($1, $2) ORDER BY user_id, system LIMIT $3",
                    [.text(last.user), .text(last.system), .number(Self.pageSize)]
                ) { row in (user: row.text(0), system: row.text(1), account: try row.withBytes(2) { try Account(documentBytes: $0) }) }
                let rewritten = page.compactMap { row in rewriting.account(row.account).map { (row.user, row.system, $0.documentBytes) } }
                if !rewritten.isEmpty { try SecretRows.noteErasure(session) }
                try session.bulkLoad("UPDATE accounts SET document = $1 WHERE user_id = $2 AND system = $3", count: rewritten.count) {
                    $1.document(rewritten[$0].2)
                    $1.text(rewritten[$0].0)
                    $1.text(rewritten[$0].1)
                }
                return (last: page.last.map { ($0.user, $0.system) }, count: rewritten.count)
            }
            count += page.count
            guard let next = page.last else { return count }
            after = next
        }
    }

    private func rewrite(_ table: String, _ rewriting: SecretRewriting) async throws(StoreError) -> Int {
        var after = Int64.min
        var count = 0
        while true {
            let last = after
            let page = try await write { session in
                let page = try session.queryAll(
                    "SELECT id, document FROM \(table) WHERE id > $1 ORDER BY id LIMIT $2", [.int(last), .number(Self.pageSize)]
                ) { row in (id: row.int(0), order: try row.withBytes(1) { try ProvisioningOrder(documentBytes: $0) }) }
                let rewritten = page.compactMap { row in rewriting.order(row.order).map { (row.id, $0.documentBytes) } }
                if !rewritten.isEmpty { try SecretRows.noteErasure(session) }
                try session.bulkLoad("UPDATE \(table) SET document = $1 WHERE id = $2", count: rewritten.count) {
                    $1.document(rewritten[$0].1)
                    $1.int(rewritten[$0].0)
                }
                return (last: page.last?.id, count: rewritten.count)
            }
            count += page.count
            guard let next = page.last else { return count }
            after = next
        }
    }

    /// Events of 0.1.0 showed what its list did not know.
    private func rewrite(eventsAfter start: Int64, _ rewriting: SecretRewriting) async throws(StoreError) {
        var after = start
        while true {
            let last = after
            let next = try await write { session in
                let page = try session.queryAll(
                    "SELECT id, body FROM outbox WHERE id > $1 ORDER BY id LIMIT $2", [.int(last), .number(Self.pageSize)]
                ) { row in (id: row.int(0), body: row.text(1)) }
                let rewritten = page.compactMap { row in rewriting.event(row.body).map { (row.id, $0) } }
                if !rewritten.isEmpty { try SecretRows.noteErasure(session) }
                try session.bulkLoad("UPDATE outbox SET body = $1 WHERE id = $2", rewritten.map { [.text($0.1), .int($0.0)] })
                return page.last?.id
            }
            guard let next else { return }
            after = next
        }
    }
}

private enum SecretRows {
    /// Stands for "somebody has looked".
    static let everything = SecretAttribute(system: SystemName(""), name: "")

    static func check(_ session: any SQLSession) throws -> String? {
        try session.queryOne("SELECT key_check FROM secret_key") { $0.text(0) }
    }

    static func noteErasure(_ session: any SQLSession) throws {
        try session.execute("INSERT INTO secrets_to_erase (id) VALUES (1) ON CONFLICT DO NOTHING")
    }
}

/// Documents with digests in the place of secrets; nil where there are none in clear.
private struct SecretRewriting: Sendable {
    let secrets: any DigestsSecrets

    func account(_ account: Account) -> Account? {
        var rewritten = account
        rewritten.written = written(account.written, account.system, account.user)
        return rewritten == account ? nil : rewritten
    }

    func order(_ order: ProvisioningOrder) -> ProvisioningOrder? {
        var rewritten = order
        rewritten.takenOver = written(order.takenOver, order.system, order.user)
        rewritten.requests = order.requests.map { request in
            let attribute = SecretAttribute(system: order.system, name: request.name)
            guard request.kind == .attribute, secrets.isSecret(attribute, isMarked: request.isMarkedSensitive) else { return request }
            return request.asking(
                request.operation, before: digests(request.before, attribute, order.user),
                after: digests(request.after, attribute, order.user), outcome: request.outcome)
        }
        return rewritten == order ? nil : rewritten
    }

    private func written(_ values: [String: [AccountValue]], _ system: SystemName, _ user: UserID) -> [String: [AccountValue]] {
        var rewritten = values
        for (name, values) in values {
            let attribute = SecretAttribute(system: system, name: name)
            if secrets.isSecret(attribute, isMarked: false) { rewritten[name] = digests(values, attribute, user) }
        }
        return rewritten
    }

    private func digests(_ values: [AccountValue], _ attribute: SecretAttribute, _ user: UserID) -> [AccountValue] {
        values.map { value in
            if case .text(let text) = value { secrets.digest(text, of: attribute, user: user) } else { value }
        }
    }

    func event(_ body: String) -> String? {
        guard let json = try? JSON(parsing: body) else { return nil }
        let masked = masked(json, system: nil)
        return masked == json ? nil : masked.text
    }

    /// `source` of an account request is its system; its attribute requests stand below it.
    private func masked(_ json: JSON, system: SystemName?) -> JSON {
        switch json {
        case .array(let elements): return .array(elements.map { masked($0, system: system) })
        case .object(let members):
            let system = json["source"]?["name"]?.stringValue.map { SystemName($0) } ?? system
            let isSecret = json["attributeName"]?.stringValue.map { name in
                secrets.isSecret(SecretAttribute(system: system ?? SystemName(""), name: name), isMarked: false)
            }
            return .object(
                members.map { member in
                    if isSecret == true, member.name == "attributeValue" {
                        return JSON.Member(member.name, .string(SensitiveAttributes.dots))
                    }
                    return JSON.Member(member.name, masked(member.value, system: system))
                })
        case .null, .bool, .int, .double, .string: return json
        }
    }
}
