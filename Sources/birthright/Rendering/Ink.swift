import Foundation

/// Colours for people at a terminal; none in a pipe or a file, and none where NO_COLOR is set (no-color.org).
enum Ink: Sendable {
    case plain, colour

    static let standardOutput = Ink.chosen(isTerminal: isatty(STDOUT_FILENO) == 1, environment: ProcessInfo.processInfo.environment)

    static func chosen(isTerminal: Bool, environment: [String: String]) -> Ink {
        isTerminal && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb" ? .colour : .plain
    }

    func bold(_ text: String) -> String { wrapped(text, "1") }
    func dim(_ text: String) -> String { wrapped(text, "2") }
    func red(_ text: String) -> String { wrapped(text, "31") }
    func green(_ text: String) -> String { wrapped(text, "32") }
    func yellow(_ text: String) -> String { wrapped(text, "33") }

    /// ECMA-48 section 8.3.117 (SGR).
    private func wrapped(_ text: String, _ code: String) -> String {
        switch self {
        case .plain: text
        case .colour: text.isEmpty ? "" : "\u{1B}[\(code)m\(text)\u{1B}[0m"
        }
    }
}
