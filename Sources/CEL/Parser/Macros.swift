/// Calls that the language defines by their syntax.
extension Parser {
    mutating func call(_ name: String, target: Expression?, from start: Int, focus: Range<Int>) throws(SyntaxError) -> Expression {
        let arguments = try arguments()
        if let target {
            if let kind = try namespaceMacro(name, target, arguments, focus) { return try make(kind, from: start, focus: focus) }
            if let kind = try memberMacro(name, target, arguments, focus) { return try make(kind, from: start, focus: focus) }
        } else if name == "has" {
            guard arguments.count == 1, case .select(let operand, let field, false) = arguments[0].kind else {
                throw SyntaxError(message: "has() takes one field, such as has(user.title)", range: focus)
            }
            return try make(.has(operand, field: field), from: start, focus: arguments[0].focus)
        }
        return try make(.call(name, target: target, arguments), from: start, focus: focus)
    }

    private mutating func namespaceMacro(
        _ name: String, _ target: Expression, _ arguments: [Expression], _ focus: Range<Int>
    ) throws(SyntaxError) -> Expression.Kind? {
        guard case .identifier(let namespace, false) = target.kind else { return nil }
        switch (namespace, name) {
        case ("cel", "bind"):
            guard arguments.count == 3 else {
                throw SyntaxError(message: "cel.bind() takes a name, a value and an expression", range: focus)
            }
            return .bind(try variable(arguments[0]), arguments[1], arguments[2])
        case ("math", "greatest"), ("math", "least"):
            guard arguments.count > 1 else { return nil }
            let list = try make(.list(arguments.map { .init(value: $0, isOptional: false) }), from: focus.lowerBound, focus: focus)
            return .call("math." + name, target: nil, [list])
        default: return nil
        }
    }

    private func variable(_ expression: Expression) throws(SyntaxError) -> String {
        guard case .identifier(let name, false) = expression.kind else {
            throw SyntaxError(message: "a plain name is expected here, for the variable", range: expression.range)
        }
        return name
    }

    private func memberMacro(
        _ name: String, _ target: Expression, _ arguments: [Expression], _ focus: Range<Int>
    ) throws(SyntaxError) -> Expression.Kind? {
        switch (name, arguments.count) {
        case ("all", 2), ("exists", 2), ("exists_one", 2), ("existsOne", 2), ("filter", 2), ("map", 2), ("sortBy", 2):
            return try comprehension(name, target, arguments, variables: 1, hasCondition: false)
        case ("map", 3):
            return try comprehension(name, target, arguments, variables: 1, hasCondition: true)
        case ("all", 3), ("exists", 3), ("exists_one", 3), ("existsOne", 3), ("transformList", 3), ("transformMap", 3),
            ("transformMapEntry", 3):
            return try comprehension(name, target, arguments, variables: 2, hasCondition: false)
        case ("transformList", 4), ("transformMap", 4), ("transformMapEntry", 4):
            return try comprehension(name, target, arguments, variables: 2, hasCondition: true)
        case ("optMap", 2), ("optFlatMap", 2):
            return .optionalMap(target, variable: try variable(arguments[0]), arguments[1], isFlat: name == "optFlatMap")
        default: return nil
        }
    }

    private func comprehension(
        _ name: String, _ target: Expression, _ arguments: [Expression], variables: Int, hasCondition: Bool
    ) throws(SyntaxError) -> Expression.Kind {
        let style: Comprehension.Style =
            switch name {
            case "all": .all
            case "exists": .exists
            case "exists_one", "existsOne": .existsOne
            case "filter": .filter
            case "transformMap": .transformMap
            case "transformMapEntry": .transformMapEntry
            case "sortBy": .sortBy
            default: .map
            }
        let first = try variable(arguments[0])
        let second = variables == 2 ? try variable(arguments[1]) : nil
        if first == second {
            throw SyntaxError(message: "the two variables have one name, '\(first)'", range: arguments[1].range)
        }
        let condition = hasCondition ? arguments[variables] : nil
        let body = arguments[variables + (hasCondition ? 1 : 0)]
        return .comprehension(
            Comprehension(style: style, range: target, variable: first, second: second, condition: condition, body: body))
    }
}
