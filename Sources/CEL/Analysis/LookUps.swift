extension Program {
    /// A look-up that fails where the key is not there: `tables.ou[user.department]`.
    package struct LookUp: Sendable, Hashable {
        package enum Key: Sendable, Hashable {
            case literal(String)
            /// As it is written.
            case expression(String)
        }

        /// The field of the record: the table.
        package let field: String
        package let key: Key
        /// UTF-8 range within the expression of what looks up: `[user.department]`.
        package let range: Range<Int>
    }

    /// `key in tables.ou`: where it holds, looking the key up cannot fail.
    package struct KeyGuard: Sendable, Hashable {
        let field: String
        let key: String
    }

    /// The look-ups in the fields of a record variable that have no default and are not guarded by `key in table`.
    /// `guards` hold for the whole expression.
    package func lookUps(in variable: String, guards: Set<KeyGuard> = []) -> [LookUp] {
        guard let slot = environment.slot(of: variable) else { return [] }
        var search = LookUpSearch(program: self, slot: slot)
        search.visit(checked.root, guards)
        return search.found
    }

    /// What holds where this condition is true.
    package func keyGuards(in variable: String) -> Set<KeyGuard> {
        guard let slot = environment.slot(of: variable) else { return [] }
        return LookUpSearch(program: self, slot: slot).guards(of: checked.root)
    }
}

private struct LookUpSearch {
    let program: Program
    /// Of the record variable.
    let slot: Int
    private(set) var found: [Program.LookUp] = []

    init(program: Program, slot: Int) {
        self.program = program
        self.slot = slot
    }

    mutating func visit(_ expression: Expression, _ guards: Set<Program.KeyGuard>) {
        switch expression.kind {
        case .conditional(let test, let yes, let no):
            visit(test, guards)
            visit(yes, guards.union(self.guards(of: test)))
            return visit(no, guards)
        case .and(let operands):
            // false && error is false, on either side.
            let all = operands.reduce(into: guards) { $0.formUnion(self.guards(of: $1)) }
            for operand in operands { visit(operand, all) }
            return
        case .has(let operand, _):
            return visit(operand, guards)
        case .index(let operand, let index, isOptional: false):
            if let field = field(operand) { note(field, key(index), expression, guards) }
        case .select(let operand, let name, isOptional: false):
            if let field = field(operand) { note(field, .literal(name), expression, guards) }
        case .call("value", .some(let target), _):
            if case .index(let operand, let index, isOptional: true) = target.kind, let field = field(operand) {
                note(field, key(index), target, guards)
            }
        case .literal, .identifier, .select, .index, .call, .list, .map, .or, .comprehension, .bind, .optionalMap: break
        }
        for child in expression.kind.children { visit(child, guards) }
    }

    private mutating func note(_ field: String, _ key: Program.LookUp.Key, _ expression: Expression, _ guards: Set<Program.KeyGuard>) {
        if case .expression(let text) = key, guards.contains(Program.KeyGuard(field: field, key: text)) { return }
        found.append(Program.LookUp(field: field, key: key, range: expression.focus))
    }

    private func key(_ index: Expression) -> Program.LookUp.Key {
        if case .literal(.string(let text)) = index.kind { .literal(text) } else { .expression(text(index)) }
    }

    private func text(_ expression: Expression) -> String {
        let utf8 = program.source.utf8
        let start = utf8.index(utf8.startIndex, offsetBy: expression.range.lowerBound)
        return String(program.source[start..<utf8.index(utf8.startIndex, offsetBy: expression.range.upperBound)])
    }

    /// The name of the record's field that the expression is; nil for anything else.
    private func field(_ expression: Expression) -> String? {
        guard case .field(let type, let index) = program.checked.resolutions[expression.id],
            let operand = expression.kind.children.first, case .variable(slot) = program.checked.resolutions[operand.id]
        else { return nil }
        return type.fields[index].name
    }

    func guards(of condition: Expression) -> Set<Program.KeyGuard> {
        switch condition.kind {
        case .and(let operands): return operands.reduce(into: []) { $0.formUnion(guards(of: $1)) }
        case .call("@in", nil, let operands):
            guard operands.count == 2, let field = field(operands[1]) else { return [] }
            return [Program.KeyGuard(field: field, key: text(operands[0]))]
        default: return []
        }
    }
}
