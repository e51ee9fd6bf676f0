import IdentityModel
import Planning
import Testing

/// Numbers at the edges of every guard.
struct GuardsTests {
    private static let system = SystemName("Corp")

    private func verdicts(
        _ effects: [Effect: Int], enabled: Int, recent: [Int: [Effect: Int]] = [:], settings: GuardSettings = .standard
    ) -> [GuardVerdict] {
        var facts = Guards.Facts()
        facts.effects = [Self.system: effects]
        facts.enabled = [Self.system: enabled]
        facts.recent = recent.mapValues { [Self.system: $0] }
        return Guards.verdicts(facts, settings)
    }

    @Test(arguments: [(49, 5, false), (49, 6, true), (50, 2, false), (50, 3, true), (2_000, 100, false), (2_001, 101, true), (0, 6, true)])
    func `below fifty accounts a default share means five accounts, from fifty on it is a share`(enabled: Int, disabled: Int, trips: Bool) {
        #expect(verdicts([.disable: disabled], enabled: enabled).isEmpty != trips)
    }

    @Test func `what is configured is taken as written, also of a handful of accounts`() {
        let settings = GuardSettings(limits: [.disable: GuardSettings.Limit(count: nil, percent: 5)], windows: [])
        #expect(verdicts([.disable: 1], enabled: 20, settings: settings).isEmpty)
        #expect(verdicts([.disable: 2], enabled: 20, settings: settings).count == 1)
    }

    @Test func `what a plan adopts is part of what its share is taken of, and is limited itself`() {
        #expect(verdicts([.adopt: 5, .create: 400], enabled: 0).isEmpty)
        #expect(verdicts([.adopt: 60], enabled: 0).map(\.subject) == [.effect(.adopt, Self.system)])
        #expect(verdicts([.rename: 12, .adopt: 6], enabled: 54).isEmpty)
    }

    @Test func `a window allows twice as much as a run, and counts what was executed before`() {
        // 5 % of 100 in a run, 10 % of what there was in a window.
        #expect(verdicts([.disable: 4], enabled: 96, recent: [1: [.disable: 4]]).isEmpty)
        #expect(verdicts([.disable: 4], enabled: 92, recent: [1: [.disable: 4], 7: [.disable: 8]]).first?.count == 4)
        let slow = verdicts([.disable: 4], enabled: 92, recent: [7: [.disable: 8]])
        #expect(slow.first?.limit.hasPrefix("together with 8 of the last 7 days") == true)
    }

    @Test func `whoever was withdrawn within a window counts as one of those that there were when it began`() {
        // Ten of the hundred that there were, and of the ninety-nine.
        #expect(verdicts([.disable: 4], enabled: 94, recent: [1: [.disable: 6]]).isEmpty)
        #expect(verdicts([.disable: 4], enabled: 93, recent: [1: [.disable: 6]]).count == 1)
    }

    @Test func `no share of rows trips below five of them`() {
        var facts = Guards.Facts()
        facts.rows = 4
        facts.newlyQuarantined = 4
        facts.evaluations = 4
        facts.newlyFailed = 4
        #expect(Guards.verdicts(facts, .standard).isEmpty)
        facts.rows = 49
        facts.newlyQuarantined = 5
        facts.evaluations = 99
        facts.newlyFailed = 5
        #expect(Guards.verdicts(facts, .standard).map(\.subject) == [.quarantinedRows, .failedEvaluations])
        facts.rows = 50
        facts.evaluations = 100
        #expect(Guards.verdicts(facts, .standard).isEmpty)
    }

    @Test func `creates and modifies have no limit unless one is configured`() {
        #expect(verdicts([.create: 100_000, .modify: 100_000], enabled: 10).isEmpty)
    }
}
