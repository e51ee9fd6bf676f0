import IdentityModel
import Planning
import Testing

/// Counting what another configuration would do.
struct ConfigurationDiffTests {
    private typealias C = DiffCompany

    private func diff(_ comparisons: [UserComparison], from present: C = C(), to other: C = C(), examples: Int = 3) throws
        -> ConfigurationDiff
    {
        var diff = ConfigurationDiff(try present.load(), try other.load(), examples: examples)
        for comparison in comparisons { diff.add(comparison) }
        return diff
    }

    private func directory(_ comparisons: [UserComparison], examples: Int = 3) throws -> SystemDiff {
        try #require(try diff(comparisons, examples: examples).systems[C.directory])
    }

    @Test func `an attribute that comes, changes and goes is counted apart, and the first examples are kept`() throws {
        let system = try directory(
            [
                C.comparison([C.order([C.request("title", nil, "Clerk")])]),
                C.comparison([C.order([C.request("title", "Clerk", "Chief")], of: C.bo)], of: C.bo),
                C.comparison([C.order([C.request("title", "Clerk", nil)])]),
            ], examples: 2)
        let title = try #require(system.attributes["title"])
        #expect([title.added, title.changed, title.removed, title.accounts.count] == [1, 1, 1, 3])
        #expect(title.accounts.examples.map(\.person.key.text) == ["E1", "E2"])
        #expect(title.accounts.examples.map(\.after) == [[.text("Clerk")], [.text("Chief")]])
        #expect(system.operations == [.modify: 3])
        #expect(system.effects == [.modify: 3])
    }

    @Test func `examples of a secret are dots, whichever configuration calls it one`() throws {
        let marked = AttributeRequest(name: "badge", operation: .set, before: [.text("1")], after: [.text("2")], isMarkedSensitive: true)
        let system = try directory([C.comparison([C.order([C.request("sambaNTPassword", "1", "2"), marked])])])
        for name in ["sambaNTPassword", "badge"] {
            let example = try #require(system.attributes[name]?.accounts.examples.first)
            #expect(example.before == [.text("••••••")] && example.after == [.text("••••••")])
        }
    }

    @Test func `of a new account the memberships are counted, and not every value it begins with`() throws {
        let create = C.order([C.request("title", nil, "Clerk"), C.membership("cn=Staff", .add)], as: .create, from: nil)
        let system = try directory([C.comparison([create])])
        #expect(system.attributes.isEmpty)
        #expect(system.memberships["cn=Staff"]?.added.count == 1)
        #expect(system.accounts[.created]?.examples.first?.after == AccountName("cn=Berg,ou=Sales"))
    }

    @Test func `memberships that are taken away count as access removed`() throws {
        let system = try directory([C.comparison([C.order([C.membership("cn=VPN", .remove)])])])
        #expect(system.memberships["cn=VPN"]?.removed.examples.map(\.key.text) == ["E1"])
        #expect(system.memberships["cn=VPN"]?.added.count == 0)
        #expect(system.effects == [.modify: 1, .removeAccess: 1])
    }

    @Test func `what becomes of an account is told by its order`() throws {
        let system = try directory([
            C.comparison([C.order(to: "cn=Berg,ou=Finance")]),
            C.comparison([C.order(to: "cn=Dahl,ou=Sales")]),
            C.comparison([C.order(to: "cn=Dahl,ou=Finance")]),
            C.comparison([C.order(as: .disable, becomes: .deprovisioned, to: "cn=Berg,ou=Disabled")]),
            C.comparison([C.order(as: .modify, becomes: .deprovisioned)]),
            C.comparison([C.order(as: .delete, becomes: .deleted, to: nil)]),
            C.comparison([C.order(as: .enable)]),
            C.comparison([C.order([C.request("title", "a", "b")])]),
        ])
        #expect(system.accounts.mapValues(\.count) == [.moved: 2, .renamed: 1, .disabled: 2, .deleted: 1, .enabled: 1])
        #expect(system.effects == [.modify: 4, .rename: 4, .disable: 2, .delete: 1, .enable: 1])
    }

