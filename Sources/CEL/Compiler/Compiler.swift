/// Turns a checked expression into nodes; folds what is constant, unless the evaluation is to be traced.
struct Compiler {
    let checked: Checked
    let environment: Environment
    let isTracing: Bool
    var scopeDepth = 0
    /// A scratch pad for folding; it holds no variables.
    private let scratch: Activation

    static func compile(_ checked: Checked, in environment: Environment, isTracing: Bool) -> Node {
        var compiler = Compiler(checked: checked, environment: environment, isTracing: isTracing)
        return compiler.node(checked.root)
    }

    private init(checked: Checked, environment: Environment, isTracing: Bool) {
        self.checked = checked
        self.environment = environment
        self.isTracing = isTracing
        scratch = Activation(Environment(variables: []))
    }

    mutating func node(_ expression: Expression) -> Node {
        let node = plainNode(expression)
        return isTracing ? TraceNode(node, range: expression.range) : node
    }

    private mutating func plainNode(_ expression: Expression) -> Node {
        let offset = expression.focus.lowerBound
        switch expression.kind {
        case .literal(let value): return ConstantNode(value, offset: offset)
        case .identifier: return name(expression)
        case .select(let operand, let field, let isOptional): return select(expression, operand, field, isOptional: isOptional)
        case .has(let operand, let field):
            if let read = fieldRead(expression, operand) { return HasFieldNode(read, offset: offset) }
            return HasNode(node(operand), field: field, offset: offset)
        case .index(let operand, let index, let isOptional): return self.index(expression, operand, index, isOptional: isOptional)
        case .call(let name, let target, let arguments): return call(expression, name, target, arguments)
        case .list(let elements): return list(elements, offset: offset)
        case .map(let entries): return map(entries, offset: offset)
        case .and(let operands): return logic(operands, decisive: false, offset: offset)
        case .or(let operands): return logic(operands, decisive: true, offset: offset)
        case .conditional(let test, let yes, let no): return conditional(test, yes, no, offset: offset)
        case .comprehension(let comprehension): return self.comprehension(comprehension, offset: offset)
        case .bind(_, let value, let body):
            let value = node(value)
            let local = scopeDepth
            return BindNode(local: local, value, inner(1) { $0.node(body) }, offset: offset)
        case .optionalMap(let operand, _, let body, let isFlat):
            let operand = node(operand)
            let local = scopeDepth
            return OptionalMapNode(operand, local: local, inner(1) { $0.node(body) }, isFlat: isFlat, offset: offset)
        }
    }

    private mutating func inner(_ locals: Int, _ make: (inout Compiler) -> Node) -> Node {
        scopeDepth += locals
        defer { scopeDepth -= locals }
        return make(&self)
    }

    private func name(_ expression: Expression) -> Node {
        let offset = expression.focus.lowerBound
        switch checked.resolutions[expression.id] {
        case .variable(let slot): return VariableNode(slot: slot, name: environment.variables[slot].name, offset: offset)
        case .local(let index): return LocalNode(index: index, offset: offset)
        case .constant(let value): return ConstantNode(value, offset: offset)
        case .failure(let error): return FailureNode(error, offset: offset)
        case .none, .field, .overloads: return FailureNode(CELError(.unknownName, "unknown name"), offset: offset)
        }
    }

    /// A field read straight from the variable that holds the record.
    private func fieldRead(_ expression: Expression, _ operand: Expression) -> FieldRead? {
        guard !isTracing || operand.isName, case .field(let type, let field) = checked.resolutions[expression.id],
            case .variable(let slot) = checked.resolutions[operand.id], case .object = checked.types[operand.id]
        else { return nil }
        return FieldRead(slot: slot, variable: environment.variables[slot].name, type: type, field: field)
    }

    private mutating func select(_ expression: Expression, _ operand: Expression, _ field: String, isOptional: Bool) -> Node {
        let offset = expression.focus.lowerBound
        switch checked.resolutions[expression.id] {
        case .variable, .local, .constant, .failure: return name(expression)
        case .none, .field, .overloads: break
        }
        if let read = fieldRead(expression, operand) {
            return isOptional ? OptionalFieldNode(read, offset: offset) : FieldNode(read, offset: offset)
        }
        let operand = node(operand)
        return isOptional
            ? OptionalSelectNode(operand, field: field, offset: offset) : SelectNode(operand, field: field, offset: offset)
    }

    private mutating func index(_ expression: Expression, _ operand: Expression, _ index: Expression, isOptional: Bool) -> Node {
        let offset = expression.focus.lowerBound
        if let read = fieldRead(expression, operand) {
            return isOptional ? OptionalFieldNode(read, offset: offset) : FieldNode(read, offset: offset)
        }
        let operand = node(operand)
        let index = node(index)
        if isOptional { return OptionalIndexNode(operand, index, offset: offset) }
        return folded(IndexNode(operand, index, offset: offset), [operand, index])
    }

    private mutating func list(_ elements: [Expression.Element], offset: Int) -> Node {
        var nodes: [ListNode.Element] = []
        for element in elements { nodes.append(.init(node: node(element.value), isOptional: element.isOptional)) }
        return folded(ListNode(nodes, offset: offset), nodes.map(\.node))
    }

    private mutating func map(_ entries: [Expression.Entry], offset: Int) -> Node {
        var nodes: [MapNode.Entry] = []
        for entry in entries { nodes.append(.init(key: node(entry.key), value: node(entry.value), isOptional: entry.isOptional)) }
        return folded(MapNode(nodes, offset: offset), nodes.flatMap { [$0.key, $0.value] })
    }

    private mutating func logic(_ operands: [Expression], decisive: Bool, offset: Int) -> Node {
        var nodes: [Node] = []
        for operand in operands { nodes.append(node(operand)) }
        guard !isTracing else { return LogicNode(nodes, decisive: decisive, offset: offset) }
        if nodes.contains(where: { $0.constant == .bool(decisive) }) { return ConstantNode(.bool(decisive), offset: offset) }
        return folded(LogicNode(nodes, decisive: decisive, offset: offset), nodes)
    }

    private mutating func conditional(_ test: Expression, _ yes: Expression, _ no: Expression, offset: Int) -> Node {
        let test = node(test)
        let yes = node(yes)
        let no = node(no)
        if !isTracing, case .bool(let isTrue) = test.constant { return isTrue ? yes : no }
        return ConditionalNode(test, yes, no, offset: offset)
    }

    private mutating func comprehension(_ comprehension: Comprehension, offset: Int) -> Node {
        let range = node(comprehension.range)
        let local = scopeDepth
        scopeDepth += comprehension.second == nil ? 1 : 2
        defer { scopeDepth = local }
        let filter = comprehension.condition.map { node($0) }
        let body = node(comprehension.body)
        let weight = 1 + comprehension.body.size + (comprehension.condition?.size ?? 0)
        return ComprehensionNode(
            comprehension, range: range, local: local, filter: filter, body: body, weight: weight, offset: offset)
    }

    /// The node, or its value when everything it needs is constant and it gives one.
    func folded(_ node: Node, _ needs: [Node]) -> Node {
        guard !isTracing, needs.allSatisfy({ $0.constant != nil }) else { return node }
        scratch.cost = 0
        guard let value = try? node.evaluate(scratch) else { return node }
        return ConstantNode(value, offset: node.offset)
    }
}

extension Expression {
    /// How many parts it has, itself included.
    var size: Int { kind.children.reduce(1) { $0 + $1.size } }

    var isName: Bool {
        if case .identifier = kind { true } else { false }
    }
}
