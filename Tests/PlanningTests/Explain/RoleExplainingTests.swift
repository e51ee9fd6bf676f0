import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

@Suite("Which roles give an account, and why")
struct RoleExplainingTests {
    private static let directory = SystemName("Directory")
    private static let today = CivilDate(days: 20_514)

    private func configuration(_ rules: String) throws -> Configuration {
        let files = [
            "birthright.yaml": """
            store: { sqlite: s }
            sources: { hr: { files: "*.csv", key: 'row.ID', contract: { columns: [ID] }, map: { employeeId: 'row.ID' } } }
            user: { pin: { type: string, sensitive: true } }
            """,
            "Roles.yaml": """
            roles:
              Employee: { entitlements: [ { system: Directory, groups: ["cn=Z", "cn=A"] } ] }
              Chief: { entitlements: [ { system: Directory, groups: ["cn=Chiefs"] } ] }
              Elsewhere: { entitlements: [ { system: Other, groups: [] } ] }
            """,
            "Rules.yaml": "rules:\n" + rules,
            "PolicyMaps/directory.yaml": Self.map("Directory"), "PolicyMaps/other.yaml": Self.map("Other"),
        ]
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:]))
        return try #require(loaded, "\(diagnostics.map(\.description))")
    }

    private static func map(_ name: String) -> String {
        """
        managedSystem: \(name)
        connector: { type: ldap, url: ldaps://127.0.0.1 }
        correlation: [ number ]
        accountName: dn
        attributes: { number: 'user.employeeId', dn: '"cn=" + user.employeeId' }
        """
    }

    private func grants(
        _ rules: String, _ attributes: [String: UserValue] = [:], status: UserStatus = .active, holding: [RoleAssignment] = []
    ) throws -> [RoleGrant] {
        let user = User(id: UserID("u"), key: UserKey("E1"), source: SourceName("hr"), status: status, attributes: attributes, version: 1)
        return RoleExplaining(configuration: try configuration(rules), user: user, assignments: holding, today: Self.today).grants(
            on: Self.directory)
    }

    private func verdict(_ rule: String, _ attributes: [String: UserValue] = [:], status: UserStatus = .active) throws -> RoleGrant.Rule {
        try #require(try grants("  r: { \(rule), roles: [Employee] }\n", attributes, status: status).compactMap(\.rule).first)
    }

    @Test func `whoever holds roles is told of those alone, with what gave them`() throws {
        let rules = "  staff: { when: \"true\", roles: [Employee] }\n  chiefs: { when: 'user.title == \"Boss\"', roles: [Chief] }\n"
        let held = try grants(rules, holding: [RoleAssignment(role: RoleName("Employee"), origin: .rule("staff"))])
        #expect(held.map(\.role.text) == ["Employee"] && held[0].groups == ["cn=A", "cn=Z"])
        #expect(held[0].origin == .rule("staff") && held[0].rule?.verdict == "matches" && held[0].rule?.condition == "when true")
        let byHand = try grants(rules, holding: [RoleAssignment(role: RoleName("Chief"), origin: .manual("ann"))])
        #expect(byHand.map(\.origin) == [.manual("ann")] && byHand[0].rule == nil)
        let gone = try grants(rules, holding: [RoleAssignment(role: RoleName("Chief"), origin: .rule("of old"))])
        #expect(gone.count == 1 && gone[0].rule == nil)
    }

    @Test func `whoever holds none is told what would give an account, and what each rule comes to`() throws {
        let found = try grants("  chiefs: { when: 'user.title == \"Boss\"', roles: [Chief, Elsewhere] }\n", ["title": .string("Clerk")])
        #expect(found.map(\.role.text) == ["Employee", "Chief"] && found.allSatisfy { $0.origin == nil })
        #expect(found[0].rule == nil && found[1].rule?.name == "chiefs" && found[1].rule?.verdict == "does not match")
        #expect(found[1].rule?.parts.contains(TracedExpression.Part(expression: "user.title", value: "'Clerk'")) == true)
    }

    @Test func `the verdict is the planner's, with dates and statuses`() throws {
        #expect(try verdict("when: \"true\"", status: .terminated).verdict == "does not apply to users who are terminated")
        #expect(try verdict("when: \"true\", statuses: [terminated]", status: .terminated).verdict == "matches")
        #expect(try verdict("when: \"true\", from: 2026-03-03").verdict == "applies from 2026-03-03 on")
        #expect(try verdict("when: \"true\", from: 2026-03-02, until: 2026-03-02").verdict == "matches")
        #expect(try verdict("when: \"true\", until: 2026-03-01").verdict == "applied until 2026-03-01")
        #expect(try verdict("when: 'user.title == \"Boss\"'").verdict.hasPrefix("does not match: "))
        let boss = ["title": UserValue.string("Boss")]
        let excluded = try verdict("when: \"true\", unless: 'user.title == \"Boss\"'", boss)
        #expect(excluded.verdict == "matches, but so does `unless`" && excluded.condition == "when true unless user.title == \"Boss\"")
        #expect(excluded.parts.contains { $0.expression == "user.title" })
        #expect(
            try verdict("when: \"true\", unless: 'int(user.title) > 1'", boss).verdict.hasPrefix(
                "cannot be decided, so the person is set aside: "))
    }

    @Test func `nothing is traced of a rule that does not apply, of what is not asked, and of one that reads a secret`() throws {
        #expect(try verdict("when: 'user.title == \"x\"'", status: .terminated).parts.isEmpty)
        let unasked = try verdict("when: 'user.title == \"Boss\"', unless: 'user.company == \"x\"'", ["title": .string("Clerk")])
        #expect(!unasked.parts.contains { $0.expression.contains("company") })
        let parts = try MaskedAttributes.$configured.withValue(["pin"]) {
            try verdict("when: 'user.pin == \"1\"'", ["pin": .string("1")]).parts
        }
        #expect(parts.isEmpty)
    }
}
