import CEL
import Testing

@Suite("Branches of an expression")
struct BranchTests {
    private static let environment = Environment(variables: [
        (name: "a", type: .bool), (name: "b", type: .bool), (name: "s", type: .string), (name: "o", type: .optional(.string)),
    ])

    private func program(_ source: String) throws -> Program {
        guard case .program(let program) = BranchTests.environment.compile(source) else { throw Failure() }
        return program
    }

    private struct Failure: Error {}

    /// What is shown of each branch, and what is said when it was never taken.
    private func described(_ source: String) throws -> [String] {
        let text = Array(source.utf8)
        return try program(source).branches.map { "\(String(decoding: text[$0.range], as: UTF8.self)): \($0.words)" }
    }

    @Test("every way in which an expression can go is a branch, once")
    func kinds() throws {
        #expect(try described("s + 'x'") == [])
        #expect(
            try described("a ? 'x' : 'y'") == ["'x': what stands behind '?' is never taken", "'y': what stands behind ':' is never taken"])
        #expect(
            try described("a && b") == [
                "a: is never false, which would decide the '&&'", "a && b: is never true as a whole",
                "b: is never false, which would decide the '&&'",
            ])
        #expect(
            try described("a || b ? 1 : 2") == [
                "a: is never true, which would decide the '||'", "b: is never true, which would decide the '||'",
                "1: what stands behind '?' is never taken", "2: what stands behind ':' is never taken",
            ])
        #expect(try described("o.orValue('x')") == ["o: never has a value", "'x': the default is never taken"])
        #expect(try described("o.or(optional.none())") == ["o: never has a value", "optional.none(): the default is never taken"])
        #expect(try described("o.optMap(v, v + s)") == ["o: is never none", "v + s: is never reached: there is no value"])
        #expect(
            try described("o.optMap(v, v + s).orValue('x')") == [
                "o.optMap(v, v + s): never has a value", "'x': the default is never taken",
            ])
        #expect(try described("s.ifEmpty('x')") == ["s: is always empty", "'x': the default is never taken"])
        #expect(
            try described("coalesce(o, s, 'x')") == [
                "o: never gives the value of coalesce()", "s: never gives the value of coalesce()", "'x': is never reached",
            ])
        #expect(try described("[?o, s]") == ["o: is never none", "o: never has a value"])
        #expect(try described("{'k': s, ?'o': o}") == ["o: is never none", "o: never has a value"])
    }

    /// The branches that one evaluation takes.
    private func taken(_ source: String, a: Bool = false, b: Bool = false, s: String = "", o: String? = nil) throws -> Set<String> {
        let program = try program(source)
        let activation = Activation(BranchTests.environment)
        activation.set(0, .value(.bool(a)))
        activation.set(1, .value(.bool(b)))
        activation.set(2, .value(.string(s)))
        activation.set(3, .value(o.map { .optional(of: .string($0)) } ?? .optionalNone))
        var words: Set<String> = []
        _ = try? program.evaluate(activation) { part, result in
            for branch in program.branches where branch.observed == part && branch.condition.isMet(by: result) {
                words.insert(branch.words)
            }
        }
        return words
    }

    @Test("a traced evaluation tells which branches it takes")
    func evaluation() throws {
        #expect(try taken("a ? 'x' : 'y'", a: true) == ["what stands behind '?' is never taken"])
        #expect(try taken("a ? 'x' : 'y'") == ["what stands behind ':' is never taken"])
        #expect(try taken("(a && b) || s == 'x'", a: true, b: true) == ["is never true, which would decide the '||'"])
        #expect(try taken("a && b", a: true, b: true) == ["is never true as a whole"])
        #expect(try taken("a && b", b: true) == ["is never false, which would decide the '&&'"])
        #expect(try taken("o.orValue('x')") == ["the default is never taken"])
        #expect(try taken("o.orValue('x')", o: "v") == ["never has a value"])
        #expect(try taken("o.optMap(v, v + s)", o: "v") == ["is never reached: there is no value"])
        #expect(try taken("o.optMap(v, v + s)") == ["is never none"])
        #expect(try taken("s.ifEmpty('x')") == ["the default is never taken"])
        #expect(try taken("coalesce(o, s, 'x')", s: "v") == ["never gives the value of coalesce()"])
        #expect(try taken("coalesce(o, s, 'x')") == ["is never reached"])
        #expect(try taken("[?o, s]", o: "v") == ["never has a value"])
    }

    @Test("an error takes no branch but that of what was reached")
    func errors() throws {
        #expect(try taken("s.substring(3) == 'x' ? 'x' : 'y'") == [])
    }
}
