import IdentityModel
import Planning
import Testing

/// Accounts after lost answers, accounts that somebody changed by hand, and entries that could be several people's.
struct UnknownAccountTests {
    private let system = PlannedAccounts.system
    private let berg = AccountOwner(user: UserID("u-E1"), system: PlannedAccounts.system)

    // MARK: Made anew

    @Test func `an entry that is made anew gets its old names, and another one where somebody took it meanwhile`() throws {
        let gone = PlannedAccounts.account(doubt: AccountDoubt())
        let company = try PlannedAccounts()
        func names(_ taken: Set<String>) -> [String?] {
            let order = company.plan(known: gone, recreates: true, taken: taken).orders.first
            return ["login", "cn"].map { name in order?.requests.first { $0.name == name }?.after.first?.text }
        }
        #expect(names([]) == ["berg", "Berg"])
        #expect(names(["berg"]) == ["berg2", "Berg (berg2)"])
        // A name that is given once is kept also where it would be computed otherwise now.
        var married = gone
        married.written["login"] = [.text("dahl")]
        married.nameBases["login"] = "\u{0}dahl"
        let order = try #require(company.order(known: married, recreates: true))
        #expect(order.asks.contains("+ login dahl") && order.recreates)
        #expect(company.plan(known: married, recreates: true, taken: ["dahl"]).orders.first?.asks.contains("+ login berg") == true)
    }

    // MARK: Unknown

    @Test func `an unknown account is asked for by its id, and what was not answered is sent again`() throws {
        let doubt = AccountDoubt(
            formerNames: [AccountName("cn=Old")], memberships: ["cn=Staff", "cn=VPN"], attributes: ["title", "badge"])
        let planned = try PlannedAccounts().plan(known: PlannedAccounts.account(doubt: doubt)) { _ in
            .found(PlannedAccounts.entry(), owner: berg)
        }
        #expect(planned.asked == [.id(PlannedAccounts.known, name: PlannedAccounts.account().name)])
        let order = try #require(planned.orders.first)
        #expect(order.operation == .modify && order.asks == ["- title ", "= badge yes", "- memberOf cn=VPN", "+ memberOf cn=Staff"])
    }

    @Test(arguments: ["CN=Staff", "cn = staff"]) func `a group is the same however its name is spelled`(_ spelling: String) throws {
        #expect(try PlannedAccounts().order(known: PlannedAccounts.account(memberships: [spelling])) == nil)
        let unknown = PlannedAccounts.account(memberships: [spelling], doubt: AccountDoubt(memberships: [spelling]))
        let order = try #require(try PlannedAccounts().order(known: unknown) { _ in .found(PlannedAccounts.entry(), owner: berg) })
        #expect(order.asks == ["+ memberOf \(spelling)"])
    }

