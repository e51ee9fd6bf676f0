import Foundation
import Histories
import IdentityModel

/// `Torture histories COUNT [FIRST_SEED]`, `Torture seed SEED`, `Torture shrink SEED`, `Torture replay FILE`, `Torture found FOLDER`.
@main
struct Torture {
    static func main() async throws {
        let arguments = Array(CommandLine.arguments.dropFirst())
        let options = Options(arguments)
        #if PLANTED_BUGS
        if options.words.first == "planted" { exit(try await Planting(options).run()) }
        PlantedBug.planted = options.values["planted"].flatMap(PlantedBug.init)
        #endif
        switch options.words.first {
        case "histories": exit(try await histories(options))
        case "simulate": exit(try await histories(options.small))
        case "twice": exit(try twice(options.small))
        case "lane": try await Lanes.playOne(options)
        case "seed": try await show(options.history(UInt64(options.words[1]) ?? 0), options)
        case "shrink": try await shrink(UInt64(options.words[1]) ?? 0, options)
        case "program": exit(try await ProgramRun(options).run())
        case "survey": try await survey(options)
        case "found": exit(try await found(in: options.words[1]))
        case "replay":
            let text = try String(contentsOfFile: options.words[1], encoding: .utf8)
            try await show(try History(json: text), options)
        case "files":
            for (path, text) in options.history(UInt64(options.words[1]) ?? 0).rulebook.files.sorted(by: { $0.key < $1.key }) {
                say("--- \(path)\n\(text)")
            }
        default:
            say(
                "usage: Torture histories COUNT [FIRST] | simulate COUNT [FIRST] | twice COUNT [FIRST] | seed SEED | shrink SEED | survey COUNT [FIRST] | program COUNT [FIRST] | program FOLDER --binary PATH --overlays yes|no [--trace yes|broken] [--mishaps PERCENT] | replay FILE | found FOLDER | files SEED   [--without KIND] [--only KIND]"
            )
            exit(2)
        }
    }

    private static let line = Options(Array(CommandLine.arguments.dropFirst()))
    /// Facts that are left out of the judgement because the command line says so.
    static let ignored = Set((line.values["ignore"] ?? "").split(separator: ",").map(String.init))

    static func play(_ history: History) throws -> Outcome {
        let executor = SeededExecutor(seed: history.seed)
        var outcome = try executor.run {
            try await Playback(history, on: try await InProcessEngine(history, on: executor), load: Configurations.load).run()
        }
        outcome.digest = executor.order
        outcome.deviations.removeAll { ignored.contains($0.fact) }
        return outcome
    }

    private static func show(_ history: History, _ options: Options) async throws {
        say("\(history)")
        let outcome = try play(history)
        for line in outcome.trace { say("    " + line) }
        for line in outcome.remains { say("    " + line) }
        say("\(outcome.facts) facts, \(outcome.writes) writes")
        for deviation in outcome.deviations { say("!!! \(deviation)") }
    }

    /// The shortest history that breaks the same kind of fact; nil where the seed holds.
    private static func shrunk(_ seed: UInt64, _ options: Options, budget: Int) async throws -> (History, fact: String)? {
        let history = options.history(seed)
        let first = try play(history)
        guard let deviation = first.deviations.first else { return nil }
        let fact = options.values["fact"] ?? deviation.fact
        guard first.deviations.contains(where: { $0.fact == fact }) else { return nil }
        var shrinker = Shrinker(budget: budget) { candidate in
            guard let outcome = try? play(candidate) else { return false }
            return outcome.deviations.contains { $0.fact == fact }
        }
        return (await shrinker.shrunk(history), fact)
    }

    /// Shrinks every failing seed and shows one history of each shape.
    private static func survey(_ options: Options) async throws {
        let count = UInt64(options.words[1]) ?? 50
        let first = options.words.count > 2 ? UInt64(options.words[2]) ?? 1 : 1
        var seen: [String: Int] = [:]
        for seed in first..<first + count {
            guard let (small, fact) = try await shrunk(seed, options, budget: 500) else { continue }
            let shape = Set(small.steps.map(\.shape)).sorted().joined(separator: " ") + " | " + fact.prefix(7)
            seen[shape, default: 0] += 1
            guard seen[shape] == 1 else { continue }
            say("=== \(shape)")
            try await show(small, options)
        }
        for (shape, count) in seen.sorted(by: { $0.value > $1.value }) { say("\(count) x \(shape)") }
    }

    private static func shrink(_ seed: UInt64, _ options: Options) async throws {
        guard let (small, _) = try await shrunk(seed, options, budget: 1_500) else { return say("seed \(seed) holds") }
        try await show(small, options)
        say(try small.json())
    }

    // MARK: Many

