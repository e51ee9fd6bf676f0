/// An expression may begin with a minus, which the parser of arguments takes for an option: `eval '-(1)'`.
enum EvalArguments {
    private static let withValue: Set<String> = ["--config", "--format", "--as-of", "--user", "--system", "--set"]

    /// The arguments with `--` before an expression that begins with a minus; everything else as it is.
    static func protected(_ arguments: [String]) -> [String] {
        guard arguments.first == "eval", !arguments.contains("--") else { return arguments }
        var options: [String] = []
        var expressions: [String] = []
        var rest = arguments.dropFirst()[...]
        while let argument = rest.popFirst() {
            if withValue.contains(argument) {
                options.append(argument)
                if let value = rest.popFirst() { options.append(value) }
            } else if argument.hasPrefix("-"), !isOption(argument) {
                expressions.append(argument)
            } else {
                options.append(argument)
            }
        }
        return expressions.isEmpty ? arguments : ["eval"] + options + ["--"] + expressions
    }

    /// `-h`, `--help`, `--format=json`, and what looks like an option that does not exist, which the parser is to complain of. An expression begins
    /// otherwise: `-1`, `-(1)`, `-user.x`, `--1`; a word behind one minus is a variable.
    private static func isOption(_ argument: String) -> Bool {
        if argument == "-h" { return true }
        guard argument.hasPrefix("--") else { return false }
        let name = argument.dropFirst(2).prefix { $0 != "=" }
        return !name.isEmpty && name.allSatisfy { $0.isLetter || $0 == "-" } && name.first != "-"
    }
}
