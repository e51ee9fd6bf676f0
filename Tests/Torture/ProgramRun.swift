import Foundation
import Histories
import Synchronization

/// Many histories through the real program, each lane with its own directory servers: `program COUNT [FIRST]` those of seeds, `program FOLDER` those
/// that broke the law once.
struct ProgramRun {
    private let options: Options
    private let binary: String
    private let overlays: Bool

    init(_ options: Options) {
        self.options = options
        binary = options.values["binary"] ?? ".build/release/birthright"
        overlays = options.values["overlays"] != "no"
    }

    func run() async throws -> Int32 {
        let histories = try histories()
        let began = Date()
        let lanes = options.lanes
        let course = Course(total: histories.count)
        var tally = Tally(unreachable: Set(Mark.allCases))
        var failures: [(UInt64, Outcome)] = []
        try await withThrowingTaskGroup(of: [(UInt64, Outcome)].self) { group in
            for lane in 0..<lanes {
                let ours = stride(from: lane, to: histories.count, by: lanes).map { histories[$0] }
                group.addTask { try await play(ours, course) }
            }
            for try await outcomes in group {
                for (seed, outcome) in outcomes {
                    tally.add(outcome)
                    if !outcome.isLawful { failures.append((seed, outcome)) }
                }
            }
        }
        return Torture.report(tally, failures, histories.count, options, since: began)
    }

    private func histories() throws -> [History] {
        let word = options.words.count > 1 ? options.words[1] : "300"
        guard let count = Int(word) else {
            return try FileManager.default.contentsOfDirectory(atPath: word).filter { $0.hasSuffix(".json") }.sorted().map { file in
                try History(json: String(contentsOfFile: "\(word)/\(file)", encoding: .utf8))
            }
        }
        let first = options.words.count > 2 ? UInt64(options.words[2]) ?? 1 : 1
        return (0..<UInt64(count)).map { options.history(first + $0) }
    }

    /// Says on standard error how far the run is, which takes hours.
    private final class Course: Sendable {
        private let total: Int
        private let counts = Mutex((played: 0, broken: 0))

        init(total: Int) { self.total = total }

        func note(_ outcome: Outcome) {
            let now = counts.withLock { counts in
                counts.played += 1
                if !outcome.isLawful { counts.broken += 1 }
                return counts
            }
            guard now.played % 10 == 0 else { return }
            FileHandle.standardError.write(Data("\(now.played) of \(total) played, \(now.broken) break the law\n".utf8))
        }
    }

    private func play(_ histories: [History], _ course: Course) async throws -> [(UInt64, Outcome)] {
        let directories = try Dictionary(
            uniqueKeysWithValues: ["Corp", "Mail", "Library"].map { ($0, try DirectoryProcess(overlays: overlays)) })
        defer { for directory in directories.values { directory.stop() } }
        var outcomes: [(UInt64, Outcome)] = []
        for history in histories.map(adapted) {
            do {
                let engine = try ProgramEngine(history, binary: binary, directories: directories)
                var outcome = try await Playback(history, on: engine, load: Configurations.load).run()
                outcome.deviations.removeAll { Torture.ignored.contains($0.fact) }
                outcomes.append((history.seed, outcome))
                // `--trace broken`: of those that break the law, as soon as they have.
                if let wish = options.values["trace"], wish != "broken" || !outcome.isLawful {
                    say("\(history)")
                    for line in outcome.trace { say("    " + line) }
                    for deviation in outcome.deviations { say("!!! \(deviation)") }
                }
                course.note(outcome)
            } catch {
                let outcome = Outcome(failed: "\(error)")
                outcomes.append((history.seed, outcome))
                course.note(outcome)
            }
        }
        return outcomes
    }

    /// The servers are what they are, and without a password policy only the map can disable.
    private func adapted(_ history: History) -> History {
        var history = history
        for index in history.rulebook.systems.indices {
            history.rulebook.systems[index].mapsDisabling = true
            history.rulebook.systems[index].showsMemberOf = overlays
            history.rulebook.systems[index].keepsUnique = overlays
            history.rulebook.systems[index].repair = overlays ? .late : .never
        }
        history.steps.removeAll { step in step.disturbance.map { !ProgramEngine.possible.contains($0) } ?? false }
        if let chance = options.values["mishaps"].flatMap(Int.init) { strike(&history, chance) }
        return history
    }

    /// `--mishaps PERCENT`: so many of the runs that nothing befell are struck as well, further on in what they send.
    private func strike(_ history: inout History, _ chance: Int) {
        var dice = Dice(seed: history.seed)
        let systems = history.rulebook.systems.map(\.name)
        for index in history.steps.indices {
            guard dice.chance(chance) else { continue }
            let mishap: Mishap =
                switch dice.between(0, 3) {
                case 0, 1: .death(call: dice.between(0, 99))
                case 2: .lostAnswer(system: dice.pick(systems), write: dice.between(2, 20), done: true)
                default: .lostAnswer(system: dice.pick(systems), write: dice.between(2, 20), done: false)
                }
            switch history.steps[index] {
            case .sync(let feed, nil): history.steps[index] = .sync(feed, mishap)
            case .due(nil): history.steps[index] = .due(mishap)
            default: break
            }
        }
    }
}