    /// Histories that broke the law once, as they were shrunk: each file of the folder holds one, and is named by what it is about.
    private static func found(in folder: String) async throws -> Int32 {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
        guard !files.isEmpty else {
            say("no history in \(folder)")
            return 1
        }
        var broken = 0
        for file in files {
            let outcome = try play(try History(json: String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)))
            for deviation in outcome.deviations { say("\(file): \(deviation)") }
            if !outcome.isLawful { broken += 1 }
        }
        say("\(broken) of \(files.count) histories that broke the law once break it")
        return broken == 0 ? 0 : 1
    }

    private static func histories(_ options: Options) async throws -> Int32 {
        let count = options.words.count > 1 ? Int(options.words[1]) ?? 1_000 : 1_000
        let first = options.words.count > 2 ? UInt64(options.words[2]) ?? 1 : 1
        let began = Date()
        var tally = Tally(unreachable: options.values["scale"] == "village" ? [] : Mark.ofVillages)
        var failures: [(UInt64, Outcome)] = []
        for await (seed, outcome) in try Lanes(options, seeds: first..<first + UInt64(count)).outcomes() {
            tally.add(outcome)
            if !outcome.isLawful { failures.append((seed, outcome)) }
        }
        return report(tally, failures, count, options, since: began)
    }

    /// The same seed gives the same history, piece by piece.
    private static func twice(_ options: Options) throws -> Int32 {
        let count = options.words.count > 1 ? UInt64(options.words[1]) ?? 200 : 200
        let first = options.words.count > 2 ? UInt64(options.words[2]) ?? 1 : 1
        var different = 0
        for seed in first..<first + count {
            let (one, other) = (try play(options.history(seed)), try play(options.history(seed)))
            guard one.digest != other.digest || one.trace != other.trace else { continue }
            different += 1
            let line = zip(one.trace, other.trace).first { $0 != $1 }.map { "'\($0)' and '\($1)'" } ?? "in the order of the pieces only"
            say("seed \(seed) went differently the second time: \(line)")
        }
        say("\(different) of \(count) seeds went differently the second time")
        return different == 0 ? 0 : 1
    }

    static func report(_ tally: Tally, _ failures: [(UInt64, Outcome)], _ count: Int, _ options: Options, since began: Date) -> Int32 {
        let failures = failures.sorted { $0.0 < $1.0 }
        for (seed, outcome) in failures.prefix(options.shown) {
            say("seed \(seed): \(outcome.deviations.count) deviations, such as \(outcome.deviations[0])")
        }
        var kinds: [String: Int] = [:]
        for (_, outcome) in failures { for fact in Set(outcome.deviations.map(\.fact)) { kinds[fact, default: 0] += 1 } }
        for (fact, count) in kinds.sorted(by: { $0.value > $1.value }) { say("    \(count) histories break: \(fact)") }
        for kind in Disturbance.allCases where !options.allowed.contains(kind) { say("left out: the disturbance \(kind.rawValue)") }
        say(tally.text)
        let seconds = Date().timeIntervalSince(began)
        say(
            "\(failures.count) of \(count) histories break the law; \(Int(seconds)) s, \(Int((Double(count) / seconds).rounded())) a second"
        )
        for shortcoming in tally.shortcomings where count >= 200 { say("the tester falls short: \(shortcoming)") }
        return failures.isEmpty && (tally.shortcomings.isEmpty || count < 200) ? 0 : 1
    }
}

/// What the command line says.
struct Options: Sendable {
    var words: [String] = []
    var values: [String: String] = [:]
    private var without: Set<Disturbance> = []
    private var only: Set<Disturbance>?

    init(_ arguments: [String]) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            switch argument {
            case "--without":
                without.formUnion((rest.popFirst() ?? "").split(separator: ",").compactMap { Disturbance(rawValue: String($0)) })
            case "--only": only = Set((rest.popFirst() ?? "").split(separator: ",").compactMap { Disturbance(rawValue: String($0)) })
            case let flag where flag.hasPrefix("--"): values[String(flag.dropFirst(2))] = rest.popFirst()
            default: words.append(argument)
            }
        }
    }

    /// Small worlds, in which runs meet.
    var small: Options {
        var small = self
        small.values["scale"] = "village"
        return small
    }

    var lanes: Int { values["lanes"].flatMap(Int.init) ?? 2 }
    var shown: Int { values["shown"].flatMap(Int.init) ?? 20 }
    /// Keys that this version of the product reads.
    var knows: Set<String> { values["knows"].map { Set($0.split(separator: ",").map(String.init)) } ?? Configurations.knows }

    var allowed: Set<Disturbance> { (only ?? Set(Disturbance.allCases)).subtracting(without) }

    /// `--drop SHAPE,...` leaves steps out, `--hr-only yes` the other sources, `--repair atOnce` gives every server refint, `--plain yes` spares dates of
    /// rules, references and the dialect's disabling: to look past what is known.
    func history(_ seed: UInt64) -> History {
        var history = HistoryGenerator.history(
            seed: seed, allowed: allowed, knows: knows, scale: values["scale"] == "village" ? .village : .company)
        let dropped = (values["drop"] ?? "").split(separator: ",").map(String.init)
        if !dropped.isEmpty { history.steps.removeAll { step in dropped.contains { step.shape.contains($0) } } }
        if values["hr-only"] != nil { (history.rulebook.hasStudents, history.rulebook.hasBadges) = (false, false) }
        if values["plain"] != nil {
            history.rulebook.alumniUntil = nil
            (history.rulebook.campaignFrom, history.rulebook.campaignUntil) = (0, 99)
            for index in history.rulebook.systems.indices { history.rulebook.systems[index].mapsDisabling = true }
            for index in history.company.people.indices { history.company.people[index][.manager] = "" }
            history.steps.removeAll { $0.shape == "set-manager" }
        }
        if let repair = values["repair"].flatMap(Repair.init) {
            for index in history.rulebook.systems.indices { history.rulebook.systems[index].repair = repair }
        }
        return history
    }
}

/// A line on standard output, at once.
func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }
