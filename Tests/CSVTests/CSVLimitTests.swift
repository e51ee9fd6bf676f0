import CSV
import Testing

@Suite struct CSVLimitTests {
    static let small = CSVFormat(encoding: .utf8, limits: CSVLimits(fieldBytes: 20, rowBytes: 60))

    @Test func `a field above the limit stops the file`() {
        let field = String(repeating: "ø", count: 10)
        #expect(Reading("a,b\n1,\(field)\n", Self.small).error == nil)
        #expect(
            Reading("a,b\n\"1\",\"\(field)x\"\n", Self.small).error?.description
                == "2:5: the field that begins here is longer than 20 bytes; is a closing quote (\") missing?")
    }

    @Test func `a row above the limit stops the file`() {
        let columns = Array(repeating: "1234567", count: 10).joined(separator: ",")
        #expect(
            Reading("a,b\n1,2\n\(columns)\n", Self.small).error?.description
                == "3:1: the row that begins here is longer than 60 bytes; is this a CSV file?")
    }

    @Test func `a row above the limit names the quote that swallows the file`() {
        let rest = Array(repeating: "1,2", count: 20).joined(separator: "\n")
        #expect(
            Reading("a,b\n\"1\"\"\",\"x\n\(rest)", Self.small).error?.description
                == "2:1: the row that begins here is longer than 60 bytes; is the quote that opens at 2:7 never closed?")
    }

    @Test(arguments: 0...90)
    func `limits do not depend on where the chunks end`(_ first: Int) {
        let swallowed = Array(("a,b\n1,2\n3,\"x\n" + String(repeating: "1,2\n", count: 20) + "\",y\n").utf8)
        let exact = Array(("a,b\n" + Array(repeating: "12345678901234", count: 4).joined(separator: ",") + "x\r\n1,2\r\n").utf8)
        for file in [swallowed, exact] {
            #expect(Reading(file, Self.small, chunks: [first]) == Reading(file, Self.small))
            #expect(Reading(file, Self.small, chunks: Array(repeating: 1, count: first)) == Reading(file, Self.small))
        }
        #expect(Reading(exact, Self.small).problems.count == 1)
    }

    @Test func `a quote that is never closed does not fill the memory`() {
        var parser = CSVParser()
        var batch = CSVBatch()
        let start = Array("a,b\n1,\"".utf8)
        let chunk = Array(repeating: UInt8(ascii: "x"), count: 64 << 10)
        var fed = 0
        var error: CSVError?
        do throws(CSVError) {
            try feed(start, to: &parser, &batch)
            while fed < 64 << 20 {
                try feed(chunk, to: &parser, &batch)
                fed += chunk.count
            }
        } catch let caught {
            error = caught
        }
        #expect(error == .rowTooLong(CSVPosition(line: 2, column: 1), limit: 4 << 20, openQuote: CSVPosition(line: 2, column: 3)))
        #expect(fed <= 9 << 20)
    }

    @Test func `a batch that is emptied between chunks does not grow with the file`() throws {
        var parser = CSVParser()
        var batch = CSVBatch()
        let chunk = Array(String(repeating: "1,Kari,Hansen\n", count: 5_000).utf8)
        try feed(Array("id,first,last\n".utf8), to: &parser, &batch)
        var capacities: [Int] = []
        var rows = 0
        for _ in 0..<100 {
            try feed(chunk, to: &parser, &batch)
            rows += batch.rowCount
            batch.removeAll()
            capacities.append(batch.bytes.capacity + 4 * (batch.fieldStart.capacity + batch.fieldEnd.capacity))
        }
        try parser.finish(into: &batch)
        #expect(rows + batch.rowCount == 500_000)
        #expect(capacities.last == capacities[2])
    }

    private func feed(_ bytes: [UInt8], to parser: inout CSVParser, _ batch: inout CSVBatch) throws(CSVError) {
        try bytes.withUnsafeBufferPointer { buffer throws(CSVError) in
            try parser.feed(UnsafeRawBufferPointer(buffer), into: &batch)
        }
    }
}
