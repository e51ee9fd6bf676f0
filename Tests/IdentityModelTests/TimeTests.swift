import IdentityModel
import Testing

@Suite("Calendar days and moments")
struct TimeTests {
    @Test func everyDayOfTenThousandYearsHasOneDateAndFollowsTheDayBefore() throws {
        var expected = (year: 1600, month: 1, day: 1)
        let first = try #require(CivilDate(year: 1600, month: 1, day: 1))
        for offset in 0..<300_000 {
            let date = first.adding(days: offset)
            #expect(date.components == expected)
            #expect(CivilDate(year: expected.year, month: expected.month, day: expected.day) == date)
            expected.day += 1
            if CivilDate(year: expected.year, month: expected.month, day: expected.day) == nil {
                expected = (expected.year, expected.month + 1, 1)
            }
            if expected.month == 13 { expected = (expected.year + 1, 1, 1) }
        }
    }

    @Test(arguments: ["2024-02-29", "2000-02-29", "1970-01-01", "0000-01-01", "9999-12-31", "2026-03-02"])
    func aDateIsWrittenAsItIsRead(_ text: String) { #expect(CivilDate(text)?.description == text) }

    @Test(arguments: [
        "2023-02-29", "1900-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-4-1", "26-04-01", "2026/04/01", " 2026-04-01",
        "2026-04-01 ", "",
        "２０２６-04-01", "-026-04-01",
    ])
    func whatIsNoDateIsRefused(_ text: String) { #expect(CivilDate(text) == nil) }

    @Test func aMomentIsWrittenInUTCWithMilliseconds() {
        #expect(Instant(milliseconds: 0).description == "1970-01-01T00:00:00.000Z")
        #expect(Instant(milliseconds: -1).description == "1969-12-31T23:59:59.999Z")
        #expect(Instant(milliseconds: 1_709_210_096_007).description == "2024-02-29T12:34:56.007Z")
    }
}
