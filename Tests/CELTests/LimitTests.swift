import CEL
import Testing

@Suite("No expression hangs or ends the process")
struct LimitTests {
    private static func nested(_ open: String, _ core: String, _ close: String, _ count: Int) -> String {
        String(repeating: open, count: count) + core + String(repeating: close, count: count)
    }

    /// An expression too long to be shown.
    struct Deep: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let source: String

        init(_ open: String, _ core: String, _ close: String, _ count: Int) {
            testDescription = "\(count) times \(open)...\(close)"
            source = LimitTests.nested(open, core, close, count)
        }
    }

    @Test(
        "nesting beyond the limit is an error",
        arguments: [
            Deep("(", "1", ")", 25_000), Deep("[", "1", "]", 30_000), Deep("{1:", "1", "}", 10_000), Deep("!(", "true", ")", 20_000),
            Deep("-(", "1", ")", 20_000), Deep("size([", "1", "])", 8_000), Deep("", "1", " + 1", 16_000), Deep("", "user", ".a", 30_000),
            Deep("", "[]", "[0]", 20_000), Deep("true ? 1 : ", "1", "", 5_000), Deep("[1].map(x, ", "1", ")", 5_000),
        ])
    func nesting(deep: Deep) throws {
        let found = diagnostics(deep.source)
        #expect(found.count == 1)
        #expect(found.first?.hasSuffix("the expression nests deeper than 160 levels") == true, "\(found)")
    }

    @Test("nesting up to the limit is evaluated")
    func deep() throws {
        #expect(try evaluate(Self.nested("(", "1", ")", 150)) == .int(1))
        #expect(try evaluate("1" + String(repeating: " + 1", count: 150)) == .int(151))
        #expect(try evaluate("given" + String(repeating: " + 'x'", count: 150)).asString?.utf8.count == 154)
        #expect(try evaluate("true" + String(repeating: " && true", count: 5_000)) == .bool(true))
        #expect(try evaluate(Self.nested("[", "1", "]", 150) + " == " + Self.nested("[", "1", "]", 150)) == .bool(true))
    }

    @Test("a long text is an error")
    func length() {
        #expect(diagnostics("'" + String(repeating: "x", count: 66_000) + "'") == ["1:1: the expression is longer than 65536 bytes"])
    }

    @Test(
        "too many steps, too long a string and too large a list are errors of their own",
        arguments: [
            ("lists.range(10000).map(a, lists.range(10000).map(b, a * b))", "the expression takes more than 1000000 steps"),
            ("lists.range(10000).all(a, lists.range(10000).all(b, a * b >= 0))", "the expression takes more than 1000000 steps"),
            ("lists.range(10001)", "the list has more than 10000 elements"),
            ("lists.range(n * 600) + lists.range(n * 600)", "the list has more than 10000 elements"),
            ("lists.range(10000).map(a, [a, a]).flatten()", "the list has more than 10000 elements"),
            ("lists.range(n * 800).map(a, 'xxxxxxxxxx').join()", "the string is longer than 65536 bytes"),
            ("lists.range(n * 800).map(a, given).join('xxxxxxxxxx')", "the string is longer than 65536 bytes"),
            ("lists.range(n * 800).map(a, 'x').join().replace('x', 'xxxxxxxxxx')", "the string is longer than 65536 bytes"),
            ("given.padLeft(70000, 'x')", "the string is longer than 65536 bytes"),
            ("'%.99999999999999999999f'.format([dyn(1.0)])", "the precision of a format is at most 100"),
            ("cel.bind(s, given.padLeft(16000, 'x'), s + s + s + s + s + s)", "the string is longer than 65536 bytes"),
            ("cel.bind(s, given.padLeft(16000, 'x'), s + s + s + s + 'é' + s)", "the string is longer than 65536 bytes"),
            ("cel.bind(b, bytes(given.padLeft(16000, 'x')), b + b + b + b + b)", "the string is longer than 65536 bytes"),
            ("given.padLeft(15000, ',').split(',')", "the list has more than 10000 elements"),
            ("given.padLeft(15000, ',').split('')", "the list has more than 10000 elements"),
            ("given.padLeft(15000, 'x').replace('', 'xxxxx')", "the string is longer than 65536 bytes"),
            ("lists.range(9999).map(a, given.padLeft(n * 40, 'x')).sort()", "the list is too large to sort"),
            ("given.keep(given.padLeft(300, 'x'))", "the set of keep() is longer than 256 bytes"),
        ])
    func budgets(source: String, expected: String) {
        #expect(failure(source).drop { $0 != " " }.dropFirst() == expected)
    }

    /// Each of these took minutes: patterns were compiled, and texts searched, for nothing.
    @Test(
        "a regular expression uses up the budget, not the time",
        arguments: [
            "lists.range(10000).map(x, given.matches('(' + string(x) + '[a-z]{1,30}x|y){1,30}'))",
            "lists.range(10000).exists(x, given.matches('((a{100}){100}){' + string(x + 10) + '}'))",
            "lists.range(10000).map(x, regex.extractAll(given.padLeft(16000, 'x'), 'x'))",
            "lists.range(10000).map(x, regex.replace(given.padLeft(16000, 'x'), 'x', 'y'))",
            "lists.range(10000).map(x, given.padLeft(16000, 'x').matches('(x|y|[a-z]{1,50}){1,15}z'))",
        ])
    func patterns(source: String) {
        #expect(failure(source).hasSuffix("the expression takes more than 1000000 steps"))
    }

    @Test("a list and a map written out may not be longer than one that is made")
    func literals() {
        let numbers = String(repeating: "1,", count: 10_001)
        #expect(diagnostics("[\(numbers)]") == ["1:1: the list has more than 10000 elements"])
        #expect(failure("lists.range(10000).transformMapEntry(i, v, {v: 1, -v - 1: 2})").hasSuffix("the map has more than 10000 entries"))
    }

    @Test("values that share their parts are compared and formatted within the budget")
    func sharing() {
        let start = "cel.bind(a0, [n, n], "
        let steps = (1...100).map { "cel.bind(a\($0), [a\($0 - 1), a\($0 - 1)], " }.joined()
        let close = String(repeating: ")", count: 101)
        #expect(failure(start + steps + "a100 == [a99, a99]" + close).hasSuffix("takes more than 1000000 steps"))
        #expect(failure(start + steps + "'%s'.format([a100])" + close).hasSuffix("too large to format"))
    }

    @Test("types that would grow without bound are refused or stay small")
    func types() {
        let steps = (1...120).map { "cel.bind(a\($0), {'x': a\($0 - 1), 'y': a\($0 - 1)}, " }.joined()
        let source = "cel.bind(a0, {'x': n}, " + steps + "a120.x" + String(repeating: ")", count: 121)
        #expect(diagnostics(source).isEmpty)
    }

    @Test("bytes at random are read without a crash")
    func garbage() {
        let alphabet = Array("()[]{}.,:?+-*/%!&|=<>\"'`\\ \nrbu0123xeinuser.lastName has([1].map(x,y)?optional😀é//".unicodeScalars)
        var state: UInt64 = 7
        for _ in 0..<20_000 {
            var source = ""
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                source.unicodeScalars.append(alphabet[Int((state >> 33) % UInt64(alphabet.count))])
            }
            if case .program(let program) = World.environment.compile(source) { _ = try? program.evaluate(World.activation()) }
        }
    }
}
