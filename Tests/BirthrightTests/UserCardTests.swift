import IdentityModel
import Pages
import Testing

@testable import Planning
@testable import Provisioning
@testable import birthright

@Suite struct UserCardTests {
    static func person() -> Person {
        let claim = SourceClaim(
            source: SourceName("hr"), key: UserKey("E0042"), user: Samples.anna, keyHash: 1, rowHash: 2,
            position: SourcePosition(file: "hr/2026-03-03.csv", line: 17))
        let account = Account(
            user: Samples.anna, system: Samples.system, state: .enabled, id: AccountID("1f7c"), name: AccountName(Samples.financeName),
            version: 1,
            written: ["sn": [.text("Berg")], "unicodePwd": [.text("hidden")], "manager": [.reference(UserKey("E0007"))]],
            memberships: ["cn=Finance,ou=Groups", "cn=All Staff,ou=Groups"])
        return Person(
            user: Samples.user(["firstName": .string("Anna"), "lastName": .string("Berg"), "manager": .reference(UserKey("E0007"))]),
            assignments: [RoleAssignment(role: RoleName("Finance"), origin: .rule("finance"))], accounts: [account], claims: [claim])
    }

    @Test func `a user's page tells where each value comes from, and no password`() {
        let card = UserCard(
            person: Self.person(), positions: ["lastName": SourcePosition(file: "hr/2026-03-03.csv", line: 17)],
            open: [
                (
                    ordinal: 7,
                    order: Samples.order(state: .errored, failure: ConnectorFailure(.permanent, "refused", serverText: "LDAP 50: no"))
                )
            ])
        #expect(
            card.text(.plain) == """
                E0042 Anna Berg (active)
                  row  hr/2026-03-03.csv:17 (source hr, key E0042)

                  attribute  value  from
                  firstName  Anna
                  lastName   Berg   hr/2026-03-03.csv:17
                  manager    E0007

                  role     because of
                  Finance  rule:finance

                  account on Corp Directory: enabled
                    name         cn=Anna Berg,ou=Finance,dc=example,dc=com
                    id           1f7c
                    manager      account of E0007
                    sn           Berg
                    unicodePwd   ••••••
                    memberships  cn=All Staff,ou=Groups
                                 cn=Finance,ou=Groups

                  open orders
                    7-12 Errored: Modify Corp Directory: refused (LDAP 50: no)
                """)
        #expect(!card.page.text.contains("hidden"))
    }

    @Test func `somebody who is only planned is not shown as if they were there`() {
        var person = Person(user: Samples.user([:], status: .pendingStart), assignments: [])
        person.plan = Samples.plan()
        #expect(
            UserCard(person: person, positions: [:], open: []).text(.plain) == """
                E0042 (pendingStart)
                as plan 7 would have them; it is not applied yet

                  no role

                  no account
                """)
    }

    @Test func `an explanation goes from the line of the file to the event`() {
        func position(_ line: Int) -> TextPosition { TextPosition(file: "corp.yaml", line: line, column: 3) }
        var explanation = Explanation(person: Self.person(), system: Samples.system, attribute: "sAMAccountName")
        explanation.inputs = [Explanation.Input(name: "lastName", value: "Berg", expression: "row.LAST_NAME", position: position(4))]
        explanation.isEntitled = true
        explanation.grants = [
            RoleGrant(
                role: RoleName("Finance"), groups: ["cn=Finance,ou=Groups"], position: position(5), origin: .rule("finance"),
                rule: RoleGrant.Rule(
                    name: "finance", position: position(6), condition: #"when user.department == "Finance""#, verdict: "matches",
                    parts: [TracedExpression.Part(expression: "user.department", value: "'Finance'")]))
        ]
        explanation.account = Self.person().accounts.first
        explanation.attributes = [
            Explanation.Attribute(
                name: "sAMAccountName", position: position(7), settings: "maxLength: 20", outcome: "computed", values: [.text("berga2")],
                written: nil,
                steps: [
                    TracedExpression(
                        title: "last", position: position(8), expression: "user.lastName\n  .lower()", value: "'berg'",
                        parts: [TracedExpression.Part(expression: "user.lastName", value: "'Berg'")])
                ],
                candidates: [
                    Explanation.Candidate(value: "berga", isChosen: false, holder: "E0007 Arne Berg"),
                    Explanation.Candidate(value: "berga2", isChosen: true, holder: nil),
                ])
        ]
        explanation.order = (ordinal: 7, order: Samples.order(.create, state: .executed, requests: [], nameBefore: nil))
        explanation.event = Explanation.Event(trackingNumber: "abc", count: 1)
        #expect(
            explanation.text(.plain) == """
                E0042 Anna Berg on Corp Directory (active): sAMAccountName = berga2
                row         hr/2026-03-03.csv:17 (source hr, key E0042)
                user        lastName  Berg   row.LAST_NAME  corp.yaml:4:3
                roles       Finance, corp.yaml:5:3
                              rule finance, corp.yaml:6:3: when user.department == "Finance": matches
                                  user.department  'Finance'
                              + cn=Finance,ou=Groups
                rule        corp.yaml:7:3 (maxLength: 20)
                            computed
                            last = 'berg'  corp.yaml:8:3
                              user.lastName .lower()
                                user.lastName  'Berg'
                names       berga   held by E0007 Arne Berg
                            berga2  chosen
                account     enabled
                            cn=Anna Berg,ou=Finance,dc=example,dc=com
                            id 1f7c
                last order  7-12 Create Corp Directory E0042 Anna Berg (mover, Executed)
                              account  cn=Anna Berg,ou=Finance,dc=example,dc=com
                              because  mover: hr/2026-03-03.csv:17 (department)
                                       role Finance (rule:finance)
                event       abc: 1 event so far
                """)
    }
}
