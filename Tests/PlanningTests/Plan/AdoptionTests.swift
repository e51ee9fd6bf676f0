import IdentityModel
import Planning
import Testing

@Suite("An entry that is there already and nobody owns")
struct AdoptionTests {
    private let adoption = Adoption(onCreate: ["login", "pin"], literals: ["objectClass"], ifEmpty: ["info"])

    private func request(_ name: String, _ values: [String], kind: AttributeRequest.Kind = .attribute, _ operation: RequestOperation = .add)
        -> AttributeRequest
    {
        AttributeRequest(kind: kind, name: name, operation: operation, before: [], after: values.map { .text($0) })
    }

    private func decide(_ requests: [AttributeRequest], _ entry: [String: [String]]) -> Adoption.Decision {
        adoption.decision(creating: requests) { entry[$0] ?? [] }
    }

    @Test func `what differs is sent with what was there, what is equal is ours from now on`() {
        let decision = decide([request("title", ["Chief"]), request("sn", ["Berg"])], ["title": ["Clerk"], "sn": ["Berg"]])
        #expect(decision.requests.map(\.asked) == ["set title Clerk -> Chief"])
        #expect(decision.takenOver == ["sn": [.text("Berg")]])
    }

    @Test func `what the entry lacks is added, and nothing is taken over`() {
        let decision = decide([request("title", ["Chief"])], [:])
        #expect(decision.requests.map(\.asked) == ["add title  -> Chief"] && decision.takenOver.isEmpty)
    }

    @Test func `lists are equal whatever their order, and replaced when they hold more`() {
        #expect(decide([request("phone", ["1", "2"])], ["phone": ["2", "1"]]).takenOver == ["phone": [.text("1"), .text("2")]])
        #expect(decide([request("phone", ["1"])], ["phone": ["2", "1"]]).requests.map(\.asked) == ["set phone 2|1 -> 1"])
    }

    @Test func `object classes that others gave stay, and ours are added`() {
        let decision = decide([request("objectClass", ["person", "adAccount"])], ["objectClass": ["top", "person"]])
        #expect(decision.requests.map(\.asked) == ["add objectClass top|person -> adAccount"])
        #expect(decision.takenOver == ["objectClass": [.text("person")]])
        let whole = decide([request("objectClass", ["person"])], ["objectClass": ["top", "person"]])
        #expect(whole.requests.isEmpty && whole.takenOver == ["objectClass": [.text("person")]])
    }

    @Test func `what is computed once stays as the entry has it, and is made where it has none`() {
        let kept = decide([request("login", ["bergc"])], ["login": ["cberg"]])
        #expect(kept.requests.isEmpty && kept.takenOver == ["login": [.text("cberg")]])
        #expect(decide([request("login", ["bergc"])], [:]).requests.map(\.asked) == ["add login  -> bergc"])
    }

    @Test func `a value where one is only filled in is nobody's of ours`() {
        let kept = decide([request("info", ["new"])], ["info": ["old"]])
        #expect(kept.requests.isEmpty && kept.takenOver.isEmpty)
        #expect(decide([request("info", ["new"])], [:]).requests.count == 1)
    }

    @Test func `memberships are always given, and removals always sent`() {
        let requests = [request("memberOf", ["cn=Staff"], kind: .membership), request("title", [], .remove)]
        #expect(decide(requests, ["memberOf": ["cn=Staff"], "title": ["Clerk"]]).requests == requests)
    }

    @Test func `a secret given once stays with whoever had the entry, and not with the one a Create of ours made`() {
        let secrets = [
            AttributeRequest(name: "pin", operation: .add, before: [], after: [.digest("a")]),
            AttributeRequest(name: "password", operation: .add, before: [], after: [.digest("b")]),
        ]
        let strangers = adoption.decision(creating: secrets) { _ in [] }
        #expect(strangers.requests.map(\.name) == ["password"] && strangers.requests[0].operation == .set)
        #expect(strangers.takenOver == ["pin": [.digest("a")]])
        let ours = adoption.decision(creating: secrets, isOwn: true) { _ in [] }
        #expect(ours.requests.map(\.name) == ["pin", "password"] && ours.takenOver.isEmpty)
    }

    @Test func `the map says which attributes are which`() throws {
        let map = try PlannedAccounts(replacing: [
            "  title: user.?title\n": "  title: { value: 'user.?title', enforce: ifEmpty }\n  objectClass: [person]\n"
        ]).map
        let adoption = Adoption(map)
        #expect(adoption.onCreate == ["login"] && adoption.literals == ["objectClass"] && adoption.ifEmpty == ["title"])
    }
}

extension AttributeRequest {
    fileprivate var asked: String {
        "\(operation) \(name) \(before.map(\.text).joined(separator: "|")) -> \(after.map(\.text).joined(separator: "|"))"
    }
}
