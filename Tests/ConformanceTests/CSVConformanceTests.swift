import CSV
import Foundation
import Testing

/// csv-spectrum: each `csvs/X.csv` read with its first row as header equals the objects in `json/X.json`.
///
/// Whatever part of the suite is there is read: no test asks for a file by its name unless the file is there.
@Suite(
    "csv-spectrum",
    .enabled(if: !CSVSuite.names.isEmpty, "no CSV suite at \(ConformanceFolder.candidate.path); set BIRTHRIGHT_CONFORMANCE"))
struct CSVConformanceTests {
    @Test(arguments: CSVSuite.names.filter { $0 != CSVSuite.outsideTheRFC })
    func `every pair is read as published`(_ name: String) throws {
        let table = try read(name)
        let rows = (0..<table.rows.rowCount).map { row in
            Dictionary(uniqueKeysWithValues: zip(table.header.names, table.rows.values(row: row)))
        }
        #expect(rows == (try expected(name)))
        #expect(table.rows.problems.isEmpty)
    }

    @Test(.enabled(if: CSVSuite.names.contains(CSVSuite.outsideTheRFC)))
    func `quotes in an unquoted field are reported and the other fields are read`() throws {
        let table = try read(CSVSuite.outsideTheRFC)
        let problem = try #require(table.rows.problems.first)
        let object = try #require(try expected(CSVSuite.outsideTheRFC).first)
        #expect(problem.reason == .quoteInUnquotedField(afterSpaces: false))
        #expect(problem.columnName == "Location Coordinates")
        #expect(problem.fields == ["2095257564", nil, object["Cities"], object["Counties"]])
    }

    private func read(_ name: String) throws -> CSVTable {
        let folder = try #require(ConformanceFolder.url)
        return try CSVTable([UInt8](Data(contentsOf: folder.appendingPathComponent("csv/csvs/\(name).csv"))))
    }

    private func expected(_ name: String) throws -> [[String: String]] {
        let folder = try #require(ConformanceFolder.url)
        let json = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appendingPathComponent("csv/json/\(name).json")))
        if let object = json as? [String: String] { return [object] }
        return try #require(json as? [[String: String]])
    }
}

/// What there is of it.
private enum CSVSuite {
    /// The one pair that breaks RFC 4180: quotes in a field that is not quoted. We report such a row; its fields are read all the same. And its
    /// JSON has another phone number than its CSV.
    static let outsideTheRFC = "location_coordinates"

    static var names: [String] {
        guard let folder = ConformanceFolder.url?.appendingPathComponent("csv/csvs") else { return [] }
        let answers = folder.deletingLastPathComponent().appendingPathComponent("json")
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "csv" }.map { $0.deletingPathExtension().lastPathComponent }.sorted()
            .filter { FileManager.default.fileExists(atPath: answers.appendingPathComponent("\($0).json").path) }
    }
}
