import Foundation
import Histories

/// Many histories through the real program, each lane with its own directory servers.
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
        let count = options.words.count > 1 ? Int(options.words[1]) ?? 300 : 300
        let first = options.words.count > 2 ? UInt64(options.words[2]) ?? 1 : 1
        let began = Date()
        let lanes = options.lanes
        var tally = Tally(unreachable: Set(Mark.allCases))
        var failures: [(UInt64, Outcome)] = []
        try await withThrowingTaskGroup(of: [(UInt64, Outcome)].self) { group in
            for lane in 0..<lanes {
                let seeds = stride(from: first + UInt64(lane), to: first + UInt64(count), by: lanes).map { $0 }
                group.addTask { try await play(seeds) }
            }
            for try await outcomes in group {
                for (seed, outcome) in outcomes {
                    tally.add(outcome)
                    if !outcome.isLawful { failures.append((seed, outcome)) }
                }
            }
        }
        return Torture.report(tally, failures, count, options, since: began)
    }

    private func play(_ seeds: [UInt64]) async throws -> [(UInt64, Outcome)] {
        let directories = try Dictionary(
            uniqueKeysWithValues: ["Corp", "Mail", "Library"].map { ($0, try DirectoryProcess(overlays: overlays)) })
        defer { for directory in directories.values { directory.stop() } }
        var outcomes: [(UInt64, Outcome)] = []
        for seed in seeds {
            let history = adapted(options.history(seed))
            do {
                let engine = try ProgramEngine(history, binary: binary, directories: directories)
                var outcome = try await Playback(history, on: engine, load: Configurations.load).run()
                outcome.deviations.removeAll { Torture.ignored.contains($0.fact) }
                outcomes.append((seed, outcome))
                if options.values["trace"] != nil {
                    say("\(history)")
                    for line in outcome.trace { say("    " + line) }
                    for deviation in outcome.deviations { say("!!! \(deviation)") }
                }
            } catch {
                var outcome = Outcome()
                outcome.deviations = [Deviation(person: nil, system: nil, fact: "the tester itself", expected: "runs", got: "\(error)")]
                outcomes.append((seed, outcome))
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
        return history
    }
}
