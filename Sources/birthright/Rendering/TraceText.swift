import IdentityModel
import Planning

extension TracedExpression {
    /// Name and value with the place, the expression in one line, and its parts with their values.
    func lines(_ ink: Ink) -> [String] {
        let lines = ["\(title) = \(DisplayText.visible(value))" + ink.dim("  \(position)"), "  " + DisplayText.oneLine(expression)]
        return lines + TracedExpression.lines(parts, indent: 4)
    }

    static func lines(_ parts: [Part], indent: Int) -> [String] {
        let width = parts.map { DisplayText.width(DisplayText.oneLine($0.expression)) }.max() ?? 0
        return parts.map { part in
            DisplayText.spaces(indent)
                + "\(DisplayText.padded(DisplayText.oneLine(part.expression), to: width))  \(DisplayText.visible(part.value))"
        }
    }
}

extension DisplayText {
    /// Line breaks and indentation of an expression in YAML mean nothing.
    static func oneLine(_ expression: String) -> String {
        visible(expression.split(whereSeparator: \.isWhitespace).joined(separator: " "))
    }
}
