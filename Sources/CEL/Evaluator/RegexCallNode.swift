internal import LinearRegex

/// A function with a regular expression. Compiling one costs as many steps as its program is long, and searching costs more the longer text and
/// program are: a pattern made at run time, or a huge one, uses up the budget instead of the time.
final class RegexCallNode: Node, @unchecked Sendable {
    private let name: String
    private let arguments: [Node]
    /// The expression, when its pattern is known beforehand.
    private let known: LinearRegex?

    init(_ name: String, _ arguments: [Node], known: LinearRegex?, offset: Int) {
        self.name = name
        self.arguments = arguments
        self.known = known
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let first = try arguments[0].evaluate(activation)
        let second = try arguments[1].evaluate(activation)
        var rest: [Value] = []
        for index in arguments.indices.dropFirst(2) { rest.append(try arguments[index].evaluate(activation)) }
        guard case .string(let text) = first, case .string(let pattern) = second else {
            throw CELError.noOverload(name, arguments: [first, second] + rest).at(offset)
        }
        let weight = first.weight
        var steps = 1 + weight
        for value in rest { steps += value.weight }
        do throws(CELError) {
            let regex = if let known { known } else { try RegexFunctions.compiled(pattern, activation) }
            try activation.charge(steps + (weight * regex.programSize) >> 6)
            return try RegexFunctions.apply(name, regex, text, rest, activation).limited()
        } catch {
            throw error.at(offset)
        }
    }
}
