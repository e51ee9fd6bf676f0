import IdentityModel
import Planning
import Provisioning
import Testing

@testable import birthright

@Suite struct PlanTextTests {
    static let held = GuardVerdict(
        .effect(.disable, Samples.system), count: 25, base: 300,
        limit: "8.3 % of 300 enabled accounts, more than 5 % allowed")

    @Test func `a held plan says what it would do, which guard stopped it, and what to do next`() {
        var report = PlanReport()
        report.file = "hr/2026-03-03.csv"
        report.format = "UTF-8; delimiter ',' (21 in the header); lines end with LF"
        let plan = Samples.plan(.held, verdicts: [Self.held], warnings: ["column 'SHOE_SIZE' is new"])
        #expect(
            PlanText.summary(plan: plan, report: report, ink: .plain) == """
                Plan 7 of source hr for 2026-03-03: held by a guard
                  file    hr/2026-03-03.csv
                  format  UTF-8; delimiter ',' (21 in the header); lines end with LF
                  rows    1,312 read, 1,296 unchanged, 2 quarantined (birthright quarantine list --plan 7)
                  people  3 joiners, 12 movers, 1 leaver
                  orders  16
                  seal    9f2ac0ffee12

                  system          create  modify  rename  disable  delete  remove access
                  Corp Directory       3      12       1        1       0              4
                  Mail             1,003       0       0        0       0              0

                warning: column 'SHOE_SIZE' is new

                Held by a guard, nothing is written:
                  Corp Directory: would disable 25 accounts: 8.3 % of 300 enabled accounts, more than 5 % allowed
                Look closer:     birthright orders list --plan 7
                If it is right:  birthright plans approve 7 --reason "..."
                If it is wrong:  birthright plans reject 7 --reason "..."
                """)
        #expect(PlanText.nextStep(plan) == nil)
    }

    @Test func `a plan of due dates has no rows, and one without effects says so`() {
        var totals = PlanTotals()
        totals.changes = [.unchanged: 2]
        #expect(
            PlanText.summary(plan: Samples.plan(origin: .due, totals: totals), report: nil, ink: .plain) == """
                Plan 7 of due dates for 2026-03-03: ready to be applied
                  people  2 planned again
                  orders  none
                  seal    9f2ac0ffee12
                """)
        #expect(PlanText.nextStep(Samples.plan()) == "Carry it out:  birthright apply 7")
        #expect(PlanText.nextStep(Samples.plan(totals: PlanTotals())) == nil)
        #expect(PlanText.nextStep(Samples.plan(.applied)) == nil)
    }

    @Test func `accounts that cannot be computed are counted with the orders`() {
        var totals = Samples.totals()
        totals.evaluationsFailed = 2
        #expect(
            PlanText.summary(plan: Samples.plan(totals: totals), report: nil, ink: .plain)
                .contains("  orders  16, of which 2 cannot be sent (birthright orders list --plan 7 --state error)\n"))
    }

    @Test func `a broken file contract names every check and the way to override it`() {
        var report = PlanReport()
        report.file = "hr/2026-03-05.csv"
        report.breaches = [
            ContractBreach(check: .rowCount, message: "187 rows where the last applied file had 320: a change of 41 %, allowed are 20 %"),
            ContractBreach(check: .nullRate, message: "column 'TITLE' is empty in 60 % of the rows"),
        ]
        #expect(
            PlanText.breaches(report, source: SourceName("hr"), ink: .plain) == """
                Held by the file contract: hr/2026-03-05.csv is not planned, nothing is written
                  rowCount  187 rows where the last applied file had 320: a change of 41 %, allowed are 20 %
                  nullRate  column 'TITLE' is empty in 60 % of the rows
                If the file is right:  birthright plan hr --accept rowCount --accept nullRate --reason "..."
                """)
        report.breaches = [ContractBreach(check: .columns, message: "column 'STATUS' is missing from the header")]
        #expect(
            PlanText.breaches(report, ink: .plain) == """
                Held by the file contract: hr/2026-03-05.csv is not planned, nothing is written
                  columns  column 'STATUS' is missing from the header
                A missing column cannot be accepted: correct the file, or the contract and the expressions that read the column.
                """)
    }

    @Test func `what came of a plan is told by system, with why orders wait and where to look`() {
        var summary = ApplySummary()
        var directory = SystemSummary()
        directory.executed = 310
        directory.errored = 2
        directory.waiting = 4
        directory.substituted = 1
        directory.outage = ConnectorFailure(.unavailable, "cannot be reached", serverText: "LDAP -1: Can't contact LDAP server")
        summary.systems = [Samples.system: directory]
        summary.events = 312
        summary.evaluationsFailed = 1
        #expect(
            PlanText.applied(summary, plan: Samples.plan(), ink: .plain) == """
                Plan 7: not finished
                  system          executed  errored  withdrawn  waiting
                  Corp Directory       310        2          0        4
                  312 events
                Corp Directory: 1 order got another name, because the first one was taken there
                Corp Directory: 4 orders wait: cannot be reached (LDAP -1: Can't contact LDAP server)
                Go on when it can be reached:  birthright apply 7
                failed:  birthright orders list --plan 7 --state errored --state withdrawn
                1 account could not be computed:  birthright orders list --plan 7 --state error
                """)
    }

    @Test func `a user's change shows attributes and roles before and after`() {
        let before = Samples.user([
            "lastName": .string("Berg"), "firstName": .string("Anna"), "department": .string("Sales"), "phone": .string("1"),
            "manager": .reference(UserKey("E0001")),
        ])
        let after = Samples.user(
            [
                "lastName": .string("Berg"), "firstName": .string("Anna"), "department": .string("Finance"),
                "endDate": .date(CivilDate(days: 20_550)),
                "manager": .reference(UserKey("E0007")),
            ], status: .leave)
        let change = UserChange(
            change: .mover, user: after, before: before, assignments: [RoleAssignment(role: RoleName("Finance"), origin: .rule("finance"))],
            assignmentsBefore: [RoleAssignment(role: RoleName("Sales"), origin: .rule("sales"))], claim: nil, due: CivilDate(days: 20_551),
            reasons: ["mover: hr/2026-03-03.csv:17 (department, manager, phone, status)"])
        #expect(
            PlanText.change(change, ink: .plain) == """
                E0042 Anna Berg (mover)
                  ~ status      active -> leave
                  ~ department  Sales -> Finance
                  + endDate     2026-04-07
                  ~ manager     E0001 -> E0007
                  - phone       1
                  + role Finance (rule:finance)
                  - role Sales (rule:sales)
                  because   mover: hr/2026-03-03.csv:17 (department, manager, phone, status)
                  again on  2026-04-08
                """)
    }
}
