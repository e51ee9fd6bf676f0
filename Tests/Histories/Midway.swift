/// Before the quiet rounds: a run that ends with 0 says that everything of its origin is as it is due (law.md, the law: until then no run of that origin ends
/// with 0), so whatever of that can be computed at this moment is compared.
extension Playback {
    func compareMidway(_ step: Step) async throws {
        let scope: Scope
        switch step {
        case .sync(let feed, _):
            let people = people(of: feed).intersection(peopleUpToDate)
            scope = Scope(people: people, leavers: leavers(of: feed), withReferences: true)
        case .due: scope = Scope(people: peopleUpToDate, leavers: [], withReferences: false)
        default: return
        }
        guard !scope.people.isEmpty || !scope.leavers.isEmpty else { return }
        let comparison = try await compared { $0.run(within: scope) }
        outcome.marks.insert(.comparedMidway)
        outcome.facts += comparison.facts
        outcome.deviations += comparison.deviations.map { deviation in
            Deviation(
                person: deviation.person, system: deviation.system, fact: "\(deviation.fact) after 0", expected: deviation.expected,
                got: "\(deviation.got) (\(step), exit 0)")
        }
    }

    /// Who has a row of the source: its run looks at each whose row, date or configuration is another one.
    private func people(of feed: Feed) -> Set<Int> { Set(ledger.known.filter { ledger.isPresent($0, in: feed) }) }

    /// Whom the source lost, and nobody else has. Dates of theirs are met by `sync --due`, so only where no rule gives them anything for a time.
    private func leavers(of feed: Feed) -> Set<Int> {
        guard world.rulebook.alumniUntil == nil, feed.isComplete else { return [] }
        return Set(ledger.known.filter { ledger.lastHolder[$0] == feed && !ledger.isPresent($0, in: feed) })
    }

    /// Whose sources have all been run to the end since anything was accepted of them, so that nothing but a date can be due.
    private var peopleUpToDate: Set<Int> {
        Set(
            ledger.known.filter { person in
                let feeds = world.rulebook.feeds.filter { ledger.isPresent(person, in: $0) }
                return !feeds.isEmpty && feeds.allSatisfy { upToDate[$0]?.contains(person) ?? false }
            })
    }

    /// A run of the source has ended. Rows of people whom nobody had brought by then still wait (law.md, exit: 0).
    func noteEnd(_ step: Step, _ exit: Int32) {
        guard case .sync(let feed, _) = step else { return }
        upToDate[feed] = exit == 0 ? ledger.known : []
    }

    /// Whatever a history does to systems and to runs, the store can be written and the configuration read: a run ends as law.md says (exit), or is killed.
    func compareExit(of step: Step, _ report: RunReport) {
        outcome.facts += 1
        guard ![0, 1, 3, 5, RunReport.killed, RunReport.endless].contains(report.exit) else { return }
        outcome.deviations.append(
            Deviation(
                person: nil, system: nil, fact: "exit of a run", expected: "0, 1, 3 or 5", got: "\(report.exit): \(step): \(report.text)"))
    }
}