    @Test func `a name collides when it is given anew and is not the first that was asked for`() throws {
        let claim = NameClaim(system: C.directory, attribute: "cn", scope: "ou=sales", folded: "berg2")
        let bases = ["cn": "ou=sales\u{0}berg"]
        let given = C.order([C.request("cn", "Dahl", "Berg2")], nameBases: bases, claims: [claim])
        let kept = C.order([C.request("title", "a", "b")], nameBases: bases, claims: [claim])
        let first = C.order(
            [C.request("cn", "Dahl", "Berg")], nameBases: bases,
            claims: [NameClaim(system: C.directory, attribute: "cn", scope: "ou=sales", folded: "berg")])
        let system = try directory([given, kept, first].map { C.comparison([$0]) })
        let collision = try #require(system.collisions["cn"])
        #expect(collision.count == 1)
        #expect(collision.examples.first?.given == "Berg2")
        #expect(
            collision.examples.first?.wanted == NameClaim(system: C.directory, attribute: "cn", scope: "ou=sales", folded: "berg"))
    }

    @Test func `only what fails newly is a failure of the change`() throws {
        let fails = C.order(failure: "no title")
        let new = C.comparison([fails])
        let old = C.comparison([C.order(failure: "still no title")], present: [fails])
        let mended = C.comparison([C.order([C.request("title", "a", "b")])], present: [fails])
        let diff = try diff([new, old, mended])
        let system = try #require(diff.systems[C.directory])
        #expect(system.failures.count == 1)
        #expect(system.failures.examples.first?.message == "no title")
        #expect(system.recovered.count == 1)
        #expect(system.operations == [.modify: 1])
        #expect(diff.affected == 2)
    }

    @Test func `a role is gained or lost with its last origin, and only if the configuration has it`() throws {
        let rule = RoleAssignment(role: RoleName("VPN"), origin: .rule("vpn"))
        let manual = RoleAssignment(role: RoleName("VPN"), origin: .manual("kim"))
        let unknown = RoleAssignment(role: RoleName("Gone long ago"), origin: .manual("kim"))
        let diff = try diff([
            C.comparison(rolesAfter: [rule]), C.comparison(of: C.bo, rolesBefore: [rule]),
            C.comparison(rolesBefore: [rule, manual], rolesAfter: [manual]),
            C.comparison(rolesBefore: [unknown]),
        ])
        #expect(diff.roles.keys.map(\.text) == ["VPN"])
        #expect(diff.roles[RoleName("VPN")]?.gained.count == 1)
        #expect(diff.roles[RoleName("VPN")]?.lost.examples.map(\.person.key.text) == ["E2"])
        #expect(diff.roles[RoleName("VPN")]?.lost.examples.first?.origin == .rule("vpn"))
        #expect(diff.users == 4)
        #expect(diff.affected == 2)
    }

    @Test func `somebody whose rules cannot be decided any more is counted once`() throws {
        let diff = try diff([
            C.comparison(failures: (nil, "Rules.yaml:2:3: no title")), C.comparison(failures: ("old", "new")),
            C.comparison(failures: ("old", nil)),
        ])
        #expect(diff.ruleFailures.count == 1)
        #expect(diff.ruleFailures.examples.first?.message == "Rules.yaml:2:3: no title")
        #expect(diff.ruleRecoveries.count == 1)
        #expect(diff.affected == 1)
    }

    @Test func `accounts that keep what they were created with are counted when anything it is made of differs`() throws {
        let other = try C().map("user.lastName.lowerAscii()", "user.lastName.lowerAscii().left(3)")
        let accounts = [C.account(C.anna, written: ["login": [.text("berg")]])]
        let kept = try diff([C.comparison(accounts: accounts)], to: other)
        #expect(kept.systems[C.directory]?.kept == ["login": 1])
        #expect(try diff([C.comparison(accounts: accounts)]).systems[C.directory]?.kept == [:])
        #expect(try diff([C.comparison(accounts: [C.account(C.anna)])], to: other).systems[C.directory]?.kept == [:])
    }

    @Test func `accounts on a system that has no policy map any more are left behind, and counted`() throws {
        let diff = try diff([C.comparison(accounts: [C.account(C.anna, SystemName("Mail")), C.account(C.anna)])])
        #expect(diff.abandoned == [SystemName("Mail"): 1])
        #expect(diff.systems[C.directory]?.enabledAccounts == 1)
    }

    @Test func `the guards of the other configuration are asked`() throws {
        let disable = C.order(as: .disable, becomes: .deprovisioned)
        let diff = try diff([C.comparison([disable]), C.comparison([disable], of: C.bo)])
        let verdicts = diff.verdicts(recent: [:], settings: try C().load().guards)
        #expect(verdicts.map(\.description) == ["Directory: disable 2: more than 1 allowed"])
    }

    @Test func `what counts do not say is told in a fixed order`() throws {
        let other = try C().map("onDelete: DISABLE", "onDelete: DELETE").changing(
            "birthright.yaml", "files: hr/*.csv", "files: staff/*.csv"
        )
        .changing("birthright.yaml", "Europe/Oslo", "UTC")
        let notes = try diff([C.comparison()], to: other).notes
        #expect(
            notes == [
                .onDelete(C.directory, before: "DISABLE", after: "DELETE"), .source(SourceName("hr"), parts: ["files", "timeZone"]),
                .noSystemAsked,
            ])
        #expect(try diff([]).notes == [.noSystemAsked])
    }

    @Test func `accounts without a policy map, and values that are given once, are told with their number`() throws {
        let without = try C().without("PolicyMaps/directory.yaml").without("Lookups/ou.csv")
            .changing("Roles.yaml", "{ system: Directory, groups: [\"cn=Staff\"] }", "")
            .changing("Roles.yaml", "{ system: Directory, groups: [\"cn=VPN\"] }", "")
        let gone = try diff(
            [C.comparison(accounts: [C.account(C.anna)]), C.comparison(of: C.bo, accounts: [C.account(C.bo)])], to: without)
        #expect(gone.notes.contains(.noPolicyMap(C.directory, accounts: 2)))
        let renamed = try C().map("- last\n", "- last + \"x\"\n")
        let kept = try diff([C.comparison(accounts: [C.account(C.anna, written: ["login": [.text("berg")]])])], to: renamed)
        #expect(kept.notes.contains(.kept(C.directory, attribute: "login", accounts: 1)))
    }
}
