/// What must hold for every input, whatever its bytes. `make torture` tries the laws on inputs that libFuzzer makes up; `FuzzLawsTests` on the
/// seeds. That no input ends or hangs the process needs no words here: it shows by itself.
package enum Law: String, CaseIterable, Sendable {
    /// Lexer and parser: an expression, without knowing any name.
    case parser
    /// The checker, with the names of a policy map.
    case checker
    /// An expression that compiles, evaluated. After a NUL byte, bytes that decide what the variables hold.
    case evaluator
    /// A file of the configuration directory: which one is told by what stands in it.
    case configuration
    /// A CSV file.
    case rows

    /// How the input breaks the law; nil when the law holds.
    package func breach(_ input: [UInt8]) -> String? {
        switch self {
        case .parser: ParserLaw.breach(String(decoding: input, as: UTF8.self))
        case .checker: CheckerLaw.breach(String(decoding: input, as: UTF8.self))
        case .evaluator: EvaluatorLaw.breach(input)
        case .configuration: ConfigurationLaw.breach(input)
        case .rows: RowsLaw.breach(input)
        }
    }
}
