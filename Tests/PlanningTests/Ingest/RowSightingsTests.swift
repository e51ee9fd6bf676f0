import IdentityModel
import Planning
import Testing

@Suite("Who is who in a file")
struct RowSightingsTests {
    private static let source = SourceName("hr")
    private let anna = UserID("anna")
    private let bo = UserID("bo")

    private func record(_ key: String, line: Int = 2, again: ReplanReasons = []) -> SourceRecord {
        SourceRecord(
            key: UserKey(key), position: SourcePosition(file: "hr.csv", line: line), rowHash: 1, status: nil, attributes: [:], again: again)
    }

    private func row(_ key: String?, readsTerminated: Bool = false, again: ReplanReasons = []) -> RowSetAside {
        RowSetAside(
            quarantine: Quarantine(
                source: Self.source, key: key.map { UserKey($0) }, position: SourcePosition(file: "hr.csv", line: 2), column: 1,
                columnName: nil,
                reason: "bad"), readsTerminated: readsTerminated, again: again)
    }

    private func claim(_ presence: SourceClaim.Presence = .present) -> SourceClaim {
        SourceClaim(
            source: Self.source, key: UserKey("1"), user: anna, keyHash: 1, rowHash: 1, position: SourcePosition(file: "old.csv", line: 9),
            presence: presence, keepsAlive: true)
    }

    private func unseen(wasGone: Bool = false, again: ReplanReasons = []) -> RowIndex.Unseen {
        var index = RowIndex(expecting: 1)
        index.insert([SourceMark(keyHash: 1, rowHash: wasGone ? 0 : 1, isGone: wasGone, again: again)])
        return index.unseen()[0]
    }

    private func taken(_ sightings: inout RowSightings, besides duplicates: Set<UserKey> = []) -> [RowSightings.Renumbered] {
        sightings.takeRenumbered(besides: duplicates)
    }

    // MARK: Row by row

    @Test func `whose key is known, and whom nobody knows, is planned at once`() {
        var sightings = RowSightings(of: Self.source)
        #expect(sightings.place(record("1"), .known(anna), generation: 3) == .planned(anna, bornBefore: 3))
        #expect(sightings.place(record("2"), .newcomer(bornBefore: 1), generation: 0) == .planned(nil, bornBefore: 1))
        #expect(sightings.place(record("3"), .waits, generation: 0) == .waits)
        #expect(sightings.place(record("4"), .absent, generation: 0) == .absent)
        #expect(sightings.present.isEmpty)
    }

