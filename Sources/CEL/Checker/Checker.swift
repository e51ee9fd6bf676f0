/// Finds the type of every part and what every name stands for. Goes on after an error, with dyn.
struct Checker {
    let environment: Environment
    let source: String
    var substitution = Substitution()
    var types: [CELType]
    var resolutions: [Resolution]
    var scopes: [(name: String, type: CELType)] = []
    private var localCount = 0
    private var references: Set<Program.Reference> = []
    private(set) var diagnostics: [Diagnostic] = []

    static func check(
        _ root: Expression, count: Int, source: String, in environment: Environment, expecting: CELType?
    ) -> Result<Checked, Failures> {
        var checker = Checker(environment: environment, source: source, count: count)
        let type = checker.check(root)
        if let expecting, !checker.substitution.assign(type, to: expecting) {
            let given = checker.substitution.resolve(type, isFinal: true).word
            checker.report("the expression gives \(given), but \(expecting.word) is wanted", at: root.range)
        }
        guard checker.diagnostics.isEmpty else {
            return .failure(Failures(diagnostics: checker.diagnostics.sorted { $0.offset < $1.offset }))
        }
        return .success(
            Checked(
                root: root, types: checker.types.map { checker.substitution.resolve($0, isFinal: true) },
                resolutions: checker.resolutions, localCount: checker.localCount, references: checker.references.sorted()))
    }

    struct Failures: Error { let diagnostics: [Diagnostic] }

    private init(environment: Environment, source: String, count: Int) {
        self.environment = environment
        self.source = source
        types = Array(repeating: .dyn, count: count)
        resolutions = Array(repeating: .none, count: count)
    }

    mutating func report(_ message: String, at range: Range<Int>, suggestion: String? = nil) {
        guard environment.isChecked else { return }
        diagnostics.append(
            Diagnostic(message: message, offset: range.lowerBound, length: range.count, suggestion: suggestion, in: source))
    }

    mutating func refer(to slot: Int, field: String?) {
        references.insert(.init(variable: environment.variables[slot].name, field: field))
    }

    func resolved(_ type: CELType) -> CELType { substitution.resolve(type) }

    /// Runs the check with further variables in scope; the first of them gets the returned local's number.
    mutating func withLocals<Answer>(_ locals: [(name: String, type: CELType)], _ check: (inout Checker) -> Answer) -> Answer {
        scopes += locals
        localCount = max(localCount, scopes.count)
        defer { scopes.removeLast(locals.count) }
        return check(&self)
    }

    @discardableResult
    mutating func check(_ expression: Expression) -> CELType {
        let type = typeOf(expression)
        types[expression.id] = environment.isChecked ? type : .dyn
        return types[expression.id]
    }

    private mutating func typeOf(_ expression: Expression) -> CELType {
        switch expression.kind {
        case .literal(let value): return value.type
        case .identifier: return name(expression)
        case .select(let operand, let field, let isOptional):
            return select(expression, operand, field, isOptional: isOptional)
        case .has(let operand, let field):
            _ = select(expression, operand, field, isOptional: true)
            return .bool
        case .index(let operand, let index, let isOptional): return self.index(expression, operand, index, isOptional: isOptional)
        case .call(let name, let target, let arguments): return call(expression, name, target, arguments)
        case .list(let elements): return list(elements)
        case .map(let entries): return map(entries)
        case .and(let operands), .or(let operands):
            for operand in operands { requireBool(operand, "an operand of '\(source.slice(expression.focus))'") }
            return .bool
        case .conditional(let condition, let yes, let no): return conditional(expression, condition, yes, no)
        case .comprehension(let comprehension): return self.comprehension(comprehension, expression)
        case .bind(let name, let value, let body):
            let type = check(value)
            return withLocals([(name, type)]) { $0.check(body) }
        case .optionalMap(let operand, let variable, let body, let isFlat):
            return optionalMap(operand, variable, body, isFlat: isFlat)
        }
    }

    mutating func requireBool(_ expression: Expression, _ role: String) {
        let type = check(expression)
        guard !substitution.assign(type, to: .bool) else { return }
        report("\(role) is \(substitution.resolve(type, isFinal: true).word), not bool", at: expression.range)
    }

    private mutating func conditional(
        _ expression: Expression, _ condition: Expression, _ yes: Expression, _ no: Expression
    ) -> CELType {
        requireBool(condition, "the condition")
        let first = check(yes)
        let second = check(no)
        let common = substitution.fresh()
        if substitution.assign([first, second], to: [common, common]) { return common }
        let words = [first, second].map { substitution.resolve($0, isFinal: true).word }
        report("the branches of '?:' differ: \(words[0]) and \(words[1])", at: expression.focus)
        return .dyn
    }

    private mutating func list(_ elements: [Expression.Element]) -> CELType {
        var common: CELType?
        for element in elements {
            var type = check(element.value)
            if element.isOptional { type = unwrapped(type, at: element.value, "an element marked '?'") }
            common = common.map { substitution.join($0, type) } ?? type
        }
        return .list(common ?? substitution.fresh())
    }

    private mutating func map(_ entries: [Expression.Entry]) -> CELType {
        var keys: CELType?
        var values: CELType?
        for entry in entries {
            var key = check(entry.key)
            switch resolved(key) {
            case .bool, .int, .uint, .string, .dyn, .parameter: break
            case .null, .double, .bytes, .timestamp, .duration, .type, .list, .map, .optional, .object, .opaque, .applied:
                report("a map's key is \(resolved(key).word); it must be string, int, uint or bool", at: entry.key.range)
                key = .dyn
            }
            var value = check(entry.value)
            if entry.isOptional { value = unwrapped(value, at: entry.value, "a value whose key is marked '?'") }
            keys = keys.map { substitution.join($0, key) } ?? key
            values = values.map { substitution.join($0, value) } ?? value
        }
        return .map(keys ?? substitution.fresh(), values ?? substitution.fresh())
    }

    mutating func unwrapped(_ type: CELType, at expression: Expression, _ role: String) -> CELType {
        let inner = substitution.fresh()
        if substitution.assign(type, to: .optional(inner)) { return inner }
        report("\(role) is \(substitution.resolve(type, isFinal: true).word), not optional", at: expression.range)
        return .dyn
    }

    private mutating func optionalMap(_ operand: Expression, _ variable: String, _ body: Expression, isFlat: Bool) -> CELType {
        let type = check(operand)
        let inner = unwrapped(type, at: operand, "what is mapped")
        let result = withLocals([(variable, inner)]) { $0.check(body) }
        guard isFlat else { return .optional(result) }
        return .optional(unwrapped(result, at: body, "the result of optFlatMap()"))
    }
}

extension String {
    /// The part at UTF-8 offsets.
    func slice(_ range: Range<Int>) -> String {
        let bytes = Array(utf8)
        return String(bytes: bytes[min(range.lowerBound, bytes.count)..<min(range.upperBound, bytes.count)])
    }
}
