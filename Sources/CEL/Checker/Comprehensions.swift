extension Checker {
    mutating func comprehension(_ comprehension: Comprehension, _ expression: Expression) -> CELType {
        let range = check(comprehension.range)
        let (key, element, isMap) = parts(of: range, at: comprehension.range)
        var locals: [(name: String, type: CELType)] = [(comprehension.variable, isMap ? key : element)]
        if let second = comprehension.second { locals = [(comprehension.variable, key), (second, element)] }
        let walked = locals[0].type
        return withLocals(locals) { checker in
            if let condition = comprehension.condition { checker.requireBool(condition, "the condition") }
            return checker.result(of: comprehension, expression, key: key, walked: walked)
        }
    }

    /// What is walked through: key (or index) and element types.
    private mutating func parts(of type: CELType, at expression: Expression) -> (CELType, CELType, isMap: Bool) {
        switch resolved(type) {
        case .list(let element): return (.int, element, false)
        case .map(let key, let value): return (key, value, true)
        case .dyn, .parameter: return (.dyn, .dyn, false)
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .optional, .object, .opaque, .applied:
            report("\(substitution.resolve(type, isFinal: true).word) cannot be walked through; a list or a map can", at: expression.range)
            return (.dyn, .dyn, false)
        }
    }

    private mutating func result(of comprehension: Comprehension, _ expression: Expression, key: CELType, walked: CELType) -> CELType {
        switch comprehension.style {
        case .all, .exists, .existsOne:
            requireBool(comprehension.body, "the condition")
            return .bool
        case .filter:
            requireBool(comprehension.body, "the condition")
            return .list(walked)
        case .map: return .list(check(comprehension.body))
        case .sortBy:
            check(comprehension.body)
            return .list(walked)
        case .transformMap: return .map(key, check(comprehension.body))
        case .transformMapEntry:
            let type = check(comprehension.body)
            let entry = CELType.map(substitution.fresh(), substitution.fresh())
            if substitution.assign(type, to: entry) { return entry }
            report("an entry is \(resolved(type).word), not a map of one entry", at: comprehension.body.range)
            return .dyn
        }
    }
}
