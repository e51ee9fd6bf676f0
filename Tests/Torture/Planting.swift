#if PLANTED_BUGS
import Histories
import IdentityModel

/// `Torture planted BUG [COUNT] [FIRST]`: the first history that the product breaks with the mistake in it, and holds without.
struct Planting {
    private let options: Options
    private let bug: PlantedBug
    private let seeds: Range<UInt64>

    init(_ options: Options) throws {
        struct Unknown: Error, CustomStringConvertible { let description: String }
        let words = options.words
        guard words.count > 1, let bug = PlantedBug(rawValue: words[1]) else {
            throw Unknown(description: "planted are: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        self.options = options
        self.bug = bug
        let first = words.count > 3 ? UInt64(words[3]) ?? 1 : 1
        seeds = first..<first + (words.count > 2 ? UInt64(words[2]) ?? 500 : 500)
    }

    /// 0: found.
    func run() async throws -> Int32 {
        for seed in seeds {
            let history = options.history(seed)
            PlantedBug.planted = bug
            let outcome = try Torture.play(history)
            guard !outcome.isLawful else { continue }
            PlantedBug.planted = nil
            guard try Torture.play(history).isLawful else { continue }
            say("\(bug.rawValue): found by seed \(seed), history \(seed - seeds.lowerBound + 1): \(outcome.deviations[0])")
            return 0
        }
        say("\(bug.rawValue): not found in \(seeds.count) histories")
        return 1
    }
}
#endif
