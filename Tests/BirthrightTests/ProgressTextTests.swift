import IdentityModel
import Provisioning
import Testing

@testable import birthright

@Suite struct ProgressTextTests {
    @Test func `planning counts rows, people and orders`() {
        #expect(
            ProgressText.planning(PlanProgress(rows: 120_000, users: 1, orders: 2))
                == "planning: 120,000 rows read, 1 person and 2 orders planned")
        #expect(ProgressText.planning(PlanProgress(rows: 0, users: 3, orders: 1)) == "planning: 3 people and 1 order planned")
    }

    @Test func `comparing tells how many people are through`() {
        #expect(ProgressText.comparing(36_000) == "comparing: 36,000 people")
    }

    @Test func `applying shows each system, with a bar on a terminal only`() {
        let systems = [
            ApplyProgress(system: SystemName("Mail"), settled: 0, errored: 0, total: 0),
            ApplyProgress(system: Samples.system, settled: 512, errored: 2, total: 1_024),
        ]
        #expect(
            ProgressText.applying(systems, bar: 10)
                == "applying: Corp Directory [#####.....] 512 of 1,024, 2 failed; Mail [##########] 0 of 0")
        #expect(ProgressText.applying(systems, bar: 0) == "applying: Corp Directory 512 of 1,024, 2 failed; Mail 0 of 0")
    }

    @Test func `a terminal hears after a second and then at once, a pipe every ten seconds`() {
        var terminal = ProgressPacing(isTerminal: true)
        #expect([0, 999, 1_000, 1_050, 1_100].map { terminal.isDue(at: $0) } == [false, false, true, false, true])
        var pipe = ProgressPacing(isTerminal: false)
        #expect([1_000, 9_999, 10_000, 19_999, 20_000].map { pipe.isDue(at: $0) } == [false, false, true, false, true])
    }
}
