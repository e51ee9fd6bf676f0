import IdentityModel
import Planning
import Testing

@Suite("Which user a row is")
struct RowMatchingTests {
    private static let known = UserID("known")

    private func match(
        _ source: SourceName = Campus.staff, claim: SourceClaim? = nil,
        attributes: [String: UserValue] = ["email": .string("A@example.com")],
        isClaimed: Bool = true, correlated: [CorrelationKey: [UserID]] = [:], keys: [UserID: [UserKey]] = [:]
    ) throws -> RowMatching.Match {
        let record = SourceRecord(
            key: UserKey("1"), position: SourcePosition(file: "f", line: 2), rowHash: 1, status: nil, attributes: attributes,
            isClaimed: isClaimed)
        return RowMatching(try Campus().source(source)).match(
            record, claim: claim, correlated: { correlated[$0] ?? [] }, claimed: { keys[$0] ?? [] })
    }

    private let email = CorrelationKey(attribute: "email", folded: "a@example.com")

    @Test("a key that the source has is whose it is, whatever the row correlates by")
    func byKey() throws {
        let correlated = [email: [Self.known]]
        #expect(try match(claim: Campus.claim(Campus.staff), correlated: correlated) == .known(Campus.person))
        let gone = Campus.claim(Campus.staff, presence: .gone(rank: 1))
        #expect(try match(claim: gone, correlated: correlated) == .known(Campus.person))
    }

    @Test("a row that no key tells joins the one person that it correlates to")
    func joins() throws {
        #expect(try match(correlated: [email: [Self.known]]) == .joins(Self.known))
        #expect(try match(attributes: ["email": .string("")], correlated: [email: [Self.known]]) == .newcomer(bornBefore: 0))
        #expect(try match(Campus.badges, correlated: [email: [Self.known]]) == .joins(Self.known))
    }

    @Test("the attributes are asked in order, and two people are nobody")
    func ambiguous() throws {
        let byNumber = CorrelationKey(attribute: "employeeId", folded: "1")
        let values: [String: UserValue] = ["employeeId": .string("1"), "email": .string("a@example.com")]
        let two = [UserID("x"), UserID("y")]
        #expect(try match(attributes: values, correlated: [email: two, byNumber: [Self.known]]) == .joins(Self.known))
        #expect(try match(attributes: values, correlated: [email: two]) == .ambiguous(attribute: "email", users: two))
    }

    @Test("whom the source has by another key is decided at the end of the file")
    func renumbered() throws {
        #expect(try match(correlated: [email: [Self.known]], keys: [Self.known: [UserKey("9")]]) == .renumbered(Self.known))
    }

    @Test("a forgotten key is a newcomer's, who is another user than whoever had it")
    func forgotten() throws {
        let claim = Campus.claim(Campus.staff, presence: .forgotten)
        #expect(try match(claim: claim) == .newcomer(bornBefore: 1))
        #expect(
            try match(claim: claim, correlated: [email: [Campus.person]], keys: [Campus.person: [UserKey("9")]])
                == .renumbered(Campus.person))
    }

    @Test("nobody's row of a source that creates no users waits, and one that claims nobody is as if it were absent")
    func waits() throws {
        #expect(try match(Campus.badges) == .waits)
        #expect(try match(isClaimed: false, correlated: [email: [Self.known]]) == .absent)
        #expect(try match(claim: Campus.claim(Campus.staff), isClaimed: false) == .known(Campus.person))
    }
}