    @Test func `an account that a look finds as it should be is known again by an order that sends nothing`() throws {
        let order = try #require(
            try PlannedAccounts().order(known: PlannedAccounts.account(doubt: AccountDoubt())) { _ in
                .found(PlannedAccounts.entry(), owner: berg)
            })
        #expect(order.operation == .modify && order.asks == [] && !order.renames)
    }

    @Test func `an entry that was renamed by hand, or by an answer that was lost, is named from where it stands`() throws {
        let order = try #require(
            try PlannedAccounts().order(known: PlannedAccounts.account(doubt: AccountDoubt())) { _ in
                .found(PlannedAccounts.entry(name: "cn=Elsewhere,dc=example"), owner: berg)
            })
        #expect(order.nameBefore == AccountName("cn=Elsewhere,dc=example"))
        #expect(order.nameAfter == AccountName("cn=Berg,ou=People,dc=example"))
    }

    @Test func `the entry of a Create whose answer was lost is ours, and looked for by what the Create looked for`() throws {
        let known = Account(user: UserID("u-E1"), system: system, version: 1, doubt: AccountDoubt(correlation: ["number": "old"]))
        let planned = try PlannedAccounts().plan(known: known) { _ in
            .found(PlannedAccounts.entry("id-9", ["number": ["E1"], "title": ["Left"], "login": ["berg"]]), owner: nil)
        }
        #expect(planned.asked == [.correlation(["number": "old"])])
        let order = try #require(planned.orders.first)
        #expect(order.operation == .modify && !order.adopts && order.accountID == AccountID("id-9"))
        #expect(order.takenOver["number"] == [.text("E1")] && order.asks.contains("+ memberOf cn=Staff"))
    }

    @Test func `a leaver whose Create may have happened is withdrawn, or known to have no account`() throws {
        let known = Account(user: UserID("u-E1"), system: system, version: 1, doubt: AccountDoubt(correlation: ["number": "E1"]))
        let found = try #require(
            try PlannedAccounts().order(roles: [], known: known) { _ in .found(PlannedAccounts.entry("id-9"), owner: nil) })
        #expect(found.operation == .disable && found.accountID == AccountID("id-9") && found.becomes == .deprovisioned)
        let nothing = try #require(try PlannedAccounts().order(roles: [], known: known))
        #expect(nothing.operation == .modify && nothing.becomes == AccountState.none && nothing.requests == [])
    }

    // MARK: Deleted by hand

    private func gone(_ entry: ActualAccount? = nil, _ owner: AccountOwner? = nil) -> (AccountQuery) -> ActualState {
        { key in
            if case .correlation = key, let entry { .found(entry, owner: owner) } else { .absent }
        }
    }

    @Test func `the deleted entry of a leaver is done with, but for its memberships`() throws {
        let planned = try PlannedAccounts().plan(roles: [], known: PlannedAccounts.account(doubt: AccountDoubt()), answer: gone())
        #expect(planned.asked == [.id(PlannedAccounts.known, name: PlannedAccounts.account().name), .correlation(["number": "E1"])])
        let order = try #require(planned.orders.first)
        #expect(order.operation == .modify && order.becomes == .deleted && order.asks == ["- memberOf cn=Staff"])
        #expect(planned.gone.map(\.isLeftOut) == [false])
    }

    @Test func `the replaced entry of a leaver is taken, and withdrawn`() throws {
        let order = try #require(
            try PlannedAccounts().order(
                roles: [], known: PlannedAccounts.account(doubt: AccountDoubt()), answer: gone(PlannedAccounts.entry("id-9"))))
        #expect(order.operation == .disable && order.adopts && order.accountID == AccountID("id-9"))
        #expect(order.asks.contains("+ userAccountControl 514") && order.nameAfter == AccountName("cn=Berg,ou=Disabled,dc=example"))
    }

    @Test func `a deleted entry of somebody due is made anew only when a person says so, with everything and the old login`() throws {
        let company = try PlannedAccounts()
        var known = PlannedAccounts.account(doubt: AccountDoubt())
        known.written["login"] = [.text("berg7")]
        let unasked = company.plan(known: known, answer: gone())
        #expect(unasked.orders == [] && unasked.gone.map(\.isLeftOut) == [true] && unasked.gone.first?.key == UserKey("E1"))
        let order = try #require(company.plan(known: known, recreates: true, answer: gone()).orders.first)
        #expect(order.operation == .create && order.recreates && order.correlation == ["number": "E1"])
        #expect(order.asks.contains("+ login berg7") && order.asks.contains("+ memberOf cn=Staff"))
        #expect(order.nameAfter == AccountName("cn=Berg,ou=People,dc=example"))
    }

    @Test func `a rehire whose disabled entry was replaced by hand gets the new one, with all memberships`() throws {
        let order = try #require(
            try PlannedAccounts().order(
                known: PlannedAccounts.account(.deprovisioned, memberships: []), answer: gone(PlannedAccounts.entry("id-9"))))
        #expect(order.operation == .modify && order.adopts && order.accountID == AccountID("id-9"))
        #expect(order.failure == nil && order.asks.contains("+ memberOf cn=Staff"))
    }

    // MARK: Correlation

    @Test func `without a value for a correlation attribute nobody is created`() throws {
        var nameless = PlannedAccounts.user()
        nameless = User(
            id: nameless.id, key: nameless.key, source: nameless.source, status: .active, attributes: ["lastName": .string("Berg")],
            version: 1)
        let planned = try PlannedAccounts().plan([nameless])
        #expect(planned.asked == [])
        #expect(planned.orders.first?.failure?.message == "the correlation attribute number has no value")
    }

    @Test func `two people with one value get no account, also when one comes in a later chunk`() throws {
        let company = try PlannedAccounts()
        let twin = PlannedAccounts.user("E2", "Dahl", ["employeeId": .string("e1")])
        let both = company.plan([PlannedAccounts.user(), twin, PlannedAccounts.user("E3", "Holm")]).orders
        #expect(both.map { $0.failure == nil } == [false, false, true])
        #expect(both[0].failure?.message.hasPrefix("number=E1 is what user E2 has too") == true)
        let later = company.plan([PlannedAccounts.user("E4", "Lund", ["employeeId": .string("E3")])]).orders
        #expect(later.map { $0.failure == nil } == [false])
    }

    @Test func `an entry that is somebody's on the same server under another name is a conflict with advice`() throws {
        for (owner, words) in [("u-E1", "this user's account on Students"), ("u-E7", "user u-E7's account on Students")] {
            let order = try #require(
                try PlannedAccounts().order { _ in
                    .found(PlannedAccounts.entry("id-9"), owner: AccountOwner(user: UserID(owner), system: SystemName("Students")))
                })
            #expect(order.failure?.message.contains(words) == true && order.failure?.message.contains("bases that do not overlap") == true)
        }
    }

    // MARK: Adoption and names

    @Test func `an adopted entry's equal values are ours without being sent`() throws {
        let order = try #require(
            try PlannedAccounts().order(PlannedAccounts.user("E1", "Berg", ["title": .string("Clerk")])) { _ in
                .found(
                    PlannedAccounts.entry("id-9", ["number": ["E1"], "title": ["Clerk"], "badge": ["no"], "login": ["old"]]), owner: nil)
            })
        #expect(order.adopts && order.takenOver["title"] == [.text("Clerk")] && order.takenOver["login"] == [.text("old")])
        #expect(!order.asks.contains { $0.contains("title") || $0.contains("login") } && order.asks.contains("= badge yes"))
    }

    @Test(arguments: [
        (["+ a 1"], ["a": ["1"]], [String](), ["a": ["1"]]), (["+ a 1"], [:], ["+ a 1"], [:]),
        (["+ a 1"], ["a": ["2"]], ["= a 1"], [:]), (["+ class 1"], ["class": ["2"]], ["+ class 1"], [:]),
        (["+ once 1"], ["once": ["2"]], [], ["once": ["2"]]), (["+ empty 1"], ["empty": ["2"]], [], [:]),
        (["+ memberOf 1"], ["memberOf": ["1"]], ["+ memberOf 1"], [:]),
    ])
    func `what a Create asks for is sent, taken over or left alone`(
        _ asked: [String], _ entry: [String: [String]], _ sent: [String], _ taken: [String: [String]]
    ) {
        let adoption = Adoption(onCreate: ["once"], literals: ["class"], ifEmpty: ["empty"])
        let requests = asked.map { text in
            let words = text.split(separator: " ")
            return AttributeRequest(
                kind: words[1] == "memberOf" ? .membership : .attribute, name: String(words[1]), operation: .add, before: [],
                after: [.text(String(words[2]))])
        }
        let decision = adoption.decision(creating: requests) { entry[$0] ?? [] }
        let signs: [RequestOperation: String] = [.add: "+", .set: "=", .remove: "-"]
        #expect(decision.requests.map { "\(signs[$0.operation] ?? "?") \($0.name) \($0.after.map(\.text).joined())" } == sent)
        #expect(decision.takenOver == taken.mapValues { $0.map(AccountValue.text) })
    }

    @Test(arguments: [["Employee"], []])
    func `an entry that several may be, that cannot be read, or that is somebody else's fails the order`(roles: [String]) throws {
        let names = [AccountName("cn=a"), AccountName("cn=b")]
        let anna = AccountOwner(user: UserID("anna"), system: PlannedAccounts.system)
        let answers: [(ActualState, says: String)] = [
            (.looked(.ambiguous(names), owner: nil), "several entries of Directory correlate to this user: cn=a; cn=b"),
            (.looked(.unreadable(names), owner: nil), "its id cannot be read (cn=a; cn=b)"),
            (.found(PlannedAccounts.entry("id-9"), owner: anna), "belongs to user anna"),
        ]
        let unknown = PlannedAccounts.account(AccountState.none, doubt: AccountDoubt(correlation: ["number": "E1"]))
        for (answer, says) in answers {
            let order = try #require(try PlannedAccounts().order(roles: roles, known: unknown) { _ in answer })
            #expect(order.failure?.message.contains(says) == true && order.requests.isEmpty)
        }
    }

    @Test func `who loses a name to another run keeps the others, however few there are to choose from`() throws {
        let company = try PlannedAccounts(replacing: [
            "n: [2, 99]": "n: [2, 2]",
            "  title: user.?title":
                "  title: { unique: { candidates: [ 'user.lastName', 'user.employeeId', 'user.employeeId + \"x\"' ] } }",
        ])
        let users = [PlannedAccounts.user(), PlannedAccounts.user("E2", "Berg")]
        let assignments = [RoleAssignment(role: RoleName("Employee"), origin: .manual("test"))]
        let planning = ChunkPlanning(
            configuration: company.configuration, hints: NameHints(),
            changes: users.map { user in
                UserChange(
                    change: .joiner, user: user, before: nil, assignments: assignments, assignmentsBefore: [], claim: nil, due: nil,
                    reasons: [])
            }, accounts: [:])
        func names() -> [[String]] {
            while let question = planning.nextQuestion() {
                switch question {
                case .entries(let questions): planning.answer(questions.map { ($0, .absent) })
                case .names(let questions):
                    planning.answer(
                        questions, ChunkPlanning.NameAnswers(holders: [:], taken: questions.probes.map { _ in false }))
                }
            }
            return planning.orders(from: 1).map { order in
                ["login", "title"].map { name in order.requests.first { $0.name == name }?.after.first?.text ?? "none" }
            }
        }
        #expect(names() == [["berg", "Berg"], ["berg2", "E2"]])
        planning.lose([NameClaim(system: PlannedAccounts.system, attribute: "title", scope: "", folded: "e2")])
        #expect(names() == [["berg", "Berg"], ["berg2", "E2x"]])
    }

    @Test func `a corrected capital reaches the names that are kept`() throws {
        let company = try PlannedAccounts()
        let order = try #require(company.order(PlannedAccounts.user("E1", "BERG"), known: PlannedAccounts.account()))
        #expect(order.asks == ["= cn BERG"] && order.nameAfter == AccountName("cn=BERG,ou=People,dc=example"))
        var second = PlannedAccounts.account()
        second.written["cn"] = [.text("Berg (berg)")]
        second.name = AccountName("cn=Berg (berg),ou=People,dc=example")
        let numbered = try #require(company.order(PlannedAccounts.user("E1", "BERG"), known: second))
        #expect(numbered.asks == ["= cn BERG (berg)"])
        #expect(company.order(known: second) == nil)
    }

    @Test func `a corrected capital reaches the name also where the container changes at the same time`() throws {
        let company = try PlannedAccounts()
        let left = try #require(company.order(PlannedAccounts.user("E1", "BERG"), roles: [], known: PlannedAccounts.account()))
        #expect(left.nameAfter == AccountName("cn=BERG,ou=Disabled,dc=example") && left.asks.contains("= cn BERG"))
        var second = PlannedAccounts.account()
        second.written["cn"] = [.text("Berg (berg)")]
        second.name = AccountName("cn=Berg (berg),ou=People,dc=example")
        let numbered = try #require(company.order(PlannedAccounts.user("E1", "BERG"), roles: [], known: second))
        #expect(numbered.nameAfter == AccountName("cn=BERG (berg),ou=Disabled,dc=example"))
    }
}

extension PlannedAccounts {
    static func entry(_ id: String, _ attributes: [String: [String]] = [:]) -> ActualAccount { entry(AccountID(id), attributes) }
}