    @Test func `of two rows that join one person the first is planned, and both are taken back at the end`() {
        var sightings = RowSightings(of: Self.source)
        #expect(sightings.place(record("7", line: 2), .joins(anna), generation: 4) == .planned(anna, bornBefore: 4))
        #expect(sightings.collisions().isEmpty)
        #expect(sightings.place(record("3", line: 5), .joins(anna), generation: 0) == .later)
        #expect(sightings.place(record("9", line: 6), .joins(bo), generation: 0) == .planned(bo, bornBefore: 0))
        let collisions = sightings.collisions()
        #expect(collisions.map(\.key) == ["3", "7"].map { UserKey($0) })
        #expect(
            collisions.map(\.quarantine.reason) == [
                "correlates to the same person as row 7 (hr.csv:2); none of them is taken",
                "correlates to the same person as row 3 (hr.csv:5); none of them is taken",
            ])
        #expect(sightings.present == [anna, bo])
    }

    @Test func `a row that means several people is set aside, and none of them is missing`() {
        var sightings = RowSightings(of: Self.source)
        let placing = sightings.place(record("1"), .ambiguous(attribute: "email", users: [bo, anna]), generation: 0)
        guard case .quarantined(let quarantine) = placing else {
            Issue.record("\(placing)")
            return
        }
        #expect(quarantine.reason == "email correlates to 2 users (anna, bo); none is taken")
        #expect(sightings.absence(of: anna, unseen(), listsEverybody: true) == .unchanged)
    }

    // MARK: Rows of no use

    @Test func `a bad row leaves what was said in force, and its user is planned for what else asks for it`() {
        var sightings = RowSightings(of: Self.source)
        #expect(sightings.stand(row("1", again: .quarantine), claim: claim(), means: []).again == nil)
        #expect(sightings.stand(row("1", again: [.quarantine, .date]), claim: claim(), means: []).again == .date)
        // The second row of the key asks for nothing more.
        #expect(sightings.stand(row("1", again: .date), claim: claim(), means: []).again == nil)
    }

    @Test func `a bad row that says somebody left is counted, unless they had gone before`() {
        var sightings = RowSightings(of: Self.source)
        #expect(sightings.stand(row("1", readsTerminated: true), claim: claim(), means: []).saysLeft)
        #expect(!sightings.stand(row("1", readsTerminated: true), claim: claim(.gone(rank: 1)), means: []).saysLeft)
        #expect(!sightings.stand(row("1", readsTerminated: true), claim: nil, means: []).saysLeft)
    }

    @Test func `whoever a bad row's values mean is present, where no key tells`() {
        for claim in [nil, claim(.forgotten)] {
            var sightings = RowSightings(of: Self.source)
            _ = sightings.stand(row("1", again: .date), claim: claim, means: [bo])
            #expect(sightings.present == [bo])
        }
        var sightings = RowSightings(of: Self.source)
        _ = sightings.stand(row("1"), claim: claim(), means: [bo])
        #expect(sightings.present.isEmpty)
    }

    // MARK: The file's end

    @Test func `who is not in a file that lists everybody is missing, once`() {
        let sightings = RowSightings(of: Self.source)
        #expect(sightings.absence(of: anna, unseen(), listsEverybody: true) == .missing)
        #expect(sightings.absence(of: anna, unseen(wasGone: true), listsEverybody: true) == .unchanged)
        #expect(sightings.absence(of: anna, unseen(), listsEverybody: false) == .unchanged)
        #expect(sightings.absence(of: anna, unseen(again: .date), listsEverybody: true) == .missing)
        #expect(sightings.absence(of: anna, unseen(wasGone: true, again: .date), listsEverybody: true) == .again(.date))
        #expect(sightings.absence(of: anna, unseen(again: .order), listsEverybody: false) == .again(.order))
    }

    @Test func `a new key takes its user over where no row has the old one`() throws {
        var sightings = RowSightings(of: Self.source)
        #expect(sightings.place(record("N1"), .renumbered(anna), generation: 2) == .later)
        let row = try #require(taken(&sightings).first)
        #expect(row.user == anna && row.bornBefore == 2)
        #expect(sightings.takeOver(row, old: nil) == nil)
        // Neither missing under the old key nor planned by what that said.
        #expect(sightings.absence(of: anna, unseen(again: .date), listsEverybody: true) == .unchanged)
    }

    @Test func `a new key is set aside where the old one has a row too`() throws {
        var sightings = RowSightings(of: Self.source)
        _ = sightings.place(record("N1"), .renumbered(anna), generation: 0)
        let row = try #require(taken(&sightings).first)
        #expect(
            sightings.takeOver(row, old: claim())?.reason
                == "correlates to the user of row 1, which is in the same file (old.csv:9)")
        #expect(sightings.absence(of: anna, unseen(again: .date), listsEverybody: true) == .again(.date))
    }

    @Test func `two new keys of one user take nobody over, also where one of them stands twice`() {
        var sightings = RowSightings(of: Self.source)
        _ = sightings.place(record("N1", line: 3), .renumbered(anna), generation: 0)
        _ = sightings.place(record("N2", line: 2), .renumbered(anna), generation: 0)
        let rows = sightings.takeRenumbered(besides: [])
        // In the order of the file, not of the keys.
        #expect(rows.map(\.record.key.text) == ["N2", "N1"])
        var reasons: [String?] = []
        for row in rows { reasons.append(sightings.takeOver(row, old: nil)?.reason) }
        #expect(
            reasons == [
                "correlates to the same person as row N1 (hr.csv:3); none of them is taken",
                "correlates to the same person as row N2 (hr.csv:2); none of them is taken",
            ])
        let left = sightings.takeRenumbered(besides: [UserKey("N1")])
        #expect(left.map(\.record.key.text) == ["N2"])
        for row in left { #expect(sightings.takeOver(row, old: nil) != nil) }
    }

    @Test func `whom a new key means is there, once the file is read, and whom a row means that waited is not`() {
        var sightings = RowSightings(of: Self.source)
        _ = sightings.place(record("N1"), .renumbered(anna), generation: 0)
        _ = sightings.takeRenumbered(besides: [UserKey("N1")])
        #expect(sightings.absence(of: anna, unseen(), listsEverybody: true) == .unchanged)
        _ = sightings.place(record("N2"), .renumbered(bo), generation: 0)
        #expect(sightings.absence(of: bo, unseen(), listsEverybody: true) == .missing)
    }

    @Test func `whoever is noted as present is not missing`() {
        var sightings = RowSightings(of: Self.source)
        sightings.note(present: [anna])
        #expect(sightings.absence(of: anna, unseen(), listsEverybody: true) == .unchanged)
        #expect(sightings.absence(of: bo, unseen(), listsEverybody: true) == .missing)
    }
}
