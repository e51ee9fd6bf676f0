import CEL
import Testing

@Suite("A record that is filled while expressions read it")
struct RecordTests {
    @Test("gives each field as it is at that moment")
    func live() throws {
        let activation = World.activation()
        let out = RecordBuffer(World.out)
        let slot = try #require(World.environment.slot(of: "out"))
        activation.bind(slot, record: out)
        let rdn = try program("ldap.rdn('cn', out.cn)")
        #expect(throws: CELError(.absentField(path: "out.cn"), "out.cn is absent (write out.?cn)", offset: 19)) {
            try rdn.evaluate(activation)
        }
        out.set(0, .value(.string("Zoë, Müller")))
        #expect(try rdn.evaluate(activation) == .string("cn=Zoë\\, Müller"))
        #expect(try program("dyn(out).cn").evaluate(activation) == .string("Zoë, Müller"))
        out.clear()
        #expect(try program("out.?cn").evaluate(activation) == .optionalNone)
    }

    @Test("hands on a failure only to who reads it")
    func failures() throws {
        let activation = World.activation()
        let given = try #require(World.environment.slot(of: "given"))
        let reason = CELError(.invalidArgument, "no ASCII form")
        activation.set(given, .failure(reason))
        #expect(throws: reason) { try program("given + 'x'").evaluate(activation) }
        #expect(try program("n == 12 || given == ''").evaluate(activation) == .bool(true))
    }

    @Test("shows the value of every part to a trace, in the order of evaluation")
    func trace() throws {
        let source = "account.enabled ? user.lastName.left(2) : user.title"
        let bytes = Array(source.utf8)
        var steps: [String] = []
        _ = try program(source).evaluate(World.activation()) { range, result in
            let shown = (try? result.get().shown) ?? "failed"
            steps.append("\(String(decoding: bytes[range], as: UTF8.self)) = \(shown)")
        }
        #expect(
            steps == [
                "account.enabled = true", "user.lastName = 'Müller'", "2 = 2", "user.lastName.left(2) = 'Mü'", "\(source) = 'Mü'",
            ])
    }
}
