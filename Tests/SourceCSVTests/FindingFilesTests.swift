import Contracts
import Foundation
import IdentityModel
import SourceCSV
import Testing

@Suite("Which files are read, and when they are complete")
struct FindingFilesTests {
    private let folder: SourceFolder

    init() throws { folder = try SourceFolder() }

    @Test("a file that nobody has written to for hours is complete at once")
    func oldFile() async throws {
        try folder.write("day.csv", SourceFolder.text(rows: 3), age: 7_200)
        let start = ContinuousClock.now
        #expect(try await folder.source().files() == ["hr/day.csv"])
        #expect(ContinuousClock.now - start < .seconds(1))
    }

    @Test("a file that was written just now is waited for")
    func newFile() async throws {
        try folder.write("day.csv", SourceFolder.text(rows: 3), age: 0)
        let start = ContinuousClock.now
        #expect(try await folder.source().files() == ["hr/day.csv"])
        #expect(ContinuousClock.now - start > .milliseconds(1_500))
    }

    @Test("what is no regular file is refused, and a named pipe keeps nobody waiting", .timeLimit(.minutes(1)))
    func namedPipe() async throws {
        #expect(mkfifo(folder.path("day.csv"), 0o600) == 0)
        let listing = await #expect(throws: SourceError.self) { try await folder.source().files() }
        #expect(listing?.description == "hr/day.csv: error: is a named pipe, no regular file; write the rows into a file and name that")
        let reading = await #expect(throws: SourceError.self) {
            try await folder.source().read("hr/day.csv", header: { _ in }, batch: { _ in })
        }
        #expect(reading == listing)
    }

    @Test("a folder with the name of a file is refused")
    func folderInstead() async throws {
        try FileManager.default.createDirectory(atPath: folder.path("day.csv"), withIntermediateDirectories: false)
        let error = await #expect(throws: SourceError.self) { try await folder.source().files() }
        #expect(error?.message.hasPrefix("is a folder, no regular file") == true)
    }

    @Test("a newer file without its marker is passed over, and said")
    func missingMarker() async throws {
        for day in ["day1.csv", "day2.csv", "day3.csv", "day4.csv"] { try folder.write(day, SourceFolder.text(rows: 3)) }
        for day in ["day1.csv.done", "day2.csv.done"] { try folder.write(day, "") }
        let source = folder.source(marker: true)
        #expect(try await source.files() == ["hr/day2.csv"])
        #expect(
            try await source.passedOver() == [
                "hr/day3.csv is newer, but not complete yet: there is no day3.csv.done",
                "hr/day4.csv is newer, but not complete yet: there is no day4.csv.done",
            ])
        try folder.write("day4.csv.done", "")
        #expect(try await source.files() == ["hr/day4.csv"])
        #expect(try await source.passedOver().isEmpty, "what is older than the newest complete file is history")
    }

    @Test("the header says where it stands, and what the row behind it holds")
    func header() async throws {
        let file = try folder.write("day.csv", "\nStaff of March\nID,NAME\nE1,Ann\n")
        let headers = Headers()
        _ = try await folder.source().read(file, header: { await headers.add($0) }, batch: { _ in })
        let header = await headers.all.first
        #expect(header?.line == 2)
        #expect(header?.columns == ["Staff of March"])
        #expect(header?.firstRow == ["ID"])
    }
}

private actor Headers {
    private(set) var all: [SourceHeader] = []
    func add(_ header: SourceHeader) { all.append(header) }
}
