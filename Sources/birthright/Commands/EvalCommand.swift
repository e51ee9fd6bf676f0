import ArgumentParser
import CEL
import Contracts
import Foundation
import IdentityModel
import Pages
import Planning
import PolicyFiles
import Provisioning

/// `birthright eval EXPR`.
struct EvalCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "eval", abstract: "Tries an expression on a real or a made-up user, and shows the value of every part of it.",
        discussion: """
            Without --system the expression stands where a business rule stands and knows `user`. With it, it stands in that system's policy map and \
            knows `account`, `tables`, `out` and everything under `let` as well. No system is asked and nothing is written; a made-up user needs no store.
            """)

    @OptionGroup var common: CommonOptions

    @Argument(help: "An expression, such as 'user.lastName.left(3)'.")
    var expression: String

    @Option(
        help: "A user's key, or a file of attributes (.yaml, .yml or .json): lastName: Berg. Somebody without attributes when left out.")
    var user: String?

    @Option(help: "The managed system whose policy map the expression stands in.")
    var system: String?

    @Option(help: "Another value for one attribute: title=Clerk, status=leave, account.enabled=false; nothing behind the = takes it away.")
    var set: [String] = []

    func run() async throws {
        try await ending {
            let session = try Session.load(common)
            let map = try system.map { try Inquiry.system($0, session.configuration) }
            let program = try compiled(map, session.configuration)
            guard let user, !ExpressionTrial.isFile(user) else {
                return try await session.masking { try await evaluate(program, map, session, store: nil) }
            }
            return try await withStoreToRead(session) { store in try await evaluate(program, map, session, store: store) }
        }
    }

    /// With the positions and hints that `check` gives.
    private func compiled(_ map: PolicyMap?, _ configuration: Configuration) throws -> Planning.Expression {
        let environment = map?.environment ?? Vocabulary.ruleEnvironment(configuration.schema)
        switch environment.compile(expression) {
        case .program(let program): return Planning.Expression(program: program, position: TypedExpression.start)
        case .failure(let diagnostics):
            let texts = diagnostics.map { TypedExpression.diagnostic($0, in: expression).description }
            let isTooFar = map == nil && diagnostics.contains { $0.message.hasPrefix("unknown variable") }
            let hint = isTooFar ? ["without --system an expression knows `user` and nothing else"] : []
            throw Stop(.configuration, (texts + hint).joined(separator: "\n"))
        }
    }

    private func evaluate(_ program: Planning.Expression, _ map: PolicyMap?, _ session: Session, store: (any Store)?) async throws -> Exit {
        var trial = ExpressionTrial(
            configuration: session.configuration, map: map,
            today: RunClock(asOf: common.asOf).earliestDay(of: session.configuration.sources), store: store)
        try await trial.choose(user, in: URL(fileURLWithPath: FileManager.default.currentDirectoryPath))
        for setting in set { try trial.set(setting) }
        let outcome = try await outcome(of: program, trial)
        switch common.format {
        case .json: say(outcome.page.indentedText)
        case .text:
            say(outcome.text(.standardOutput))
            if let error = outcome.tried.error { complain(TypedExpression.diagnostic(error, in: expression).description) }
        }
        return outcome.tried.error == nil ? .done : .incomplete
    }

    private func outcome(of program: Planning.Expression, _ trial: ExpressionTrial) async throws -> ExpressionTrial.Outcome {
        do {
            return try await trial.evaluate(program)
        } catch ExpressionTrial.Failure.readsSecret(let name) {
            throw Stop(.configuration, "\(name) holds a secret: it is neither shown nor taken apart")
        } catch ExpressionTrial.Failure.undecided(let reason) {
            throw Stop(.incomplete, "\(reason)\nwhether the account is enabled cannot be said; --set account.enabled=true says it")
        }
    }
}

/// An expression that stands in no file.
enum TypedExpression {
    static let file = "<expression>"
    static let start = TextPosition(file: file, line: 1, column: 1)

    static func diagnostic(_ diagnostic: Diagnostic, in text: String) -> ConfigurationDiagnostic {
        let end = text.utf8.index(text.startIndex, offsetBy: min(diagnostic.offset + diagnostic.length, text.utf8.count))
        let begin = text.utf8.index(text.startIndex, offsetBy: min(diagnostic.offset, text.utf8.count))
        return ConfigurationDiagnostic(
            severity: .error, position: TextPosition(file: file, line: diagnostic.line, column: diagnostic.column),
            length: text.unicodeScalars[begin..<end].prefix { $0 != "\n" }.count, message: diagnostic.message,
            suggestion: diagnostic.suggestion,
            excerpt: line(diagnostic.line, of: text))
    }

    /// Where an evaluation failed.
    static func diagnostic(_ error: CELError, in text: String) -> ConfigurationDiagnostic {
        diagnostic(Diagnostic(message: error.message, offset: error.offset ?? 0, length: 1, in: text), in: text)
    }

    private static func line(_ number: Int, of text: String) -> String? {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return lines.indices.contains(number - 1) ? String(lines[number - 1]) : nil
    }
}
