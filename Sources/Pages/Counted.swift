/// Numbers in sentences, the same in a page's notes and on a terminal.
package enum Counted {
    /// `1,234,567`.
    package static func number(_ number: Int) -> String {
        var digits = Array(String(number.magnitude))
        var position = digits.count - 3
        while position > 0 {
            digits.insert(",", at: position)
            position -= 3
        }
        return (number < 0 ? "-" : "") + String(digits)
    }

    /// `1 row`, `2 rows`, `3 people`.
    package static func things(_ number: Int, _ one: String, _ many: String? = nil) -> String {
        self.number(number) + " " + (number == 1 ? one : many ?? one + "s")
    }
}
