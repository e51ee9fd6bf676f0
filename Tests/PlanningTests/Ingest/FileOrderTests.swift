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

    private func known(_ from: String?, upTo last: String) throws -> FileSequence {
        try sequence(
            SourceProfile(
                file: last, contentDigest: "d", configurationHash: "c", rowCount: 1, columns: [], emptyCounts: [], upTo: last,
                knownFrom: from))
    }

    @Test("a file whose turn is over and which was not taken is late; files from before the records are not asked for")
    func late() throws {
        let files = ["badges/1.csv", "badges/2.csv", "badges/3.csv", "badges/4.csv"]
        let taken = ["badges/2.csv": "b", "badges/3.csv": "c"]
        #expect(try known("", upTo: "badges/3.csv").late(files, taken: taken) == ["badges/1.csv"])
        #expect(try known("badges/1.csv", upTo: "badges/3.csv").late(files, taken: taken) == [])
        #expect(try known(nil, upTo: "badges/3.csv").late(files, taken: [:]) == [])
        #expect(try sequence(nil).late(files, taken: [:]) == [])
    }

    @Test("the last file is looked at once more: what it holds may be something else by now")
    func changed() throws {
        let taken = ["badges/2.csv": "b", "badges/3.csv": "c"]
        let sequence = try known("", upTo: "badges/3.csv")
        let last = sequence.toCompare(["badges/2.csv", "badges/3.csv", "badges/4.csv"], taken: taken)
        #expect(last?.file == "badges/3.csv" && last?.digest == "c")
        #expect(sequence.toCompare(["badges/2.csv"], taken: taken) == nil)
        #expect(sequence.toCompare(["badges/3.csv"], taken: [:]) == nil)
        #expect(sequence.knownFrom == "")
        #expect(try self.sequence(profile("badges/3.csv")).knownFrom == "badges/3.csv")
        #expect(try self.sequence(nil).knownFrom == "")
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
