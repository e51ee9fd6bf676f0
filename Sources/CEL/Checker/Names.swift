extension Checker {
    private static let typeNames: [String: CELType] = [
        "bool": .bool, "int": .int, "uint": .uint, "double": .double, "string": .string, "bytes": .bytes, "list": .list(.dyn),
        "map": .map(.dyn, .dyn), "type": .type(.dyn), "null_type": .null, "optional_type": .optional(.dyn),
        "google.protobuf.Timestamp": .timestamp, "google.protobuf.Duration": .duration,
    ]

    mutating func name(_ expression: Expression, recordsUse: Bool = true) -> CELType {
        guard case .identifier(let name, let isRooted) = expression.kind else { return .dyn }
        if !isRooted, let local = scopes.lastIndex(where: { $0.name == name }) {
            resolutions[expression.id] = .local(local)
            return scopes[local].type
        }
        if let type = global(name, isRooted: isRooted, for: expression, recordsUse: recordsUse) { return type }
        let near = nearest(name, in: scopes.map(\.name) + environment.variables.map(\.name))
        report("unknown variable '\(name)'", at: expression.focus, suggestion: near)
        resolutions[expression.id] = .failure(CELError(.unknownName, "unknown variable '\(name)'"))
        return .dyn
    }

    private mutating func global(_ name: String, isRooted: Bool, for expression: Expression, recordsUse: Bool) -> CELType? {
        for candidate in candidates(name, isRooted: isRooted) {
            if let slot = environment.slot(of: candidate) {
                resolutions[expression.id] = .variable(slot)
                if recordsUse { refer(to: slot, field: nil) }
                return environment.variables[slot].type
            }
            if let type = Self.typeNames[candidate] {
                resolutions[expression.id] = .constant(.type(type))
                return .type(type)
            }
        }
        return nil
    }

    /// The name in each enclosing namespace, innermost first.
    func candidates(_ name: String, isRooted: Bool) -> [String] {
        var candidates: [String] = []
        if !isRooted {
            var parts = environment.container.split(separator: ".").map(String.init)
            while !parts.isEmpty {
                candidates.append(parts.joined(separator: ".") + "." + name)
                parts.removeLast()
            }
        }
        return candidates + [name]
    }

    /// `a.b.c` as one name, unless its head is a local variable.
    func qualifiedName(_ expression: Expression) -> (name: String, isRooted: Bool)? {
        switch expression.kind {
        case .identifier(let name, let isRooted):
            return !isRooted && scopes.contains { $0.name == name } ? nil : (name, isRooted)
        case .select(let operand, let field, false):
            return qualifiedName(operand).map { ($0.name + "." + field, $0.isRooted) }
        default: return nil
        }
    }

    mutating func select(_ expression: Expression, _ operand: Expression, _ field: String, isOptional: Bool) -> CELType {
        if !isOptional, let (name, isRooted) = qualifiedName(expression),
            let type = global(name, isRooted: isRooted, for: expression, recordsUse: true)
        {
            return type
        }
        let type = fieldType(expression, operand: operandType(operand, ofFieldRead: true), operand, field, at: expression.focus)
        if case .optional = resolved(types[operand.id]) { return .optional(type) }
        return isOptional ? .optional(type) : type
    }

    /// The type of a record whose field is read: the variable itself is then not counted as read.
    private mutating func operandType(_ operand: Expression, ofFieldRead: Bool) -> CELType {
        guard case .identifier = operand.kind else { return check(operand) }
        let type = name(operand, recordsUse: false)
        types[operand.id] = type
        guard case .variable(let slot) = resolutions[operand.id] else { return type }
        if case .object = type { return type }
        refer(to: slot, field: nil)
        return type
    }

    private mutating func fieldType(
        _ expression: Expression, operand type: CELType, _ operand: Expression, _ field: String, at range: Range<Int>
    ) -> CELType {
        switch resolved(type) {
        case .dyn, .parameter: return .dyn
        case .map(_, let value): return value
        case .optional(let inner): return fieldType(expression, operand: inner, operand, field, at: range)
        case .object(let object):
            if case .variable(let slot) = resolutions[operand.id] { refer(to: slot, field: field) }
            guard let index = object.index(of: field) else {
                let near = nearest(field, in: object.fields.map(\.name))
                report("\(object.name) has no field '\(field)'", at: range, suggestion: near)
                return .dyn
            }
            resolutions[expression.id] = .field(object, index)
            return object.fields[index].type
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .list, .opaque, .applied:
            report("\(substitution.resolve(type, isFinal: true).word) has no fields, so '.\(field)' cannot be read", at: range)
            return .dyn
        }
    }

    mutating func index(_ expression: Expression, _ operand: Expression, _ index: Expression, isOptional: Bool) -> CELType {
        let type = operandType(operand, ofFieldRead: index.isText)
        let key = check(index)
        let element = elementType(expression, operand: type, operand, index, key)
        if case .optional = resolved(type) { return .optional(element) }
        return isOptional ? .optional(element) : element
    }

    private mutating func elementType(
        _ expression: Expression, operand type: CELType, _ operand: Expression, _ index: Expression, _ key: CELType
    ) -> CELType {
        let operandType = resolved(type)
        switch operandType {
        case .dyn, .parameter: return .dyn
        case .optional(let inner): return elementType(expression, operand: inner, operand, index, key)
        case .list(let element):
            if !substitution.assign(key, to: .int) { reportIndex("a list is indexed by int", key, index) }
            return element
        case .map(let keys, let values):
            if !substitution.assign(key, to: keys) { reportIndex("the map's keys are \(resolved(keys).word)", key, index) }
            return values
        case .object(let object):
            if case .literal(.string(let field)) = index.kind {
                return fieldType(expression, operand: .object(object), operand, field, at: index.range)
            }
            report("a field of \(object.name) is named by a literal string", at: index.range)
            return .dyn
        case .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .opaque, .applied:
            report("\(operandType.word) cannot be indexed; a list or a map can", at: expression.focus)
            return .dyn
        }
    }

    private mutating func reportIndex(_ rule: String, _ key: CELType, _ index: Expression) {
        let found = substitution.resolve(key, isFinal: true)
        let advice = if case .optional(.string) = found { "; give it a default: .orValue(\"\")" } else { "" }
        report("\(rule), but this is \(found.word)\(advice)", at: index.range)
    }
}

extension Expression {
    var isText: Bool {
        if case .literal(.string) = kind { true } else { false }
    }
}
