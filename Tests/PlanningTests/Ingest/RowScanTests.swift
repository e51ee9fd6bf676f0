import IdentityModel
import Planning
import Testing

@Suite("The first look at every row")
struct RowScanTests {
    private func source(key: String = "row.ID") throws -> SourceConfiguration {
        try Campus(
            """
            store: { sqlite: s }
            sources:
              hr:
                files: hr/*.csv
                key: '\(key)'
                map: { lastName: 'row.LAST' }
            """
        ).source(SourceName("hr"))
    }

    private func scan(key: String = "row.ID", _ index: RowIndex = RowIndex(expecting: 0)) throws -> RowScan {
        RowScan(configuration: try source(key: key), columns: ["ID", "LAST"], index: index)
    }

    private func findings(_ scan: inout RowScan, _ rows: [[String]]) -> [RowScan.Finding] {
        var findings: [RowScan.Finding] = []
        scan.scan(Campus.batch(rows), into: &findings)
        return findings
    }

    private func mark(_ row: [String], again: ReplanReasons = []) -> SourceMark {
        SourceMark(keyHash: StableHash.hash(row[0]), rowHash: Campus.rowHash(row), again: again)
    }

    @Test(arguments: ["row.ID", "row.ID.trim()"]) func `rows as they were are counted and nothing else`(key: String) throws {
        let rows = [["1", "Berg"], ["2", "Moe"], ["3", "Lie"]]
        var index = RowIndex(expecting: 3)
        index.insert([mark(rows[0]), mark(["2", "Dahl"], again: .order), mark(rows[2], again: .date)])
        var scan = try scan(key: key, index)
        let found = findings(&scan, rows + [["4", ""]])
        #expect(
            found == [
                .work(row: 1, key: UserKey("2"), again: [], standing: .order),
                .work(row: 2, key: UserKey("3"), again: .date, standing: .date),
                .work(row: 3, key: UserKey("4"), again: [], standing: []),
            ])
        #expect(scan.rowCount == 4 && scan.unchangedCount == 1 && scan.emptyCounts == [0, 1] && !scan.hasUnreadableKey)
    }

    @Test func `a computed key is the key, and two rows that compute the same are one twice`() throws {
        var scan = try scan(key: "row.ID.trim()")
        let found = findings(&scan, [["1 ", "Berg"], [" 1", "Moe"]])
        #expect(
            found == [
                .work(row: 0, key: UserKey("1"), again: [], standing: []), .duplicate(row: 1, key: UserKey("1"), firstLine: 2),
            ])
    }

    @Test func `a row without a key says so, and from then on nobody is called missing`() throws {
        for (key, reason) in [
            ("row.ID", "the key (row.ID) is empty"), ("row.ID.trim()", "the key (row.ID.trim()) is empty"),
        ] {
            var scan = try scan(key: key)
            #expect(findings(&scan, [["", "Berg"]]) == [.keyless(row: 0, reason: reason)])
            #expect(scan.hasUnreadableKey && scan.rowCount == 1)
        }
        var scan = try scan(key: "string(int(row.ID))")
        guard case .keyless(0, let reason)? = findings(&scan, [["x", "Berg"]]).first else {
            Issue.record("a key that cannot be computed is found")
            return
        }
        #expect(reason.hasPrefix("the key cannot be computed: ") && scan.hasUnreadableKey)
    }

    private func problem(_ values: [String]) -> SourceRowBatch.Problem {
        SourceRowBatch.Problem(line: 9, column: 1, columnName: nil, reason: "3 fields where the header has 2", values: values)
    }

    @Test func `of a broken row the key is believed only where somebody has it`() throws {
        var index = RowIndex(expecting: 1)
        index.insert([mark(["1", "Berg"], again: .date)])
        var known = try scan(index)
        let seen = known.see(problem(["1"]))
        #expect(seen?.key == UserKey("1") && seen?.again == .date && !known.hasUnreadableKey)
        #expect(known.index.unseen().isEmpty)

        // A delimiter too many may have shifted the values.
        var shifted = try scan(index)
        let other = shifted.see(problem(["Berg", "1", "x"]))
        #expect(other?.key == UserKey("Berg") && other?.again == [] && shifted.hasUnreadableKey)

        var unreadable = try scan(index)
        let nothing = unreadable.see(problem([""]))
        #expect(nothing == nil && unreadable.hasUnreadableKey)
    }

    @Test func `broken rows are rows of the file`() throws {
        var scan = try scan()
        var findings: [RowScan.Finding] = []
        scan.scan(Campus.batch([["1", "Berg"]], problems: [problem(["2"]), problem(["3"])]), into: &findings)
        #expect(scan.rowCount == 3 && findings.count == 1)
    }
}
