internal import CEL
internal import IdentityModel

extension ConfigurationFile {
    func integer(_ node: YAMLNode, _ key: String, in range: ClosedRange<Int>) -> Int? {
        guard let value = text(node, key) else { return nil }
        if let number = Int(value.text), value.text.utf8.first != UInt8(ascii: "+"), range.contains(number) { return number }
        error(
            "'\(key)' must be a whole number from \(range.lowerBound) to \(range.upperBound), not '\(value.text)'", at: value.point,
            length: value.length)
        return nil
    }

    func flag(_ node: YAMLNode, _ key: String) -> Bool? {
        guard let value = text(node, key) else { return nil }
        switch value.text {
        case "true": return true
        case "false": return false
        default:
            error("'\(key)' must be true or false, not '\(value.text)'", at: value.point, length: value.length)
            return nil
        }
    }

    /// One of the cases of an enumeration, spelt exactly.
    func choice<Choice: RawRepresentable<String> & CaseIterable>(_ node: YAMLNode, _ key: String, of type: Choice.Type) -> Choice? {
        guard let value = text(node, key) else { return nil }
        if let choice = Choice(rawValue: value.text) { return choice }
        let known = Choice.allCases.map(\.rawValue)
        error(
            "'\(key)' must be \(alternatives(known)), not '\(value.text)'", at: value.point, length: value.length,
            suggestion: nearest(value.text, in: known))
        return nil
    }

    /// `20%`, or `10pp` with the unit `pp`; nothing else.
    func percentage(_ node: YAMLNode, _ key: String, unit: String) -> Int? {
        guard let value = text(node, key) else { return nil }
        let digits = value.text.hasSuffix(unit) ? value.text.dropLast(unit.count) : ""
        if let number = Int(digits), digits.utf8.allSatisfy({ $0 >= 48 && $0 <= 57 }) { return number }
        error(
            "'\(key)' must be a whole number followed by '\(unit)', such as 20\(unit), not '\(value.text)'", at: value.point,
            length: value.length)
        return nil
    }

    func date(_ node: YAMLNode, _ key: String) -> CivilDate? {
        guard let value = text(node, key) else { return nil }
        if let date = CivilDate(value.text) { return date }
        error("'\(key)' must be a date written yyyy-MM-dd, not '\(value.text)'", at: value.point, length: value.length)
        return nil
    }

    /// An ISO 8601 duration of whole days or weeks: `P30D`, `P4W`.
    func days(_ node: YAMLNode, _ key: String) -> Int? {
        guard let value = text(node, key) else { return nil }
        let isWeeks = value.text.hasSuffix("W")
        if value.text.hasPrefix("P"), isWeeks || value.text.hasSuffix("D"), let number = Int(value.text.dropFirst().dropLast()),
            (1...36_500).contains(number)
        {
            return isWeeks ? number * 7 : number
        }
        error("'\(key)' must be a number of days written P30D, not '\(value.text)'", at: value.point, length: value.length)
        return nil
    }

    /// `a`, `a or b`, `a, b or c`.
    func alternatives(_ words: [String]) -> String {
        guard let last = words.last, words.count > 1 else { return words.first ?? "" }
        return words.dropLast().joined(separator: ", ") + " or " + last
    }
}
