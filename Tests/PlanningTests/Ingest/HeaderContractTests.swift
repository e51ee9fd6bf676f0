import IdentityModel
import Planning
import Testing

@Suite("A header that is not the one that is read")
struct HeaderContractTests {
    private let source: SourceConfiguration

    init() throws {
        source = try Campus(
            """
            store: { sqlite: s }
            sources:
              hr:
                files: hr/*.csv
                key: row.ID
                contract: { columns: [ID, FIRST, LAST, STATUS], optionalColumns: [EMAIL] }
                map: { firstName: 'row.FIRST', lastName: 'row.LAST', email: 'row.EMAIL' }
            """
        ).source(SourceName("hr"))
    }

    private func breaches(_ columns: [String], line: Int = 1, firstRow: [String] = []) -> [String] {
        FileContract.check(
            FileContract.Header(file: "hr/a.csv", line: line, columns: columns, firstRow: firstRow), of: source, previous: nil
        ).breaches.map(\.message)
    }

    @Test func `names what is missing, where, and what it probably became`() {
        #expect(
            breaches(["ID", "FIRST", "LAST_NAME", "STATUS"]) == [
                "hr/a.csv:1: column 'LAST' is missing from the header; did the column become 'LAST_NAME'?"
            ])
        #expect(
            breaches(["ID", "FIRST", "LSAT", "STATUS"]) == [
                "hr/a.csv:1: column 'LAST' is missing from the header; did the column become 'LSAT'?"
            ])
        #expect(
            breaches(["ID", "FIRST", "STATUS"]) == ["hr/a.csv:1: column 'LAST' is missing from the header; the file has: ID, FIRST, STATUS"]
        )
    }

    @Test func `a title above the header is recognised by the row below it`() {
        #expect(
            breaches(["Staff of March"], line: 2, firstRow: ["ID", "FIRST", "LAST", "STATUS"]) == [
                "hr/a.csv:2: no column that is read stands here (ID, FIRST, LAST, STATUS), but 'Staff of March'; the names of the columns "
                    + "stand below it: take away what stands above them"
            ])
        #expect(
            breaches(["Staff of March"], firstRow: ["Printed on Monday"]) == [
                "hr/a.csv:1: no column that is read stands here (ID, FIRST, LAST, STATUS), but 'Staff of March'; is there a title above the "
                    + "names of the columns, or is this another file?"
            ])
    }

    @Test func `ten thousand new columns are one warning`() {
        let columns = ["ID", "FIRST", "LAST", "STATUS"]
        let previous = SourceProfile(
            file: "hr/0.csv", contentDigest: "d", configurationHash: "h", rowCount: 1, columns: columns, emptyCounts: [0, 0, 0, 0])
        func warnings(_ new: [String]) -> [String] {
            FileContract.check(FileContract.Header(file: "hr/a.csv", columns: columns + new), of: source, previous: previous).warnings
        }
        #expect(warnings((1...10_000).map { "N\($0)" }).count == 1)
        #expect(warnings(["N1"]) == ["new column 'N1': nothing reads it yet"])
        #expect(warnings(["N1", "N2"]) == ["2 new columns, which nothing reads yet: N1, N2"])
        #expect(warnings((1...14).map { "N\($0)" })[0].hasSuffix("N11, N12 and 2 more"))
    }
}
