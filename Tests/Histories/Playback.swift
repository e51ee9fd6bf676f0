internal import IdentityModel
package import Planning

/// What came of a history.
package struct Outcome: Codable, Sendable {
    package var deviations: [Deviation] = []
    package var facts = 0
    package var writes = 0
    package var runs = 0
    /// Disturbances that were in the history, and those of them that fell between the first and the last write of a run.
    package var drawn: Set<Disturbance> = []
    package var amidWrites: Set<Disturbance> = []
    package var marks: Set<Mark> = []
    /// Of everything that happened, in the order in which it did; the same for the same seed.
    package var digest: UInt64 = 0
    /// What each run said, for whoever looks into a failure.
    package var trace: [String] = []
    /// What every order said, and what stands in the systems at the end, for the same.
    package var remains: [String] = []

    package init() {}
    package var isLawful: Bool { deviations.isEmpty }
}

/// Plays a history on an engine, then the quiet rounds, then compares.
package final class Playback {
    private let history: History
    let engine: any Engine
    private let load: @Sendable (Rulebook) throws -> Configuration
    private(set) var world: World
    var ledger = Ledger()
    private var handiwork = Handiwork()
    var outcome = Outcome()
    var started: Set<Int> = []
    /// By source: who was known when its run ended with 0, if nothing of it was accepted since, under the present configuration.
    var upToDate: [Feed: Set<Int>] = [:]
    /// Disturbances that last until somebody repairs them.
    private var lasting: Set<Disturbance> = []
    /// What whoever watches over the quiet rounds lets through: what was deleted by hand is to be made anew.
    private let accepted: Set<String> = ["gone", "recreate"]

    /// `load`: the rulebook as the product reads it.
    package init(_ history: History, on engine: any Engine, load: @escaping @Sendable (Rulebook) throws -> Configuration) {
        self.history = history
        self.engine = engine
        self.load = load
        world = World(history)
    }

    package func run() async throws -> Outcome {
        outcome.drawn = history.disturbances
        try await configure()
        setDay()
        for step in history.steps { try await play(step) }
        try await quietRounds()
        outcome.writes = try await engine.counts().writes
        outcome.marks.formUnion(try await engine.marks())
        for event in try await engine.untrueEvents() {
            outcome.deviations.append(Deviation(person: nil, system: nil, fact: "event", expected: "what was done or seen", got: event))
        }
        for violation in try await engine.violations() {
            outcome.deviations.append(
                Deviation(person: nil, system: nil, fact: "invariant", expected: "holds at every moment", got: violation))
        }
        if !outcome.isLawful { outcome.remains = try await remains() }
        await engine.close()
        return outcome
    }

    /// Orders, and what they came to.
    private func remains() async throws -> [String] {
        var lines = try await engine.remains()
        for (system, view) in try await engine.systems().sorted(by: { $0.key < $1.key }) {
            for entry in view.entries.sorted(by: { $0.name < $1.name }) {
                let groups = view.groups.filter { $0.value.contains(foldedName(entry.name)) }.keys.map { $0.prefix { $0 != "," } }
                lines.append("\(system) \(entry.id) \(entry.name) \(entry.switches) \(groups.sorted().joined(separator: " "))")
            }
        }
        return lines
    }

    // MARK: Steps

    private func play(_ step: Step) async throws {
        world.take(step)
        switch step {
        case .days: setDay()
        case .publish(let feed): try await publish(feed)
        case .publishEmpty(let feed):
            guard world.rulebook.feeds.contains(feed), !(world.published[feed] ?? []).isEmpty else { return }
            try await engine.put(world.publishEmpty(feed))
        case .republish(let feed):
            if world.rulebook.feeds.contains(feed), let file = world.republish(feed) { try await engine.put(file) }
        case .resend(let feed): try await resend(feed)
        case .edit(let edit):
            noteEdit()
            try await configure()
            upToDate = [:]
            if case .titleNeeded(let needed) = edit {
                if needed == "fail" { lasting.insert(.failingAttribute) } else { lasting.remove(.failingAttribute) }
            }
        case .sync(let feed, let mishap):
            guard world.rulebook.feeds.contains(feed), world.published[feed] != nil else { return }
            try await note(step, await engine.sync(feed, mishap: mishap, accepting: []), mishap)
        case .due(let mishap): try await note(step, await engine.due(mishap: mishap, accepting: []), mishap)
        case .both(let one, let other): try await playBoth(one, other)
        case .plan(let feed):
            guard world.rulebook.feeds.contains(feed), world.published[feed] != nil else { return }
            try await note(step, await engine.plan(feed), nil)
        case .approve: _ = try await approve()
        case .repair:
            try await engine.calm()
            lasting.formIntersection([.failingAttribute])
        case .away, .refuseGroup, .refuseValue, .dropFolder, .moveByHand, .deleteByHand, .replaceByHand, .foreignEntry, .takeName, .takeDN,
            .staleMemberOf,
            .hideID, .twins:
            try await disturb(step)
        case .set, .appear, .vanish, .renumber, .corrupt, .double, .heal: break
        }
    }

    private func publish(_ feed: Feed) async throws {
        guard world.rulebook.feeds.contains(feed) else { return }
        let mayNameStrangers = feed != .badges || world.rulebook.knows.contains("creates")
        guard let file = world.publish(feed, among: mayNameStrangers ? nil : ledger.known) else { return }
        try await engine.put(file)
    }

    /// Configurations that were in force, by their hashes.
    private var former: [String: Configuration] = [:]

    private func configure() async throws {
        let configuration = try load(world.rulebook)
        former[configuration.hash] = configuration
        try await engine.configure(world.rulebook)
    }

    private func setDay() { engine.set(day: firstDay.adding(days: world.day), hour: world.rulebook.zones?.hour) }

    /// The first file by hand: refused where it, or one behind it, was applied.
    private func resend(_ feed: Feed) async throws {
        guard feed == .badges, world.rulebook.feeds.contains(feed), let first = world.published[feed]?.first else { return }
        guard try await engine.applied(feed) != nil else { return }
        let report = await engine.sync(feed, file: first.file.name)
        try await note(.resend(feed), report, nil)
        outcome.facts += 1
        outcome.marks.insert(.resentRefused)
        if report.exit != 3 {
            outcome.deviations.append(
                Deviation(person: nil, system: nil, fact: "file sent again", expected: "exit 3", got: "\(report.exit): \(report.text)"))
        }
    }

    private func disturb(_ step: Step) async throws {
        guard let name = step.system, world.rulebook.system(name) != nil else { return }
        try await engine.disturb(step, person: step.person.flatMap { world.people[$0] })
        if let kind = step.disturbance { lasting.insert(kind) }
        guard let person = step.person else { return }
        let spot = Handiwork.Spot(person: person, system: name)
        switch step {
        case .foreignEntry: handiwork.foreign.insert(spot)
        case .takeName, .takeDN, .hideID: break
        case .twins: handiwork.twins.insert(spot)
        case .replaceByHand:
            // Another entry than ours, until it is adopted.
            handiwork.foreign.insert(spot)
            handiwork.touched.insert(spot)
            handiwork.met.remove(spot)
        default:
            handiwork.touched.insert(spot)
            handiwork.met.remove(spot)
        }
    }

    /// Rulebooks that were in force, and whether orders wait.
    var formerRulebooks: Set<Rulebook> = []
    var someWait = false

    /// What a run did: which file was applied, and where it was struck.
    func note(_ step: Step, _ report: RunReport, _ mishap: Mishap?) async throws {
        outcome.runs += 1
        outcome.trace.append("\(step) -> exit \(report.exit)\(report.text.isEmpty ? "" : ": " + report.text)")
        if report.exit == RunReport.endless {
            outcome.deviations.append(Deviation(person: nil, system: nil, fact: "run", expected: "an end", got: "none: \(step)"))
        }
        compareExit(of: step, report)
        if let mishap, report.wasStruckAmidWrites { outcome.amidWrites.insert(mishap.kind) }
        if report.refusals + report.failedEvaluations > 0, report.writes > 0 { outcome.amidWrites.formUnion(lasting) }
        if report.writes > 0 {
            outcome.amidWrites.formUnion(
                lasting.intersection([.movedByHand, .deletedByHand, .replacedByHand, .foreignEntry, .takenName, .staleMemberOf]))
        }
        for feed in try await feedsAsTheySpoke() {
            guard let file = try await engine.applied(feed) else { continue }
            let reading = try Oracle(
                configuration: former[file.configuration] ?? load(world.rulebook), rulebook: world.rulebook, ledger: ledger, day: world.day)
            let isNews = try ledger.accept(
                world.published[feed] ?? [], upTo: file.name, under: file.configuration, of: feed,
                isClaimed: { try reading.isClaimed($0, feed) })
            if isNews { upToDate[feed] = [] }
        }
        noteEnd(step, report.exit)
        try noteWhoHasStarted()
        try await noteMarks(report)
        for (system, people) in await engine.met() {
            handiwork.met.formUnion(people.map { Handiwork.Spot(person: $0, system: system) })
        }
        for (system, people) in await engine.misled() {
            handiwork.misled.formUnion(people.map { Handiwork.Spot(person: $0, system: system) })
        }
        if report.exit == 0, !isQuiet, !isBeside { try await compareMidway(step) }
    }

    private func noteWhoHasStarted() throws {
        let oracle = try self.oracle()
        for person in ledger.known {
            switch try oracle.due(person)?.status {
            case .active?, .leave?: started.insert(person)
            case .terminated?: started.remove(person)
            case .pendingStart?, nil: break
            }
        }
    }

    func oracle() throws -> Oracle {
        Oracle(
            configuration: try load(world.rulebook), rulebook: world.rulebook, ledger: ledger, day: world.day, started: started,
            former: former)
    }

    /// Whatever waits, plan by plan; each is looked at when it is through: the next one may undo what it did. False: nothing waited.
    private func approve() async throws -> Bool {
        var last: Int?
        while let (ordinal, report) = await engine.approveNext(after: last ?? -1) {
            last = ordinal
            try await note(.approve, report, nil)
        }
        return last != nil
    }

    // MARK: Quiet rounds

    private var isQuiet = false
    /// Another run is, or was, under way at the same time.
    var isBeside = false

    private func quietRounds() async throws {
        isQuiet = true
        try await engine.calm()
        lasting = []
        var counts = try await engine.counts()
        for number in 1...3 {
            let exits = try await round(number)
            let now = try await engine.counts()
            if number == 2 { try await compare(exits) }
            if number == 3 { compareLast(before: counts, now, exits) }
            exitsBefore = exits
            counts = now
        }
    }

    /// Every source in written order, then the dates that are due; what is held is approved and applied.
    private func round(_ number: Int) async throws -> [Int32] {
        var exits: [Int32] = []
        for feed in world.rulebook.feeds where world.published[feed] != nil {
            var report = await engine.sync(feed, mishap: nil, accepting: accepted)
            try await note(.sync(feed, nil), report, nil)
            // One plan per file: whatever waits is approved until nothing does.
            for _ in 0..<12 where report.exit == 3 {
                guard try await approve() else { break }
                outcome.marks.insert(.heldAndApproved)
                report = await engine.sync(feed, mishap: nil, accepting: accepted)
                try await note(.sync(feed, nil), report, nil)
            }
            exits.append(report.exit)
        }
        var report = await engine.due(mishap: nil, accepting: accepted)
        try await note(.due(nil), report, nil)
        for _ in 0..<4 where report.exit == 3 {
            _ = try await approve()
            report = await engine.due(mishap: nil, accepting: accepted)
            try await note(.due(nil), report, nil)
        }
        exits.append(report.exit)
        outcome.trace.append("-- quiet round \(number): exits \(exits)")
        return exits
    }

    /// What deviates may be what a server does late: that is looked at once more.
    func compared(_ run: (inout Comparison) -> Void) async throws -> Comparison {
        var comparison = try await comparison()
        run(&comparison)
        guard !comparison.deviations.isEmpty, await engine.settle() else { return comparison }
        var again = try await self.comparison()
        run(&again)
        return again
    }

    /// What is in the systems now, against what is due now.
    func comparison() async throws -> Comparison {
        try Comparison(
            oracle: try oracle(), handiwork: handiwork, views: try await engine.systems(), people: history.company.people.map(\.number))
    }

    private func compare(_ exits: [Int32]) async throws {
        let comparison = try await compared { $0.run() }
        outcome.facts += comparison.facts
        outcome.deviations += comparison.deviations
        undecidable = !comparison.undecidable.isEmpty
        compareExits(exits, round: 2)
    }

    private var undecidable = false
    /// How the runs of the round before ended.
    private var exitsBefore: [Int32] = []
    private var namesAfterSecond: [String: [String: String]] = [:]

    /// 0, or 5 (rows set aside), 1 (undecidable accounts).
    private func compareExits(_ exits: [Int32], round: Int) {
        var allowed: Set<Int32> = [0]
        let isQuarantined =
            ledger.standings.values.contains { $0.values.contains { $0.isQuarantined } } || !ledger.unclear.isEmpty || isStrangerBad
        let isTangled = !ledger.tangled.isEmpty
        if isQuarantined || isTangled { allowed.insert(5) }
        // Of whom the law says too little, nobody can say whether their account can be computed.
        let isUnclear = !ledger.unclear.isEmpty && world.rulebook.titleNeeded == "fail"
        if undecidable || isTangled || isUnclear { allowed.insert(1) }
        if isInBreach { allowed.insert(3) }
        // law.md, Exit: 5 also where another origin has something open, and that one said so.
        if allowed.contains(1), exits.contains(1) || isInBreach { allowed.insert(5) }
        for (index, exit) in exits.enumerated() {
            outcome.facts += 1
            // law.md, Exit: 5 where another origin has something open; it has if its last run said so, and every origin runs once a round.
            let others = exits.prefix(index) + exitsBefore.dropFirst(index + 1)
            guard !allowed.contains(exit), exit != 5 || !others.contains(1) else { continue }
            outcome.deviations.append(
                Deviation(
                    person: nil, system: nil, fact: "exit of quiet round \(round)",
                    expected: allowed.sorted().map(String.init).joined(separator: " or "), got: "\(exit)"))
        }
    }

    /// The newest file of a source has a header and nothing else.
    var isInBreach: Bool {
        world.published.contains { feed, files in feed.isComplete && world.rulebook.feeds.contains(feed) && files.last?.rows.isEmpty == true
        }
    }

    /// A quarantined row of somebody who is no person of ours.
    private var isStrangerBad: Bool {
        // While the newest file is refused, what an older one brought into quarantine stays there.
        let files = world.published[.hr]?.suffix(isInBreach ? .max : 1) ?? []
        return files.contains { !$0.doubled.isEmpty || $0.rows.values.contains { $0[3].isEmpty } }
    }

    /// The third round writes to no system, seals no plan and emits no event.
    private func compareLast(before: Counts, _ now: Counts, _ exits: [Int32]) {
        compareExits(exits, round: 3)
        // Whose rows are mixed up may be refused again in every run.
        if !ledger.tangled.isEmpty { return }
        let facts = [
            ("writes", now.writes - before.writes), ("plans sealed", now.sealed - before.sealed), ("events", now.events - before.events),
        ]
        for (fact, count) in facts {
            outcome.facts += 1
            guard count != 0 else { continue }
            outcome.deviations.append(
                Deviation(person: nil, system: nil, fact: "\(fact) in the third round", expected: "0", got: "\(count)"))
        }
    }
}
