import IdentityModel
import Pages
import Testing

@testable import birthright

@Suite struct OrderTextTests {
    @Test func `an order shows every value before and after, without passwords, and why`() {
        #expect(
            PlanText.order(Samples.order(), ordinal: 7, ink: .plain) == """
                7-12 Modify Corp Directory E0042 Anna Berg (mover)
                  rename   cn=Anna Berg,ou=Sales,dc=example,dc=com
                        -> cn=Anna Berg,ou=Finance,dc=example,dc=com
                  ~ departmentNumber  Sales -> Finance
                  + title             Controller
                  - mobile            +47 912 34 567
                  ~ manager           cn=Bo Lund,ou=Sales,dc=example,dc=com -> account of E0007
                  ~ userPassword      •••••• -> ••••••
                  - memberOf          cn=Sales,ou=Groups
                  + memberOf          cn=Finance,ou=Groups
                  because  mover: hr/2026-03-03.csv:17 (department)
                           role Finance (rule:finance)
                """)
    }

    @Test func `a failed order keeps the server's own words, for each request and as a whole`() {
        let order = Samples.order(
            .create, state: .errored,
            requests: [
                AttributeRequest(
                    name: "objectClass", operation: .add, before: [], after: [.text("inetOrgPerson"), .text("adAccount")], outcome: .done),
                AttributeRequest(
                    name: "manager", operation: .add, before: [], after: [.reference(UserKey("E0007"))],
                    outcome: .deferred("E0007 has no account yet")),
                AttributeRequest(
                    kind: .membership, name: "memberOf", operation: .add, before: [], after: [.text("cn=Gone,ou=Groups")],
                    outcome: .failed(ConnectorFailure(.permanent, "the group is not there", serverText: "LDAP 32: No such object"))),
            ], nameBefore: nil, warnings: ["left alone: mobile: the number makes no sense"], attempts: 3,
            failure: ConnectorFailure(.permanent, "1 of 3 requests failed", serverText: "LDAP 32: No such object", attribute: "memberOf"))
        #expect(
            PlanText.order(order, ordinal: 7, ink: .plain) == """
                7-12 Create Corp Directory E0042 Anna Berg (mover, Errored, 3 attempts)
                  account  cn=Anna Berg,ou=Finance,dc=example,dc=com
                  + objectClass  inetOrgPerson | adAccount
                  + manager      -> account of E0007
                                 sent later: E0007 has no account yet
                  + memberOf     cn=Gone,ou=Groups
                                 failed: the group is not there (LDAP 32: No such object)
                  because  mover: hr/2026-03-03.csv:17 (department)
                           role Finance (rule:finance)
                  warning  left alone: mobile: the number makes no sense
                  failed   memberOf: 1 of 3 requests failed
                  server   LDAP 32: No such object
                """)
    }

    @Test func `an order that waits to be tried again says when, and is not called failed`() {
        let order = Samples.order(
            state: .pending, requests: [], nameAfter: Samples.salesName, notBefore: Instant(milliseconds: 1_772_500_000_000),
            failure: ConnectorFailure(.transient, "the server is busy", serverText: "LDAP 51: Server is busy"))
        #expect(
            PlanText.order(order, ordinal: nil, ink: .plain) == """
                ?-12 Modify Corp Directory E0042 Anna Berg (mover, Pending)
                  account  cn=Anna Berg,ou=Sales,dc=example,dc=com
                  because  mover: hr/2026-03-03.csv:17 (department)
                           role Finance (rule:finance)
                  so far   the server is busy
                  server   LDAP 51: Server is busy
                  again    not before 2026-03-03T01:06:40.000Z
                """)
    }

    @Test func `an order shows no secret, neither by its name nor because its configuration says so`() {
        let order = Samples.order(requests: [
            AttributeRequest(name: "sambaNTPassword", operation: .set, before: [.text("secret")], after: [.text("secret too")]),
            AttributeRequest(name: "krb5Key;binary", operation: .add, before: [], after: [.text("secret")]),
            AttributeRequest(name: "badge", operation: .add, before: [], after: [.text("secret")], isMarkedSensitive: true),
        ])
        let text = PlanText.order(order, ordinal: 7, ink: .plain)
        #expect(text.contains("  ~ sambaNTPassword  •••••• -> ••••••\n  + krb5Key;binary   ••••••\n  + badge            ••••••\n"))
        #expect(!text.contains("secret") && !PlanPage.order(order, ordinal: 7).text.contains("secret"))
    }

    @Test func `an order in one line names what it touches`() {
        #expect(PlanText.digest(Samples.order()) == "new name, departmentNumber, title, mobile, manager, userPassword, +1 -1 memberships")
        #expect(PlanText.digest(Samples.order(.delete, requests: [], nameAfter: nil)) == Samples.salesName)
        #expect(PlanText.digest(Samples.order(.create, requests: [], nameBefore: nil)) == Samples.financeName)
        let failed = Samples.order(failure: ConnectorFailure(.permanent, "the policy map could not be evaluated"))
        #expect(PlanText.digest(failed) == "the policy map could not be evaluated")
        #expect(PlanText.label(failed) == "Error")
    }

    @Test func `an order as JSON has every member, references apart from texts, and no password`() throws {
        let json = PlanPage.order(Samples.order(), ordinal: 7)
        let names = [
            "order", "operation", "system", "user", "userName", "change", "state", "stateLabel", "accountId", "nameBefore", "nameAfter",
            "adopts",
            "requests", "reasons", "warnings", "attempts", "notBefore", "failure",
        ]
        #expect(json.members?.map(\.name) == names)
        #expect(json["order"] == .string("7-12"))
        #expect(json["failure"] == .null)
        let requests = try #require(json["requests"]?.arrayValue)
        #expect(
            requests[3].text
                == #"{"kind":"attribute","name":"manager","operation":"Set","before":["cn=Bo Lund,ou=Sales,dc=example,dc=com"],"#
                + #""after":[{"accountOf":"E0007"}],"outcome":"open","detail":null}"#)
        #expect(!json.text.contains("secret"))
    }
}
