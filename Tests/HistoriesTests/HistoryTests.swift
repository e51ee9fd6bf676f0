import Histories
import Testing

@Suite struct HistoryTests {
    private static let everything = Set(Disturbance.common)
    private static let keys: Set<String> = ["creates", "shared"]

    private static func history(_ seed: UInt64) -> History { HistoryGenerator.history(seed: seed, allowed: everything, knows: keys) }

    @Test(arguments: [1, 2, 77] as [UInt64])
    func `a seed always draws the same history`(seed: UInt64) {
        #expect(Self.history(seed) == Self.history(seed))
    }

    @Test func `seeds draw different worlds`() {
        let worlds = (1...400).map { Self.history($0) }
        #expect(Set(worlds.map(\.rulebook)).count > 350)
        #expect(Set(worlds.flatMap(\.disturbances)) == Self.everything)
    }

    @Test func `disturbances that are not allowed are not drawn`() {
        for seed in 1...50 {
            let history = HistoryGenerator.history(seed: UInt64(seed), allowed: [.death], knows: Self.keys)
            #expect(history.disturbances.isSubset(of: [.death]))
        }
    }

    @Test func `a history that was written down is the same when it is read`() throws {
        let history = Self.history(5)
        #expect(try History(json: history.json()) == history)
    }

    @Test func `shrinking leaves what the failure needs, and nothing else`() async {
        let history = Self.history(3)
        let needed = history.steps.filter { if case .publish = $0 { true } else { false } }.count
        var shrinker = Shrinker(budget: 2_000) { candidate in
            candidate.steps.filter { if case .publish = $0 { true } else { false } }.count >= min(needed, 2)
        }
        let small = await shrinker.shrunk(history)
        #expect(small.steps.count == 2)
        #expect(small.company.people.count == 1)
        #expect(small.rulebook.systems.count == 1)
    }

    @Test func `a tester that compares too little, or disturbs at the wrong moments, says so`() {
        var tally = Tally()
        for _ in 0..<100 {
            var outcome = Outcome()
            outcome.facts = 19
            outcome.writes = 15
            outcome.drawn = [.death]
            tally.add(outcome)
        }
        #expect(
            tally.shortcomings == [
                "fewer than 20 facts per history are compared", "death falls between writes in 0 % of the histories that draw it",
            ])
    }
}
