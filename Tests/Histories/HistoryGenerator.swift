/// Draws histories. Swarm (Groce et al., "Swarm Testing", 2012): each seed first draws which kinds of events and disturbances exist in it and how often,
/// because a history with everything at once hides the rare pair.
package struct HistoryGenerator {
    private var dice: Dice
    private let seed: UInt64
    private let scale: Scale
    private let company: Company
    private let rulebook: Rulebook
    /// Percent per day.
    private var rates: [Event: Int] = [:]
    private var disturbances: [Disturbance: Int] = [:]
    private var steps: [Step] = []
    /// What the generator remembers of its own steps, so that they make sense.
    private var working: Set<Int> = []
    private var waiting: [Int]
    private var gone: Set<Int> = []
    /// The configuration as it is by now, and what would take the last edit back.
    private var edited: Rulebook
    private var regret: Edit?
    private let mayBeAway: Bool
    private var renumbered = 0
    /// Whose key another person has by now.
    private var reused: Set<Int> = []
    /// Draws what histories had not at first, so that a seed without any of it is the history it was.
    private var spice: Dice
    private let namingChanges: Bool
    /// Percent of the runs of a small world that are struck although nothing else was drawn.
    private let mishapRate: Int
    private let allowed: Set<Disturbance>
    private let daysGoWrong: Bool
    /// The key of everybody who has another than the first.
    private var formerKeys: [Int: String] = [:]

    /// How large the histories are.
    package struct Scale: Sendable {
        let people: ClosedRange<Int>
        let days: ClosedRange<Int>
        /// Runs of different origins happen at a time.
        let runsMeet: Bool

        package static let company = Scale(people: 5...15, days: 3...9, runsMeet: false)
        /// Small worlds find more per second than large ones.
        package static let village = Scale(people: 2...5, days: 2...4, runsMeet: true)
    }

    enum Event: CaseIterable {
        case join, move, marry, leave, terminate, vanish, comeBack, end, manager, student, phone, renumber, corrupt, double, edit,
            lateApproval, plan, title, regret, reuse, waitingLeaver, emptyFile, resend, newDates
    }

    /// `allowed`: the disturbances that may be drawn. `knows`: keys of the configuration that the version reads.
    package static func history(seed: UInt64, allowed: Set<Disturbance>, knows: Set<String>, scale: Scale = .company) -> History {
        var generator = HistoryGenerator(seed: seed, allowed: allowed, knows: knows, scale: scale)
        return generator.run()
    }

    private init(seed: UInt64, allowed: Set<Disturbance>, knows: Set<String>, scale: Scale) {
        self.seed = seed
        self.scale = scale
        dice = Dice(seed: seed)
        let namesakes = dice.chance(30)
        var company = Company.random(&dice, count: scale.people, namesakes: namesakes)
        var rulebook = Rulebook.random(&dice, knows: knows)
        spice = Dice(seed: seed ^ 0x5EA5_0FA1_10F1_0A7E)
        for index in rulebook.systems.indices where spice.chance(8) { rulebook.systems[index].isNamedByNumber = true }
        namingChanges = spice.chance(15)
        self.allowed = allowed
        mishapRate = scale.runsMeet && !allowed.isDisjoint(with: [.death, .late, .busy]) ? spice.pick([0, 10, 25, 50]) : 0
        let daysGoWrong = spice.chance(15)
        self.daysGoWrong = daysGoWrong
        self.rulebook = rulebook
        for index in company.people.indices where dice.chance(15) { company.people[index][.start] = String(dice.between(1, 8)) }
        // Whether a run of a wrong day was carried out, and with it who has started, only the store knows.
        if daysGoWrong { for index in company.people.indices { company.people[index][.start] = "" } }
        self.company = company
        edited = rulebook
        waiting = company.people.map(\.number)
        mayBeAway = allowed.contains(.away)
        for event in Event.allCases where dice.chance(55) { rates[event] = dice.pick([10, 25, 50, 80]) }
        for kind in Disturbance.common where allowed.contains(kind) && dice.chance(25) { disturbances[kind] = dice.pick([10, 20, 40]) }
    }

    private mutating func run() -> History {
        let first = dice.between(max(2, waiting.count / 2), waiting.count)
        for _ in 0..<first { join() }
        steps.append(.publish(.hr))
        for _ in 0..<dice.between(scale.days.lowerBound, scale.days.upperBound) { oneDay() }
        if scale.runsMeet { meet() }
        return History(seed: seed, company: company, rulebook: rulebook, steps: steps)
    }

    // MARK: A day

    private mutating func oneDay() {
        for event in Event.allCases { if let rate = rates[event], dice.chance(rate) { happen(event) } }
        for kind in Disturbance.common { if let rate = disturbances[kind], dice.chance(rate) { prepare(kind) } }
        // What falls upon a run that writes nothing proves nothing.
        if !disturbances.isEmpty, dice.chance(60) {
            for _ in 0..<3 { happen(dice.pick([.move, .title, .marry, .terminate, .vanish, .comeBack])) }
        }
        if namingChanges, spice.chance(30) { change(.namedByNumber(system: spice.pick(rulebook.systems).name, spice.chance(50))) }
        if dice.chance(85) { steps.append(.publish(.hr)) }
        if rulebook.hasStudents, dice.chance(60) { steps.append(.publish(.students)) }
        if rulebook.hasBadges, dice.chance(60) { steps.append(.publish(.badges)) }
        for feed in rulebook.feeds where dice.chance(85) {
            if rates[.plan] != nil, dice.chance(25) { steps.append(.plan(feed)) } else { steps.append(.sync(feed, mishap())) }
        }
        if dice.chance(70) { steps.append(.due(mishap())) }
        if dice.chance(rates[.lateApproval] == nil ? 80 : 20) { steps.append(.approve) }
        if dice.chance(45) { steps.append(.repair) }
        if daysGoWrong, spice.chance(25) { mistakeTheDay() }
        steps.append(.days(dice.chance(85) ? 1 : dice.between(2, 4)))
        if rates[.lateApproval] != nil, dice.chance(50) { steps.append(.approve) }
    }

    /// Runs that follow each other happen at a time.
    private mutating func meet() {
        var met: [Step] = []
        for step in steps {
            if let last = met.last?.errand, let next = step.errand, last.feed != next.feed, spice.chance(50) {
                met[met.count - 1] = .both(last, next)
            } else {
                met.append(step)
            }
        }
        steps = met
    }

    /// Runs for a later day, and the next ones for the right one again.
    private mutating func mistakeTheDay() {
        let days = spice.between(1, 8)
        steps.append(.days(days))
        for feed in rulebook.feeds where spice.chance(50) { steps.append(.sync(feed, nil)) }
        if spice.chance(70) { steps.append(.due(nil)) }
        if spice.chance(70) { steps.append(.approve) }
        steps.append(.days(-days))
    }

    private mutating func mishap() -> Mishap? {
        let drawn = commonMishap()
        return drawn == nil && scale.runsMeet ? villageMishap() : drawn
    }

    /// Small worlds die more often than once on average, and their systems are slow as well.
    private mutating func villageMishap() -> Mishap? {
        guard spice.chance(mishapRate) else { return nil }
        let system = spice.pick(rulebook.systems).name
        let write = spice.magnitude(upTo: 12)
        switch spice.pick([Disturbance.death, .death, .late, .busy].filter(allowed.contains)) {
        case .late: return .late(system: system, write: write, delay: spice.between(1, 6))
        case .busy: return .busy(system: system, write: write)
        default: return spice.chance(60) ? .deathAtWrite(system: system, write: write) : .death(call: spice.between(5, 60))
        }
    }

    private mutating func commonMishap() -> Mishap? {
        let kinds: [Disturbance] = [.death, .lostAfter, .lostBefore, .outage].filter { disturbances[$0] != nil }
        guard !kinds.isEmpty else { return nil }
        let kind = dice.pick(kinds)
        guard let rate = disturbances[kind], dice.chance(rate) else { return nil }
        let system = dice.pick(rulebook.systems).name
        switch kind {
        case .death: return dice.chance(20) ? .deathAfterRename(system: system) : .death(call: dice.between(5, 80))
        case .lostAfter where dice.chance(40): return .lostRename(system: system)
        case .lostAfter: return .lostAnswer(system: system, write: dice.magnitude(upTo: 24), done: true)
        case .lostBefore: return .lostAnswer(system: system, write: dice.magnitude(upTo: 24), done: false)
        default: return .outage(system: system, write: dice.magnitude(upTo: 24))
        }
    }

    private mutating func prepare(_ kind: Disturbance) {
        let system = dice.pick(rulebook.systems).name
        switch kind {
        case .death, .lostAfter, .lostBefore, .outage, .late, .busy: break
        case .away:
            // Others are to go on, so it is seldom the first, which others may wait for.
            let last = rulebook.systems.last?.name ?? system
            steps.append(.away(system: dice.chance(70) ? last : system))
        case .refusedGroup:
            steps.append(.refuseGroup(system: system, group: dice.pick(Array(Rulebook.groupNames.prefix(5)))))
            somebody { .set(person: $0, field: .department, value: "Sales") }
        case .refusedValue:
            steps.append(.refuseValue(system: system, value: dice.pick(Company.titles.filter { !$0.isEmpty } + Company.lastNames)))
        case .failingAttribute:
            steps.append(.edit(.titleNeeded(dice.chance(70) ? "fail" : nil)))
            somebody { .set(person: $0, field: .title, value: "") }
            somebody { .set(person: $0, field: .status, value: "T") }
        case .movedByHand: somebody { .moveByHand(system: system, person: $0, folder: "Annex") }
        case .replacedByHand: somebody { .replaceByHand(system: system, person: $0) }
        case .deletedByHand: somebody { .deleteByHand(system: system, person: $0) }
        case .foreignEntry:
            if let person = waiting.first { steps.append(.foreignEntry(system: system, person: person)) }
        case .takenName:
            guard let person = waiting.first else { return }
            join()
            steps += [.publish(.hr), .plan(.hr)]
            steps.append(dice.chance(50) ? .takeName(system: system, person: person) : .takeDN(system: system, person: person))
        case .hiddenID:
            // A joiner's Create looks; whoever has an account is looked at only in doubt.
            if let person = waiting.first, dice.chance(50) {
                steps += [.foreignEntry(system: system, person: person), .hideID(system: system, person: person)]
                return join()
            }
            somebody { .hideID(system: system, person: $0) }
            guard case .hideID(_, let person)? = steps.last else { return }
            steps.append(
                dice.chance(50) ? .set(person: person, field: .title, value: "Boss") : .set(person: person, field: .status, value: "T"))
        case .twins:
            guard let person = waiting.first, let open = rulebook.systems.first(where: { !$0.keepsUnique }) else { return }
            steps.append(.twins(system: open.name, person: person))
        case .staleMemberOf: steps.append(.staleMemberOf(system: system))
        case .missingFolder:
            let folder = dice.pick(["Disabled", "Disabled", "IT", "Finance", "Annex"])
            steps.append(.dropFolder(system: system, folder: folder))
            switch folder {
            case "Disabled": somebody { .set(person: $0, field: .status, value: "T") }
            case "Annex": steps.append(.edit(.folder(department: "Sales", folder: "Annex")))
            default: somebody { .set(person: $0, field: .department, value: folder) }
            }
        }
    }

    // MARK: What happens to people

    private mutating func join() {
        guard !waiting.isEmpty else { return }
        let person = waiting.removeFirst()
        let isStudent = rulebook.hasStudents && dice.chance(30)
        if isStudent { steps.append(.appear(person: person, feed: .students)) }
        if !isStudent || !rulebook.knows.contains("shared") || dice.chance(60) { steps.append(.appear(person: person, feed: .hr)) }
        if rulebook.hasBadges, dice.chance(70) { steps.append(.appear(person: person, feed: .badges)) }
        working.insert(person)
    }

    private mutating func somebody(_ step: (Int) -> Step) {
        guard !working.isEmpty else { return }
        steps.append(step(dice.pick(working.sorted())))
    }

    private mutating func happen(_ event: Event) {
        if event == .join { return join() }
        if event == .comeBack { return comeBack() }
        guard !working.isEmpty else { return }
        let person = dice.pick(working.sorted())
        func set(_ field: Field, _ value: String) { steps.append(.set(person: person, field: field, value: value)) }
        switch event {
        case .move:
            set(.department, dice.pick(Company.departments))
            if dice.chance(40) { set(.type, dice.pick(Company.types)) }
        case .title: set(.title, dice.pick(Company.titles))
        case .marry:
            let name = dice.pick(Company.lastNames)
            set(.last, dice.chance(20) ? name.uppercased() : name)
        case .leave: set(.status, dice.pick(["L", "A"]))
        case .terminate: set(.status, dice.pick(["T", "T", "A"]))
        case .end: set(.end, dice.chance(70) ? String(dice.between(0, 12)) : "")
        case .manager: set(.manager, dice.chance(80) ? String(dice.between(1, company.people.count)) : "")
        case .phone: set(.phone, dice.chance(70) ? String(dice.between(100, 999)) : "")
        case .vanish:
            steps.append(.vanish(person: person, feed: .hr))
            gone.insert(person)
        case .student:
            guard rulebook.hasStudents else { return }
            steps.append(dice.chance(50) ? .appear(person: person, feed: .students) : .vanish(person: person, feed: .students))
        case .renumber:
            renumbered += 1
            formerKeys[person] = "R\(renumbered)"
            steps.append(.renumber(person: person, key: "R\(renumbered)"))
        case .corrupt: steps.append(dice.chance(50) ? .corrupt(person: person) : .heal(person: person))
        case .double: steps.append(dice.chance(50) ? .double(person: person) : .heal(person: person))
        case .edit: change(edit())
        case .regret: takeBack()
        case .newDates: moveDates()
        case .reuse: reuseKey(of: person)
        case .waitingLeaver: waitingLeaver(person)
        case .emptyFile: steps += [.publishEmpty(dice.pick(rulebook.feeds)), .sync(dice.pick(rulebook.feeds), nil)]
        case .resend: if rulebook.hasBadges { steps.append(dice.chance(50) ? .resend(.badges) : .republish(.badges)) }
        case .join, .comeBack, .lateApproval, .plan: break
        }
    }

    private mutating func comeBack() {
        guard !gone.isEmpty else { return }
        let person = dice.pick(gone.sorted())
        gone.remove(person)
        if dice.chance(30) {
            renumbered += 1
            formerKeys[person] = "R\(renumbered)"
            steps.append(.renumber(person: person, key: "R\(renumbered)"))
        }
        steps.append(.appear(person: person, feed: .hr))
    }

    private mutating func change(_ edit: Edit) {
        regret = edited.inverse(of: edit)
        edited.take(edit)
        steps.append(.edit(edit))
    }

    /// Renumbered people's keys are given to others, once the source knows the new ones.
    private mutating func reuseKey(of person: Int) {
        guard let joiner = waiting.first, !reused.contains(person), !gone.contains(person) else { return }
        renumbered += 1
        reused.insert(person)
        steps += [.renumber(person: person, key: "R\(renumbered)"), .publish(.hr), .sync(.hr, nil), .approve]
        join()
        guard steps.contains(.appear(person: joiner, feed: .hr)) else { return }
        steps.append(.renumber(person: joiner, key: formerKeys[person] ?? "E\(person)"))
    }

    /// Somebody leaves while a system is away, which comes back before anybody looks, or in the middle.
    private mutating func waitingLeaver(_ person: Int) {
        guard mayBeAway else { return }
        let system = dice.pick(rulebook.systems).name
        steps.append(.away(system: system))
        steps.append(dice.chance(50) ? .vanish(person: person, feed: .hr) : .set(person: person, field: .status, value: "T"))
        steps += [.publish(.hr), .sync(.hr, nil), .approve]
        if dice.chance(50) { steps.append(.days(1)) }
        if dice.chance(50) { happen(.title) }
        steps += [.publish(.hr), .repair, .sync(dice.pick(rulebook.feeds), nil)]
    }

    /// Rules end sooner, or begin: an edit that nobody feels on its own day.
    private mutating func moveDates() {
        let today = steps.reduce(0) { if case .days(let count) = $1 { $0 + count } else { $0 } }
        if rulebook.alumniUntil != nil, dice.chance(40) {
            change(.alumniUntil(today + dice.between(0, 3)))
        } else if dice.chance(50) {
            change(.campaign(from: dice.between(0, today), until: today + dice.between(0, 3)))
        } else {
            change(.campaign(from: today + dice.between(1, 3), until: today + dice.between(4, 8)))
        }
        steps += rulebook.feeds.map { .sync($0, nil) } + [.due(nil)]
    }

    /// An edit is in force for a run while a system is away, and taken back before that one has seen it.
    private mutating func takeBack() {
        let system = dice.pick(rulebook.systems).name
        change(edit())
        guard let regret, mayBeAway else { return }
        steps += [.away(system: system), .sync(.hr, nil)]
        if dice.chance(50) { steps.append(.days(1)) }
        change(regret)
        steps += [.sync(.hr, nil), .repair]
    }

    private mutating func edit() -> Edit {
        switch dice.roll(13) {
        case 0: .folder(department: dice.pick(["Finance", "Sales", "IT"]), folder: dice.pick(["Finance", "Sales", "IT", "Annex"]))
        case 1: .group(role: dice.pick(["Employee", "Finance", "Boss", "Campaign"]), group: dice.pick(["Spare1", "Spare2", "Staff"]))
        case 2: .titleStyle(dice.roll(2))
        case 3: .alumniUntil(dice.between(1, 14))
        case 4: .campaign(from: dice.between(0, 8), until: dice.between(2, 14))
        case 5: .salesHaveMail(dice.chance(50))
        case 6: .bossesHaveLibrary(dice.chance(50))
        case 7: .category(dice.pick(["one", "two"]))
        case 8: .claimsGuests(dice.chance(50))
        case 9: .yieldsTitle(dice.chance(50))
        case 10: .capitalTitles(dice.chance(50))
        case 11: .studentsSayTitle(dice.chance(50))
        default: .showsPhone(dice.chance(50))
        }
    }
}
