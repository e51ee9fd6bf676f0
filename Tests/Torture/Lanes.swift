import ChildProcesses
import Foundation
import Histories
import Synchronization

/// Many seeds in as many processes as there are lanes. A history spends a good part of its time handing work from one thread to another, which costs half as much
/// where no other history wants the same threads, and a fifth less again where both threads are on one core.
struct Lanes {
    private let seeds: Range<UInt64>
    private let lanes: Int
    private let arguments: [String]

    init(_ options: Options, seeds: Range<UInt64>) {
        self.seeds = seeds
        lanes = max(1, min(options.lanes, seeds.count))
        let scale = options.values["scale"].map { ["--scale", $0] } ?? []
        arguments = Array(CommandLine.arguments.dropFirst().drop { !$0.hasPrefix("--") }) + scale
    }

    /// Every seed's outcome, in the order in which they end. A process that dies gives its remaining seeds as failures of the tester.
    func outcomes() throws -> AsyncStream<(UInt64, Outcome)> {
        let (stream, continuation) = AsyncStream.makeStream(of: (UInt64, Outcome).self)
        let running = Mutex(lanes)
        for lane in 0..<lanes {
            let ours = Array(stride(from: seeds.lowerBound + UInt64(lane), to: seeds.upperBound, by: lanes))
            let process = try start(lane)
            // A thread of its own: it waits for a pipe.
            Thread {
                var left = Set(ours)
                for line in Lanes.lines(of: process.output) {
                    // What is no outcome leaves its seed a failure.
                    guard let played = try? JSONDecoder().decode(Played.self, from: line), left.remove(played.seed) != nil else { continue }
                    continuation.yield((played.seed, played.outcome))
                }
                let code = process.wait()
                for seed in left.sorted() { continuation.yield((seed, Outcome(failed: "its process ended with \(code)"))) }
                if running.withLock({
                    $0 -= 1
                    return $0 == 0
                }) {
                    continuation.finish()
                }
            }.start()
        }
        return stream
    }

    /// What a process says of a seed.
    private struct Played: Codable {
        let seed: UInt64
        let outcome: Outcome
    }

    private func start(_ lane: Int) throws -> ChildProcess {
        let program = [URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path]
        let words = ["lane", "\(seeds.lowerBound + UInt64(lane))", "\(seeds.upperBound)", "\(lanes)"] + arguments
        let whole = Lanes.onCore(lane) + program + words
        return try ChildProcess(whole[0], Array(whole.dropFirst()), output: .pipe, errors: .inherited)
    }

    /// What keeps a lane on a core of its own; nothing where it cannot be kept there, which costs time and nothing else.
    private static func onCore(_ lane: Int) -> [String] {
        let taskset = "/usr/bin/taskset"
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let ranges = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }?.split(separator: "\t").last ?? ""
        let cores = ranges.split(separator: ",").flatMap { range in
            let ends = range.split(separator: "-").compactMap { Int($0) }
            return ends.isEmpty ? [] : Array(ends[0]...max(ends[0], ends[ends.count - 1]))
        }
        guard !cores.isEmpty, FileManager.default.isExecutableFile(atPath: taskset) else { return [] }
        return [taskset, "-c", "\(cores[lane % cores.count])"]
    }

    private static func lines(of handle: FileHandle?) -> AnyIterator<Data> {
        var buffer = Data()
        return AnyIterator {
            while true {
                if let end = buffer.firstIndex(of: 10) {
                    defer { buffer = Data(buffer[(end + 1)...]) }
                    return Data(buffer[..<end])
                }
                guard let more = handle?.availableData, !more.isEmpty else { return nil }
                buffer += more
            }
        }
    }

    /// The other side: `lane FIRST END STEP` writes each outcome as a line of JSON.
    static func playOne(_ options: Options) async throws {
        let numbers = options.words.dropFirst().compactMap { UInt64($0) }
        for seed in stride(from: numbers[0], to: numbers[1], by: Int(numbers[2])) {
            var outcome: Outcome
            do {
                outcome = try Torture.play(options.history(seed))
            } catch {
                outcome = Outcome(failed: "\(error)")
            }
            (outcome.trace, outcome.remains) = ([], [])
            try FileHandle.standardOutput.write(contentsOf: JSONEncoder().encode(Played(seed: seed, outcome: outcome)) + [10])
        }
    }
}

extension Outcome {
    /// Of a history that could not be played.
    init(failed message: String) {
        self.init()
        deviations = [Deviation(person: nil, system: nil, fact: "the tester itself", expected: "runs", got: message)]
    }
}
