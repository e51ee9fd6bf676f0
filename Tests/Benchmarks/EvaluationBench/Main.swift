import Foundation
import IdentityModel
import Planning
import PolicyFiles

/// What `make bench` measures of the policy language, as one JSON document on standard output. bench.py runs it and puts cel-cpp beside it.
///
///     EvaluationBench CONFIGURATION HR_FILE EXPRESSIONS
@main
struct EvaluationBench {
    struct Report: Encodable {
        var map: String
        var people: Int
        /// Nanoseconds for one user's account, everything included.
        var account: Double
        /// Nanoseconds for each expression: those of the map, then those of the list.
        var expressions: [ExpressionTimes.Timed] = []
        /// What the map's expressions read, for whoever measures the same ones elsewhere.
        var bindings: JSONValue
        /// Seconds to compile and check so many expressions.
        var compilation: [Compilation] = []
    }

    struct Compilation: Encodable {
        let count: Int
        let seconds: Double
    }

    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count == 4 else { throw Refusal("usage: EvaluationBench CONFIGURATION HR_FILE EXPRESSIONS") }
        let company = try Company(URL(filePath: arguments[1]), people: URL(filePath: arguments[2]))
        let list = try JSONDecoder().decode(ExpressionList.self, from: Data(contentsOf: URL(filePath: arguments[3])))
        let account = AccountTimes(company)
        let mapTimes = try ExpressionTimes(company)
        var report = Report(
            map: company.map.system.text, people: company.users.count, account: try account.nanoseconds(), bindings: try mapTimes.bindings()
        )
        report.expressions = try mapTimes.expressions() + list.times()
        for count in [100, 1_000] { report.compilation.append(try list.compilation(of: count)) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        print(String(decoding: try encoder.encode(report), as: UTF8.self))
    }
}

struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Processor time of one round in nanoseconds: the median of seven measurements of about 30 ms each, after one that warms up.
func medianNanoseconds(_ round: () throws -> Void) rethrows -> Double {
    func measure(_ count: Int) throws -> Double {
        let start = processorTime()
        for _ in 0..<count { try round() }
        return processorTime() - start
    }
    var count = 1
    while try measure(count) < 30e6 { count *= 2 }
    var times: [Double] = []
    for _ in 0..<7 { times.append(try measure(count) / Double(count)) }
    return times.sorted()[3]
}

/// Of this thread, so that other work of the machine does not count.
private func processorTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}
