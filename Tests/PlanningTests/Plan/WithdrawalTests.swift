import IdentityModel
import Planning
import Testing

/// Nobody keeps access because something failed, or was forgotten.
struct WithdrawalTests {
    private let disabledHere = ["= badge no", "= colour no!", "= userAccountControl 514", "- memberOf cn=Staff"]

    @Test func `a leaver is disabled, moved, and loses what we gave`() throws {
        let order = try #require(try PlannedAccounts().order(roles: [], known: PlannedAccounts.account()))
        #expect(order.operation == .disable && order.becomes == .deprovisioned && order.failure == nil)
        #expect(order.nameAfter == AccountName("cn=Berg,ou=Disabled,dc=example"))
        #expect(order.asks == disabledHere && order.warnings == [])
    }

    @Test func `an attribute that fails is left alone with a warning, and the leaver is disabled all the same`() throws {
        let company = try PlannedAccounts(replacing: ["title: user.?title": "title: user.title"])
        let order = try #require(company.order(roles: [], known: PlannedAccounts.account()))
        #expect(order.operation == .disable && order.failure == nil && order.asks == disabledHere)
        #expect(order.warnings.count == 1 && order.warnings[0].hasPrefix("left alone: ") && order.warnings[0].contains("title"))
        let joiner = try #require(company.order())
        #expect(joiner.failure != nil)
    }

    @Test func `without a name the account is disabled where it stands`() throws {
        let company = try PlannedAccounts(replacing: [#""ou=Disabled,dc=example""#: #"user.title"#])
        let order = try #require(company.order(roles: [], known: PlannedAccounts.account()))
        #expect(order.operation == .disable && order.failure == nil && !order.renames)
        #expect(order.nameAfter == AccountName("cn=Berg,ou=People,dc=example"))
        #expect(order.asks == disabledHere)
    }

    @Test func `where the rule that disables fails, the dialect's own disabling takes its place`() throws {
        let company = try PlannedAccounts(replacing: ["'account.enabled ? 512 : 514'": "'account.enabled ? \"512\" : user.title'"])
        let order = try #require(company.order(roles: [], known: PlannedAccounts.account()))
        #expect(order.usesDialectDisabling)
        #expect(try PlannedAccounts().order(roles: [], known: PlannedAccounts.account())?.usesDialectDisabling == false)
    }

    @Test func `a deletion takes the memberships away as well, those too of which nobody knows`() throws {
        let doubt = AccountDoubt(memberships: ["cn=VPN"])
        let order = try #require(
            try PlannedAccounts(onDelete: "DELETE").order(roles: [], known: PlannedAccounts.account(doubt: doubt)) { _ in
                .found(PlannedAccounts.entry(), owner: AccountOwner(user: UserID("u-E1"), system: PlannedAccounts.system))
            })
        #expect(order.operation == .delete && order.asks == ["- memberOf cn=Staff", "- memberOf cn=VPN"])
    }

    @Test(arguments: [AccountState.deprovisioned, .deleted])
    func `a membership that a withdrawal left behind is taken away by the next run`(state: AccountState) throws {
        let company = try PlannedAccounts()
        let order = try #require(company.order(roles: [], known: PlannedAccounts.account(state)))
        #expect(order.asks == ["- memberOf cn=Staff"] && order.becomes == state && !order.renames && order.claims == [])
        #expect(order.operation == (state == .deleted ? .modify : .disable))
        #expect(company.order(roles: [], known: PlannedAccounts.account(state, memberships: [])) == nil)
    }

    @Test func `somebody whom a failed withdrawal switched off is switched on again`() throws {
        var account = PlannedAccounts.account()
        account.isSwitchedOff = true
        let owner = AccountOwner(user: UserID("u-E1"), system: PlannedAccounts.system)
        let order = try #require(try PlannedAccounts().order(known: account) { _ in .found(PlannedAccounts.entry(), owner: owner) })
        #expect(order.operation == .enable && order.becomes == .enabled)
        #expect(try PlannedAccounts().order(known: PlannedAccounts.account()) == nil)
    }

    @Test func `whoever comes back is made to point at others anew`() throws {
        let company = try PlannedAccounts(replacing: [
            "  title: user.?title\n": "  title: user.?title\n  manager: user.?manager.optMap(m, account(m))\n"
        ])
        let user = PlannedAccounts.user("E1", "Berg", ["manager": .reference(UserKey("E2"))])
        var account = PlannedAccounts.account(.deprovisioned, memberships: [])
        account.written["manager"] = [.reference(UserKey("E2"))]
        let owner = AccountOwner(user: user.id, system: PlannedAccounts.system)
        let order = try #require(company.order(user, known: account) { _ in .found(PlannedAccounts.entry(), owner: owner) })
        #expect(order.operation == .enable && order.requests.contains { $0.name == "manager" && $0.operation == .set })
        account.state = .enabled
        account.memberships = ["cn=Staff"]
        #expect(company.order(user, known: account) == nil)
    }

    @Test func `what is to be done follows from what is known`() {
        func intent(_ state: AccountState, _ memberships: Set<String> = [], _ doubt: AccountDoubt? = nil) -> AccountIntent {
            AccountIntent.of(isEntitled: false, known: PlannedAccounts.account(state, memberships: memberships, doubt: doubt))
        }
        #expect(AccountIntent.of(isEntitled: true, known: nil) == .provide && AccountIntent.of(isEntitled: false, known: nil) == .nothing)
        #expect(intent(.enabled) == .withdraw)
        #expect(intent(.deprovisioned) == .nothing && intent(.deprovisioned, ["g"]) == .withdraw)
        #expect(intent(.deprovisioned, [], AccountDoubt()) == .withdraw)
        #expect(intent(.deleted) == .nothing && intent(.deleted, ["g"]) == .withdraw && intent(.deleted, [], AccountDoubt()) == .withdraw)
        #expect(intent(.none) == .nothing && intent(.none, [], AccountDoubt(correlation: ["number": "E1"])) == .withdraw)
    }

    @Test func `attributes that switch the account are those that read its flag, through others too, and not its name`() throws {
        let map = try PlannedAccounts().map
        #expect(map.switchingAttributes == ["badge", "colour", "userAccountControl"])
        #expect(map.attributesInName == ["cn"] && map.disablingAttributes == ["userAccountControl"])
    }
}
