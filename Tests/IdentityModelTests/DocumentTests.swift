import IdentityModel
import Testing

@Suite("Canonical documents")
struct DocumentTests {
    /// Reading gives the value back, the JSON view is the same text, and its members stand in order.
    private func roundTrips<Value: CanonicalDocument & Equatable>(_ make: (inout Samples) -> Value) throws {
        for seed in 1...300 {
            var samples = Samples(seed: seed)
            let value = make(&samples)
            let text = value.documentText
            #expect(try Value(documentText: text) == value, "seed \(seed): \(text)")
            #expect(value.document.text == text, "seed \(seed)")
            #expect(try Value(document: value.document) == value, "seed \(seed)")
            #expect(isSorted(value.document), "seed \(seed): \(text)")
        }
    }

    private func isSorted(_ json: JSON) -> Bool {
        switch json {
        case .array(let elements): elements.allSatisfy(isSorted)
        case .object(let members):
            zip(members, members.dropFirst()).allSatisfy { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
                && members.allSatisfy { isSorted($0.value) }
        case .null, .bool, .int, .double, .string: true
        }
    }

    @Test func aChangeOfAUserComesBackFromItsDocument() throws { try roundTrips { $0.change() } }
    @Test func aUserComesBackFromTheirDocument() throws { try roundTrips { $0.user() } }
    @Test func anOrderComesBackFromItsDocument() throws { try roundTrips { $0.order() } }
    @Test func anAccountComesBackFromItsDocument() throws { try roundTrips { $0.account() } }
    @Test func aQuarantineComesBackFromItsDocument() throws { try roundTrips { $0.quarantine() } }
    @Test func aProfileComesBackFromItsDocument() throws { try roundTrips { $0.profile() } }
    @Test func totalsComeBackFromTheirDocument() throws { try roundTrips { $0.totals() } }
    @Test func verdictsComeBackFromTheirDocument() throws { try roundTrips { $0.some(3) { $0.verdict() } } }

    @Test func theAttributesAndRolesOfAUserCanBeCutOutOfTheirChange() throws {
        for seed in 1...300 {
            var samples = Samples(seed: seed)
            let change = samples.change()
            let (bytes, layout) = change.documentWithLayout()
            let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
            func cut(_ start: Int, _ length: Int) -> String {
                var text = String.UnicodeScalarView()
                text.append(contentsOf: scalars[start - 1..<start - 1 + length])
                return String(text)
            }
            #expect(cut(layout.attributesStart, layout.attributesLength) == UserAttributes(change.user.attributes).documentText)
            #expect(cut(layout.assignmentsStart, layout.assignmentsLength) == change.assignments.documentText)
        }
    }

    @Test func anOrdersDocumentHoldsNothingOfItsPlan() {
        var samples = Samples(seed: 7)
        var order = samples.order()
        let text = order.documentText
        order.id = OrderID(plan: PlanID(row: 4_711), sequence: order.id.sequence)
        #expect(order.documentText == text)
    }

    @Test func aFreshOrderSaysOnlyWhatItMust() {
        let order = ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 9), sequence: 3), user: UserID("u1"), userKey: UserKey("E1"), userName: "Anna Berg",
            system: SystemName("Corp Directory"), operation: .create, state: .planned, change: .joiner, reasons: ["joiner"],
            requests: [AttributeRequest(name: "manager", operation: .set, before: [], after: [.reference(UserKey("E2"))])],
            becomes: .enabled,
            userVersion: 0, accountVersion: 0)
        #expect(
            order.documentText == """
                {"accountVersion":0,"becomes":"enabled","change":"joiner","key":"E1","operation":"Create","reasons":["joiner"],\
                "requests":[{"after":[{"ref":"E2"}],"name":"manager","operation":"Set"}],"sequence":3,"system":"Corp Directory","user":"u1",\
                "userName":"Anna Berg","userVersion":0}
                """)
    }

    @Test(
        "a damaged document is refused with the place where it broke",
        arguments: [
            ("", "'{' expected at byte 0"), ("{\"key\":1}", "'\"' expected at byte 7"),
            ("{\"status\":\"gone\"}", "'gone' is no UserStatus at byte 16"),
            ("{\"id\":\"u1\"}", "'attributes' is missing"), ("{\"id\":\"u1", "a string has no end at byte 9"),
            ("{\"version\":99999999999999999999}", "a number is too large at byte 29"),
            ("{\"id\":\"\\x\"}", "an escape that JSON does not know at byte 10"), ("{\"id\":\"u1\"}}", "'attributes' is missing"),
            ("{\"attributes\":{\"a\":{\"day\":\"x\"}}}", "'day' is no kind of value"),
            ("{\"attributes\":{\"a\":{\"date\":\"x\"}}}", "'x' is no date"),
        ])
    func damaged(_ text: String, _ message: String) {
        #expect(throws: DocumentError(message)) { _ = try User(documentText: text) }
    }

    @Test func textAfterADocumentIsRefused() {
        #expect(throws: DocumentError("text after the value at byte 2")) { _ = try UserAttributes(documentText: "{}{}") }
    }

    @Test func everyCutOfADocumentIsRefusedAndNeverCrashes() {
        var samples = Samples(seed: 11)
        let bytes = samples.order().documentBytes
        for length in 0..<bytes.count {
            let text = String(decoding: bytes.prefix(length), as: UTF8.self)
            #expect(throws: DocumentError.self) { _ = try ProvisioningOrder(documentText: text) }
        }
    }

    @Test func theSmallestAndTheLargestNumberSurvive() throws {
        for number in [Int64.min, Int64.min + 1, -1, 0, 9, 10, Int64.max] {
            #expect(try UserValue(documentText: UserValue.int(number).documentText) == .int(number))
        }
    }
}
