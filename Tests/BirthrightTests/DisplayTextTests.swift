import IdentityModel
import Pages
import Planning
import Testing

@testable import birthright

@Suite struct DisplayTextTests {
    @Test func `what the configuration of the command calls sensitive is dots in people and accounts`() {
        let values: [AccountValue] = [.text("4711")]
        #expect(MaskedAttributes.shown(values, of: "badge") == values)
        MaskedAttributes.$configured.withValue(["badge"]) {
            #expect(MaskedAttributes.shown(values, of: "badge") == [.text("••••••")])
            #expect(PlanText.text(UserValue.string("4711"), of: "badge") == "••••••")
            #expect(!PlanPage.attributes(["badge": .string("4711")]).text.contains("4711"))
        }
    }

    @Test(arguments: [
        ("Anna", 4), ("Åse", 3), ("A\u{30A}se", 3), ("王小明", 6), ("김민준", 6), ("\u{1100}\u{1161}\u{11A8}", 2), ("Ａ", 2), ("→", 1), ("👍", 2),
        ("e\u{200D}f", 2), ("", 0),
    ])
    func `a character takes the columns a terminal gives it`(text: String, width: Int) { #expect(DisplayText.width(text) == width) }

    @Test func `a name cannot move the cursor, ring the bell or turn the reading direction`() {
        #expect(DisplayText.visible("Anna\u{1B}[2J\nBerg\u{7}\u{202E}gnp") == "Anna\\u{1B}[2J\\nBerg\\u{7}\\u{202E}gnp")
        #expect(DisplayText.visible("Zoë 王") == "Zoë 王")
    }

    @Test func `a cut text ends where a wide character would not fit any more`() {
        #expect(DisplayText.cut("王小明", to: 6) == "王小明")
        #expect(DisplayText.cut("王小明", to: 5) == "王小…")
        #expect(DisplayText.cut("王小明", to: 4) == "王…")
    }

    @Test func `numbers are grouped by thousands`() {
        #expect([0, 999, 1_000, 1_234_567, -1_000].map { DisplayText.count($0) } == ["0", "999", "1,000", "1,234,567", "-1,000"])
        #expect(DisplayText.count(1, "person", "people") == "1 person")
        #expect(DisplayText.count(0, "order") == "0 orders")
    }

    @Test func `colour is for terminals, unless NO_COLOR asks for none`() {
        #expect(Ink.chosen(isTerminal: true, environment: [:]) == .colour)
        #expect(Ink.chosen(isTerminal: true, environment: ["NO_COLOR": ""]) == .colour)
        #expect(Ink.chosen(isTerminal: true, environment: ["NO_COLOR": "1"]) == .plain)
        #expect(Ink.chosen(isTerminal: true, environment: ["TERM": "dumb"]) == .plain)
        #expect(Ink.chosen(isTerminal: false, environment: [:]) == .plain)
        #expect(Ink.colour.red("held") == "\u{1B}[31mheld\u{1B}[0m")
        #expect(Ink.plain.red("held") == "held")
    }

    @Test func `columns stay aligned over wide names and from page to page`() {
        var table = Table([Table.Column("name"), Table.Column("orders", isNumber: true), Table.Column("note")])
        table.add(["王小明", "2", "first"])
        table.add(["Bo", "1,000"])
        #expect(table.takeLines() == ["  name    orders  note", "  王小明       2  first", "  Bo       1,000"])
        table.add(["Al", "3", "second page"])
        #expect(table.takeLines() == ["  Al           3  second page"])
    }

    @Test func `passwords are dots, dates about passwords are not`() {
        #expect(["userPassword", "UNICODEPWD", "dBCSPwd", "password"].allSatisfy(MaskedAttributes.contains))
        #expect(!["pwdLastSet", "badPasswordTime", "title"].contains(where: MaskedAttributes.contains))
        #expect(MaskedAttributes.shown([.text("secret")], of: "userPassword") == [.text("••••••")])
    }
}
