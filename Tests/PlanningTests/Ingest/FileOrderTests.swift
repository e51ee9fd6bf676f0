import IdentityModel
import Planning
import Testing

@Suite("Files of a source that takes all, and files without rows")
struct FileOrderTests {
    private func profile(_ file: String, upTo: String? = nil, rows: Int = 10) -> SourceProfile {
        SourceProfile(
            file: file, contentDigest: "d", configurationHash: "c", rowCount: rows, columns: [], emptyCounts: [], upTo: upTo)
    }

    private func sequence(_ previous: SourceProfile?) throws -> FileSequence {
        FileSequence(try Campus().source(Campus.badges), previous: previous)
    }

    @Test("files are taken in the order of their names, each once")
    func order() throws {
        let files = ["badges/1.csv", "badges/2.csv", "badges/3.csv"]
        #expect(try sequence(nil).next(of: files) == "badges/1.csv")
        #expect(try sequence(profile("badges/1.csv")).next(of: files) == "badges/2.csv")
        #expect(try sequence(profile("badges/3.csv", upTo: "badges/3.csv")).next(of: files) == nil)
    }

    @Test("a name at or before the last applied one is re-sent, also when it was picked by hand")
    func resent() throws {
        let sequence = try sequence(profile("badges/2.csv"))
        #expect(sequence.isResent("badges/2.csv") && sequence.isResent("badges/1.csv"))
        #expect(!sequence.isResent("badges/3.csv"))
        #expect(sequence.isResent("archive/1.csv") && !sequence.isResent("archive/9.csv"))
        #expect(try !self.sequence(nil).isResent("badges/1.csv"))
    }

    @Test("a file picked by hand does not replay the history, nor skip what is to come")
    func picked() throws {
        let sequence = try sequence(profile("badges/5.csv"))
        #expect(sequence.last(after: "badges/1.csv") == "badges/5.csv")
        #expect(sequence.last(after: "archive/9.csv") == "badges/5.csv")
        #expect(sequence.last(after: "badges/6.csv") == "badges/6.csv")
        let files = ["badges/5.csv", "badges/6.csv"]
        #expect(try self.sequence(profile("archive/0.csv", upTo: "badges/5.csv")).next(of: files) == "badges/6.csv")
        #expect(try self.sequence(profile("archive/0.csv", upTo: "")).next(of: files) == "badges/5.csv")
    }

    // MARK: Files that come too late

    private func sequence(upTo last: String, knowsFiles: Bool = true) throws -> FileSequence {
        try sequence(
            SourceProfile(
                file: last, contentDigest: "d", configurationHash: "c", rowCount: 1, columns: [], emptyCounts: [], upTo: last,
                knowsFiles: knowsFiles))
    }

    private let files = ["badges/1.csv", "badges/2.csv", "badges/3.csv", "badges/4.csv"]
    private let known = [
        "badges/2.csv": TakenFile(contentDigest: "b", signature: "2"), "badges/3.csv": TakenFile(contentDigest: "c", signature: ""),
    ]

    @Test("a file whose turn is over, and which is neither known as applied nor as passed over, is late")
    func late() throws {
        #expect(try sequence(upTo: "badges/3.csv").late(files, known: known) == ["badges/1.csv"])
        #expect(try sequence(nil).late(files, known: [:]) == [])
        #expect(try sequence(nil).isToPassOver == false && sequence(upTo: "badges/3.csv").isToPassOver == false)
        #expect(try sequence(upTo: "badges/3.csv", knowsFiles: false).isToPassOver)
    }

    @Test("a file that somebody may have written to since its turn is looked at, and so is one of which nobody can tell")
    func touched() throws {
        let sequence = try sequence(upTo: "badges/3.csv")
        let same = ["badges/1.csv": "1", "badges/2.csv": "2", "badges/3.csv": ""]
        #expect(sequence.touched(files, known: known, signatures: same) == ["badges/3.csv"])
        #expect(sequence.touched(files, known: known, signatures: ["badges/2.csv": "9"]) == ["badges/2.csv", "badges/3.csv"])
        #expect(sequence.touched(files, known: [:], signatures: same) == [])
    }

    // MARK: The contract

    private func breaches(rows: Int, before: Int?, _ source: SourceName = Campus.staff, _ service: String = Campus.standard) throws
        -> [String]
    {
        let source = try Campus(service).source(source)
        return FileContract.check(profile("f", rows: rows), of: source, previous: before.map { profile("before", rows: $0) })
            .breaches.map(\.description)
    }

    @Test("a file without rows is a breach of a complete source, unless the last one had none or it may be")
    func headerOnly() throws {
        #expect(
            try breaches(rows: 0, before: 40) == ["rowCount: the file has a header and no rows; the last applied file (before) had 40 rows"]
        )
        #expect(try breaches(rows: 0, before: nil) == ["rowCount: the file has a header and no rows; no file was applied before"])
        #expect(try breaches(rows: 0, before: 0) == [])
        #expect(try breaches(rows: 0, before: 40, Campus.badges) == [])
        let relaxed = "sources: { staff: { files: f.csv, key: \"row.ID\", map: { lastName: \"row.N\" }, contract: { mayBeEmpty: true } } }"
        #expect(try breaches(rows: 0, before: 40, Campus.staff, relaxed) == [])
    }

    @Test(
        "without a word in the contract a fifth of the rows is the limit, and fewer than five rows are no share",
        arguments: [(80, 0), (79, 1), (120, 0), (121, 1)])
    func standardLimit(rows: Int, count: Int) throws {
        #expect(try breaches(rows: rows, before: 100).count == count)
        #expect(try breaches(rows: 6, before: 10) == [])
        #expect(try breaches(rows: 5, before: 10).count == 1)
    }
}
