import LinearRegex
import Testing

@Suite("A regular expression")
struct LinearRegexTests {
    @Test("finds its groups as byte ranges, and nil for one that took no part")
    func groups() throws {
        let regex = try LinearRegex("(a)|(é)")
        #expect(regex.groupCount == 2)
        #expect(regex.firstMatch(in: "xé") == [1..<3, nil, 1..<3])
        #expect(regex.firstMatch(in: "aa", from: 1) == [1..<2, 1..<2, nil])
        #expect(regex.firstMatch(in: "") == nil)
    }

    @Test("matches anywhere or the whole")
    func whole() throws {
        let regex = try LinearRegex("b+")
        #expect(regex.matches("abbc"))
        #expect(!regex.matchesWhole("abbc"))
        #expect(regex.matchesWhole("bb"))
        #expect(try LinearRegex("").matchesWhole(""))
    }

    @Test("that RE2 does not know is refused with its words")
    func refusals() {
        let error = #expect(throws: LinearRegex.PatternError.self) { try LinearRegex("(?=a)") }
        #expect(error?.reason == "invalid perl operator: (?=")
    }
}
