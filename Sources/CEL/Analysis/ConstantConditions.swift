extension Program {
    /// A condition, or a part of one, that has the same outcome for every input.
    package struct ConstantCondition: Sendable, Hashable {
        package enum Place: Sendable, Hashable {
            /// The whole expression.
            case whole
            /// What stands before `?`.
            case test
            /// One operand of `&&` or `||`; `isDecisive` when it alone settles the whole.
            case operand(of: String, isDecisive: Bool)
            /// What a macro such as `filter` or `exists` asks of every element.
            case predicate
        }

        package let place: Place
        package let outcome: Bool
        /// UTF-8 range within the expression.
        package let range: Range<Int>
    }

    /// The constant conditions of the expression, each at the outermost place where it is constant, in the order of the text.
    /// `isCondition`: the expression as a whole is a condition too.
    package func constantConditions(isCondition: Bool) -> [ConstantCondition] {
        var search = ConstantSearch(checked: checked, environment: environment)
        if isCondition { search.condition(checked.root, .whole, depth: 0) } else { search.visit(checked.root, depth: 0) }
        return search.found.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    /// The outcome of the condition as a whole, if it is the same for all these values of a record's field, whatever else is read.
    package func outcome(ofField field: String, in variable: String, being values: [Value]) -> Bool? {
        guard let slot = environment.slot(of: variable), case .object(let type) = environment.variables[slot].type else { return nil }
        let outcomes = values.map { value in
            let record = ObjectValue(type: type, fields: [field: value])
            return ConstantSearch(checked: checked, environment: environment, assumption: .init(slot: slot, field: field, record: record))
                .outcome(checked.root, depth: 0)
        }
        guard let first = outcomes.first, outcomes.allSatisfy({ $0 == first }) else { return nil }
        return first
    }

    /// Whether the expression is `true` or `false`, written out.
    package var isLiteralBool: Bool {
        if case .literal(.bool) = checked.root.kind { true } else { false }
    }
}

/// Walks an expression, looking for conditions that read nothing, or do not depend on what they read.
private struct ConstantSearch {
    let checked: Checked
    let environment: Environment
    let assumption: Assumption?
    private(set) var found: [Program.ConstantCondition] = []
    private let evaluations = Evaluations()

    /// What parts gave, by expression id: a part is asked for once per expression around it. All of them together may take the steps of one
    /// evaluation; what is left over then counts as not constant.
    final class Evaluations {
        var outcomes: [Int: Bool?] = [:]
        var steps = 0
    }

    /// A field that is known; every other field of the record is not.
    struct Assumption {
        let slot: Int
        let field: String
        let record: ObjectValue
    }

    init(checked: Checked, environment: Environment, assumption: Assumption? = nil) {
        self.checked = checked
        self.environment = environment
        self.assumption = assumption
    }

    /// `depth`: how many local variables are in scope.
    mutating func condition(_ expression: Expression, _ place: Program.ConstantCondition.Place, depth: Int) {
        guard let outcome = outcome(expression, depth: depth) else { return visit(expression, depth: depth) }
        found.append(.init(place: place, outcome: outcome, range: expression.range))
    }

    mutating func visit(_ expression: Expression, depth: Int) {
        switch expression.kind {
        case .conditional(let test, let yes, let no):
            condition(test, .test, depth: depth)
            visit(yes, depth: depth)
            visit(no, depth: depth)
        case .and(let operands): visit(operands, of: "&&", decisive: false, depth: depth)
        case .or(let operands): visit(operands, of: "||", decisive: true, depth: depth)
        case .comprehension(let comprehension): visit(comprehension, depth: depth)
        case .bind(_, let value, let body):
            visit(value, depth: depth)
            visit(body, depth: depth + 1)
        case .optionalMap(let operand, _, let body, _):
            visit(operand, depth: depth)
            visit(body, depth: depth + 1)
        case .literal, .identifier, .select, .has, .index, .call, .list, .map:
            for child in expression.kind.children { visit(child, depth: depth) }
        }
    }

    private mutating func visit(_ operands: [Expression], of symbol: String, decisive: Bool, depth: Int) {
        for operand in operands {
            let isDecisive = outcome(operand, depth: depth) == decisive
            condition(operand, .operand(of: symbol, isDecisive: isDecisive), depth: depth)
        }
    }

    private mutating func visit(_ comprehension: Comprehension, depth: Int) {
        visit(comprehension.range, depth: depth)
        let inner = depth + (comprehension.second == nil ? 1 : 2)
        if let filter = comprehension.condition { condition(filter, .predicate, depth: inner) }
        switch comprehension.style {
        case .all, .exists, .existsOne, .filter: condition(comprehension.body, .predicate, depth: inner)
        case .map, .transformMap, .transformMapEntry, .sortBy: visit(comprehension.body, depth: inner)
        }
    }

    // MARK: Outcomes

    /// Nil when it depends on the input, or fails.
    func outcome(_ expression: Expression, depth: Int) -> Bool? {
        switch expression.kind {
        case .and(let operands): return outcome(operands, decisive: false, depth: depth)
        case .or(let operands): return outcome(operands, decisive: true, depth: depth)
        case .conditional(let test, let yes, let no):
            return outcome(test, depth: depth).flatMap { outcome($0 ? yes : no, depth: depth) }
        case .call("!_", nil, let operands):
            return operands.first.flatMap { outcome($0, depth: depth) }.map { !$0 }
        case .literal, .identifier, .select, .has, .index, .call, .list, .map, .comprehension, .bind, .optionalMap:
            if let known = evaluations.outcomes[expression.id] { return known }
            let outcome = isClosed(expression, depth: depth) ? value(expression)?.asBool : nil
            evaluations.outcomes[expression.id] = .some(outcome)
            return outcome
        }
    }

    /// `&&` and `||` absorb errors of the other operands, so one decisive operand is enough.
    private func outcome(_ operands: [Expression], decisive: Bool, depth: Int) -> Bool? {
        let outcomes = operands.map { outcome($0, depth: depth) }
        if outcomes.contains(decisive) { return decisive }
        return outcomes.allSatisfy { $0 == !decisive } ? !decisive : nil
    }

    /// Whether it reads no variable, neither of the environment nor of a macro around it, and calls only what may be called while compiling.
    private func isClosed(_ expression: Expression, depth: Int) -> Bool {
        if isAssumed(expression) { return true }
        switch checked.resolutions[expression.id] {
        case .variable, .failure: return false
        // Locals are numbered from the outside, and a part that is compiled by itself begins to count anew.
        case .local: if depth > 0 { return false }
        case .overloads(let overloads, _): if !overloads.allSatisfy(\.isPure) { return false }
        case .none, .field, .constant: break
        }
        return expression.kind.children.allSatisfy { isClosed($0, depth: depth) }
    }

    private func isAssumed(_ expression: Expression) -> Bool {
        guard let assumption, case .field(let type, let index) = checked.resolutions[expression.id],
            let operand = expression.kind.children.first, case .variable(assumption.slot) = checked.resolutions[operand.id]
        else { return false }
        return type.fields[index].name == assumption.field
    }

    private func value(_ expression: Expression) -> Value? {
        guard evaluations.steps < Limits.cost else { return nil }
        let part = Checked(
            root: expression, types: checked.types, resolutions: checked.resolutions, localCount: checked.localCount, references: [])
        let activation = Activation(environment)
        if let assumption { activation.set(assumption.slot, .value(.object(assumption.record))) }
        defer { evaluations.steps += 1 + activation.cost }
        return try? Program(source: "", checked: part, environment: environment).evaluate(activation)
    }
}
