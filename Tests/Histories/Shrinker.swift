/// Makes a failing history as short as it gets: leaves out stretches of steps, people and systems for as long as it still fails.
package struct Shrinker {
    /// Whether a history fails in the way that matters.
    private let fails: (History) async -> Bool
    private var budget: Int

    /// `budget`: how many histories may be tried.
    package init(budget: Int, fails: @escaping (History) async -> Bool) {
        self.budget = budget
        self.fails = fails
    }

    package mutating func shrunk(_ history: History) async -> History {
        var best = history
        var before = Int.max
        while size(best) < before, budget > 0 {
            before = size(best)
            best = await withoutPeople(best)
            best = await withoutSteps(best)
            best = await withoutMishaps(best)
            best = await withoutSystems(best)
            best = await simpler(best)
        }
        return best
    }

    private func size(_ history: History) -> Int { history.steps.count + history.company.people.count + history.rulebook.systems.count }

    private mutating func keeps(_ candidate: History) async -> Bool {
        guard budget > 0 else { return false }
        budget -= 1
        return await fails(candidate)
    }

    private mutating func withoutPeople(_ history: History) async -> History {
        var best = history
        for person in history.company.people where best.company.people.count > 1 {
            var candidate = best
            candidate.company.people.removeAll { $0.number == person.number }
            candidate.steps.removeAll { $0.person == person.number }
            if await keeps(candidate) { best = candidate }
        }
        return best
    }

    /// Stretches of halving length, as in delta debugging (Zeller, Hildebrandt: "Simplifying and Isolating Failure-Inducing Input", 2002).
    private mutating func withoutSteps(_ history: History) async -> History {
        var best = history
        var length = max(best.steps.count / 2, 1)
        while length >= 1 {
            var start = 0
            while start < best.steps.count {
                var candidate = best
                candidate.steps.removeSubrange(start..<min(start + length, best.steps.count))
                if await keeps(candidate) { best = candidate } else { start += length }
            }
            length /= 2
        }
        return best
    }

    private mutating func withoutMishaps(_ history: History) async -> History {
        var best = history
        for index in best.steps.indices {
            for step in plainer(best.steps[index]) {
                var candidate = best
                candidate.steps[index] = step
                if await keeps(candidate) { best = candidate }
            }
        }
        return best
    }

    private func plainer(_ step: Step) -> [Step] {
        switch step {
        case .sync(let feed, .some): [.sync(feed, nil)]
        case .due(.some): [.due(nil)]
        case .both(let one, let other):
            [.both(Errand(feed: one.feed), other), .both(one, Errand(feed: other.feed)), one.step, other.step]
        default: []
        }
    }

    private mutating func withoutSystems(_ history: History) async -> History {
        var best = history
        for system in history.rulebook.systems.dropFirst() {
            var candidate = best
            candidate.rulebook.systems.removeAll { $0.name == system.name }
            for index in candidate.rulebook.systems.indices { candidate.rulebook.systems[index].requires.removeAll { $0 == system.name } }
            candidate.steps.removeAll { $0.system == system.name }
            if await keeps(candidate) { best = candidate }
        }
        return best
    }

    /// Choices of the configuration that do not matter go back to the plain ones.
    private mutating func simpler(_ history: History) async -> History {
        var best = history
        let changes: [(inout Rulebook) -> Void] = [
            { $0.hasStudents = false }, { $0.hasBadges = false }, { $0.disableLimit = nil }, { $0.alumniUntil = nil },
            { $0.datesByEnvironment = false }, { $0.titleNeeded = nil }, { $0.studentsFirst = false }, { $0.studentsSayTitle = false },
            { book in for index in book.systems.indices { book.systems[index].hasDepartmentFolders = false } },
            { book in for index in book.systems.indices { book.systems[index].hasDisabledFolder = false } },
            { book in for index in book.systems.indices { book.systems[index].showsMemberOf = true } },
            { book in for index in book.systems.indices { book.systems[index].repair = .atOnce } },
            { book in for index in book.systems.indices { book.systems[index].mapsDisabling = true } },
            { book in for index in book.systems.indices { book.systems[index].isNamedByNumber = nil } },
        ]
        for change in changes {
            var candidate = best
            change(&candidate.rulebook)
            if candidate != best, await keeps(candidate) { best = candidate }
        }
        return best
    }
}
