import IdentityModel
import Planning
import Testing

@Suite("What is remembered of a file's rows")
struct RowIndexTests {
    private func index(_ marks: [SourceMark], expecting: Int = 0) -> RowIndex {
        var index = RowIndex(expecting: expecting)
        index.insert(marks)
        return index
    }

    @Test func `a row is new, as it was, or changed`() {
        var index = index([SourceMark(keyHash: 7, rowHash: 70), SourceMark(keyHash: 8, rowHash: 80)])
        #expect(index.see(keyHash: 7, rowHash: 70, line: 2) == .unchanged)
        #expect(index.see(keyHash: 8, rowHash: 81, line: 3) == .changed(standing: []))
        #expect(index.see(keyHash: 9, rowHash: 90, line: 4) == .unseen)
        #expect(index.wasSeen(9) && index.isKnown(7) && !index.isKnown(9))
        #expect(index.unseen().isEmpty)
    }

    @Test func `a second row of a key names the first, whatever either says`() {
        var index = index([SourceMark(keyHash: 7, rowHash: 70)])
        _ = index.see(keyHash: 7, rowHash: 70, line: 2)
        _ = index.see(keyHash: 9, rowHash: 90, line: 5)
        #expect(index.see(keyHash: 7, rowHash: 71, line: 3) == .duplicate(firstLine: 2))
        #expect(index.see(keyHash: 7, rowHash: 70, line: 4) == .duplicate(firstLine: 2))
        #expect(index.see(keyHash: 9, rowHash: 90, line: 6) == .duplicate(firstLine: 5))
    }

    @Test func `who is not settled is planned although the row is the same`() {
        var index = index([
            SourceMark(keyHash: 7, rowHash: 70, again: .order), SourceMark(keyHash: 8, rowHash: 80, again: [.date, .account]),
        ])
        #expect(index.see(keyHash: 7, rowHash: 70, line: 2) == .again(.order))
        #expect(index.see(keyHash: 8, rowHash: 81, line: 3) == .changed(standing: [.date, .account]))
        #expect(index.reasons(ofKey: 8) == [.date, .account] && index.reasons(ofKey: 9) == [])
    }

    @Test func `after an edit of the configuration everybody is planned, those who are not in the file too`() {
        var index = index([SourceMark(keyHash: 7, rowHash: 70), SourceMark(keyHash: 8, rowHash: 80, again: .date)])
        index.planEverything = true
        #expect(index.see(keyHash: 7, rowHash: 70, line: 2) == .again(.configuration))
        #expect(index.unseen().map(\.again) == [[.date, .configuration]])
    }

    @Test func `a row of no use counts as there, and says once why its user is planned`() {
        var index = index([SourceMark(keyHash: 7, rowHash: 70, again: .date)])
        #expect(index.stand(keyHash: 7, line: 2) == .date)
        #expect(index.stand(keyHash: 7, line: 3) == [])
        #expect(index.stand(keyHash: 9, line: 4) == [])
        #expect(index.unseen().isEmpty)
        #expect(index.see(keyHash: 7, rowHash: 70, line: 5) == .duplicate(firstLine: 2))
    }

    @Test func `rows that are not in the file are told by the hash of their key, and whether they were gone before`() {
        let index = index([
            SourceMark(keyHash: 9, rowHash: 0, isGone: true), SourceMark(keyHash: 7, rowHash: 70, again: .order),
            // It was there and did not count: its user is told when it is missing.
            SourceMark(keyHash: 8, rowHash: 80, isGone: true),
        ])
        #expect(index.unseen().map(\.keyHash) == [7, 8, 9])
        #expect(index.unseen().map(\.wasGone) == [false, false, true])
        #expect(index.unseen().map(\.again) == [.order, [], []])
        #expect(index.unseen()[0].besides([.order, .date]).again == [])
    }

    /// 0 marks a free slot; the others are what an open-addressing table may confuse at its ends.
    @Test(arguments: [0, 1, UInt64.max, UInt64.max - 1, 1 << 63]) func `no hash is too odd to be a key`(hash: UInt64) {
        var index = index([SourceMark(keyHash: hash, rowHash: 5)])
        #expect(index.isKnown(hash))
        #expect(index.see(keyHash: hash, rowHash: 5, line: 2) == .unchanged)
        #expect(index.wasSeen(hash) && index.unseen().isEmpty)
    }

    @Test(arguments: [0, 10, 5_000]) func `it grows, and forgets nothing`(expected: Int) {
        let count = 10_000
        let marks = (0..<count).map {
            SourceMark(keyHash: StableHash.hash("K\($0)"), rowHash: UInt64($0), again: $0 % 3 == 0 ? .date : [])
        }
        var index = RowIndex(expecting: expected)
        index.planEverything = false
        for start in stride(from: 0, to: count, by: 1_000) { index.insert(Array(marks[start..<start + 1_000])) }
        for (number, mark) in marks.enumerated() where number % 2 == 0 {
            let sighting = index.see(keyHash: mark.keyHash, rowHash: mark.rowHash, line: UInt32(number))
            #expect(sighting == (number % 3 == 0 ? .again(.date) : .unchanged))
        }
        for number in 0..<2_000 { #expect(index.see(keyHash: StableHash.hash("N\(number)"), rowHash: 1, line: 1) == .unseen) }
        #expect(index.unseen().count == count / 2)
        #expect(index.see(keyHash: marks[4_000].keyHash, rowHash: 0, line: 9) == .duplicate(firstLine: 4_000))
    }
}
