import IdentityModel
import Planning
import Testing

@Suite("A file's shape against the last applied one")
struct FileContractTests {
    private func source(_ contract: String = "", type: String = "complete") throws -> SourceConfiguration {
        try Campus(
            """
            store: { sqlite: s }
            sources:
              hr:
                files: hr/*.csv
                type: \(type)
                key: row.ID
                contract: { columns: [ID]\(contract) }
                map: { lastName: 'row.LAST' }
            """
        ).source(SourceName("hr"))
    }

    private func profile(_ rows: Int, empty: [Int] = [0, 0], columns: [String] = ["ID", "LAST"]) -> SourceProfile {
        SourceProfile(file: "hr/a.csv", contentDigest: "", configurationHash: "", rowCount: rows, columns: columns, emptyCounts: empty)
    }

    private func breaches(
        _ rows: Int, after before: Int?, _ contract: String = "", type: String = "complete"
    ) throws -> [ContractBreach.Check] {
        FileContract.check(profile(rows), of: try source(contract, type: type), previous: before.map { profile($0) }).breaches.map(\.check)
    }

    @Test(arguments: [
        (80, 100, false), (79, 100, true), (120, 100, false), (121, 100, true),
        // No share trips below five rows.
        (1, 5, false), (6, 10, false), (5, 10, true), (14, 10, false), (15, 10, true), (1, 6, true),
    ]) func `a fifth more or fewer rows is allowed, both ways, and four rows always are`(now: Int, before: Int, trips: Bool) throws {
        #expect(try breaches(now, after: before) == (trips ? [.rowCount] : []))
    }

    @Test func `what is configured is taken as written`() throws {
        #expect(try breaches(60, after: 100, ", maxRowCountChange: 40%").isEmpty)
        #expect(try breaches(59, after: 100, ", maxRowCountChange: 40%") == [.rowCount])
        #expect(try breaches(95, after: 100, ", maxRowCountChange: 0%") == [.rowCount])
        #expect(try breaches(96, after: 100, ", maxRowCountChange: 0%").isEmpty)
    }

    @Test func `the first file has nothing to be compared with, unless it is empty`() throws {
        #expect(try breaches(1_000_000, after: nil).isEmpty)
        #expect(try breaches(0, after: nil) == [.rowCount])
    }

    @Test func `a file without rows is one only where nobody was before, or where that may be`() throws {
        #expect(try breaches(0, after: 3) == [.rowCount])
        #expect(try breaches(0, after: 0).isEmpty)
        #expect(try breaches(0, after: 100, ", mayBeEmpty: true").isEmpty)
        #expect(try breaches(0, after: 100, type: "incremental").isEmpty)
        // Whoever comes after nobody is no change of any share.
        #expect(try breaches(400, after: 0).isEmpty)
        let message = FileContract.check(profile(0), of: try source(), previous: profile(1)).breaches[0].message
        #expect(message == "the file has a header and no rows; the last applied file (hr/a.csv) had 1 row")
    }

    @Test func `an incremental file has as many rows as it has`() throws {
        #expect(try breaches(3, after: 1_000, type: "incremental").isEmpty)
    }

    private func nulls(_ now: SourceProfile, _ before: SourceProfile, _ contract: String = ", maxNullRateChange: 10pp") throws -> [String] {
        FileContract.check(now, of: try source(contract), previous: before).breaches.filter { $0.check == .nullRate }.map(\.message)
    }

    @Test func `a column that empties or fills trips in percentage points of its rows`() throws {
        #expect(try nulls(profile(100, empty: [0, 20]), profile(100, empty: [0, 10])).isEmpty)
        #expect(
            try nulls(profile(100, empty: [0, 21]), profile(100, empty: [0, 10])) == [
                "column 'LAST' is empty in 21 % of the rows, in the last applied file in 10 %; allowed is a change of 10 percentage points"
            ])
        #expect(try nulls(profile(100, empty: [0, 0]), profile(100, empty: [0, 11])).count == 1)
        #expect(try nulls(profile(100, empty: [90, 90]), profile(100), "").isEmpty)
    }

    @Test func `columns are compared by name, and a new one with nothing`() throws {
        let before = profile(100, empty: [50, 0], columns: ["LAST", "ID"])
        #expect(try nulls(profile(100, empty: [0, 50]), before).isEmpty)
        #expect(try nulls(profile(100, empty: [0, 0, 100], columns: ["ID", "LAST", "NEW"]), profile(100)).isEmpty)
        // A profile of an older store may know fewer counts than columns.
        #expect(try nulls(profile(100, empty: [0, 90]), profile(100, empty: [0])).isEmpty)
    }

    @Test func `four rows that lost a value are no share of anything`() throws {
        #expect(try nulls(profile(10, empty: [0, 4]), profile(10)).isEmpty)
        #expect(try nulls(profile(10, empty: [0, 5]), profile(10)).count == 1)
    }
}
