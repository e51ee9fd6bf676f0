import Foundation
import Testing

@Suite("CEL as the public conformance suite defines it")
struct CELConformanceTests {
    /// Whatever part of the suite is there.
    static var files: [URL] {
        guard let folder = ConformanceFolder.url?.appending(path: "cel") else { return [] }
        let paths = (try? FileManager.default.subpathsOfDirectory(atPath: folder.path)) ?? []
        return paths.filter { $0.hasSuffix(".json") }.sorted().map { folder.appending(path: $0) }
    }

    @Test(
        "values in 99.5 % of the cases, errors in all",
        .enabled(if: !files.isEmpty, "no CEL suite at \(ConformanceFolder.candidate.path); set BIRTHRIGHT_CONFORMANCE")
    )
    func suite() throws {
        var values = Tally()
        var errors = Tally()
        var skipped: [String: Int] = [:]
        for file in Self.files {
            let cases = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [Any] ?? []
            for json in cases {
                let one = try #require(CELConformanceCase(json), "\(file.lastPathComponent) has a case without id or expr")
                if let skip = [one.file, one.id].first(where: { celConformanceSkips[$0] != nil }) {
                    skipped[skip, default: 0] += 1
                } else if one.expectsError {
                    errors.add(one)
                } else {
                    values.add(one)
                }
            }
        }
        print("CEL conformance, values: \(values.summary)")
        print("CEL conformance, errors: \(errors.summary)")
        for (name, count) in skipped.sorted(by: { $0.key < $1.key }) {
            print("CEL conformance, skipped: \(name), \(count) cases: \(celConformanceSkips[name] ?? "")")
        }
        #expect(values.count + errors.count > 0)
        #expect(values.share >= 0.995, "\(values.failures.joined(separator: "\n"))")
        #expect(errors.failures.isEmpty, "\(errors.failures.joined(separator: "\n"))")
    }
}

private struct Tally {
    private(set) var count = 0
    private(set) var failures: [String] = []

    mutating func add(_ one: CELConformanceCase) {
        count += 1
        if let failure = one.failure() { failures.append("\(one.id): \(one.expression) \(failure)") }
    }

    var share: Double { count == 0 ? 1 : Double(count - failures.count) / Double(count) }

    var summary: String {
        let list = failures.map { "\n  \($0)" }.joined()
        return "\(count - failures.count) of \(count) (\((share * 10_000).rounded() / 100) %)\(list)"
    }
}
