internal import LinearRegex

extension Compiler {
    mutating func call(_ expression: Expression, _ name: String, _ target: Expression?, _ arguments: [Expression]) -> Node {
        let offset = expression.focus.lowerBound
        let resolution = checked.resolutions[expression.id]
        if name == "coalesce", target == nil {
            var nodes: [Node] = []
            for argument in arguments { nodes.append(node(argument)) }
            var isOptional = true
            if let last = arguments.last { if case .optional = checked.types[last.id] {} else { isOptional = false } }
            return CoalesceNode(nodes, isOptional: isOptional, offset: offset)
        }
        guard case .overloads(let overloads, let isNamespaced) = resolution else {
            guard case .failure(let error) = resolution else { return FailureNode(.noOverload(name, arguments: []), offset: offset) }
            return FailureNode(error, offset: offset)
        }
        let operands = (isNamespaced ? nil : target).map { [$0] } ?? []
        if !isTracing, let parts = concatenation(expression), parts.count > 1 {
            var nodes: [Node] = []
            for part in parts { nodes.append(node(part)) }
            return folded(joined(nodes, offset: offset), nodes)
        }
        if !isTracing, let wanted = MathFunctions.extremeNames[name], let extreme = extreme(arguments, wanted, offset: offset) {
            return extreme
        }
        var nodes: [Node] = []
        for operand in operands + arguments { nodes.append(node(operand)) }
        // The whole name: a function of a namespace is another one, `regex.extract` or a host's `tools.size`.
        if let special = special(overloads.first?.name ?? name, hasTarget: target != nil, nodes, offset: offset) { return special }
        let types = (operands + arguments).map { checked.types[$0.id] }
        return folded(plain(name, overloads, nodes, types, offset: offset), overloads.allSatisfy(\.isPure) ? nodes : [Node(offset: offset)])
    }

    /// `math.greatest(a, b, ...)` of numbers, without the list that the parser made of them.
    private mutating func extreme(_ arguments: [Expression], _ wanted: Value.Order, offset: Int) -> Node? {
        guard arguments.count == 1, case .list(let elements) = arguments[0].kind, !elements.isEmpty,
            elements.allSatisfy({ !$0.isOptional && [.int, .uint, .double].contains(checked.types[$0.value.id]) })
        else { return nil }
        var nodes: [Node] = []
        for element in elements { nodes.append(node(element.value)) }
        return folded(ExtremeNode(nodes, wanted, offset: offset), nodes)
    }

    private func joined(_ nodes: [Node], offset: Int) -> Node {
        switch nodes.count {
        case 2: PairNode(nodes[0], nodes[1], offset: offset)
        case 3: TripleNode(nodes[0], nodes[1], nodes[2], offset: offset)
        default: ConcatenationNode(nodes, offset: offset)
        }
    }

    /// The parts of `a + b + c` when all are strings.
    private func concatenation(_ expression: Expression) -> [Expression]? {
        guard case .call("_+_", nil, let operands) = expression.kind, operands.count == 2,
            operands.allSatisfy({ checked.types[$0.id] == .string })
        else { return nil }
        return operands.flatMap { concatenation($0) ?? [$0] }
    }

    /// Operators and calls with a node of their own.
    private func special(_ name: String, hasTarget: Bool, _ nodes: [Node], offset: Int) -> Node? {
        switch (name, nodes.count) {
        case ("_==_", 2): return folded(EqualNode(nodes[0], nodes[1], isNegated: false, offset: offset), nodes)
        case ("_!=_", 2): return folded(EqualNode(nodes[0], nodes[1], isNegated: true, offset: offset), nodes)
        case ("_<_", 2), ("_<=_", 2), ("_>_", 2), ("_>=_", 2):
            return OrderNode.Relation(rawValue: String(name.dropFirst().dropLast())).map {
                folded(OrderNode(nodes[0], nodes[1], $0, offset: offset), nodes)
            }
        case ("@in", 2): return folded(InNode(nodes[0], nodes[1], offset: offset), nodes)
        case ("!_", 1): return folded(NotNode(nodes[0], offset: offset), nodes)
        case ("size", 1): return folded(SizeNode(nodes[0], offset: offset), nodes)
        case _ where RegexFunctions.names.contains(name) && nodes.count > 1: return regex(name, nodes, offset: offset)
        case ("orValue", 2) where hasTarget: return OrValueNode(nodes[0], nodes[1], offset: offset)
        case ("or", 2) where hasTarget: return OrOptionalNode(nodes[0], nodes[1], offset: offset)
        case ("hasValue", 1) where hasTarget: return HasValueNode(nodes[0], offset: offset)
        default: return nil
        }
    }

    private func regex(_ name: String, _ nodes: [Node], offset: Int) -> Node {
        var known: LinearRegex?
        if case .string(let pattern)? = nodes[1].constant { known = try? LinearRegex(pattern) }
        return folded(RegexCallNode(name, nodes, known: known, offset: offset), nodes)
    }

    private func plain(_ name: String, _ overloads: [Overload], _ nodes: [Node], _ types: [CELType], offset: Int) -> Node {
        guard overloads.count == 1, let overload = overloads.first, Self.isCertain(overload, types) else {
            return CallNode(name, overloads, nodes, offset: offset)
        }
        switch overload.body {
        case .unary(let body): return UnaryCallNode(body, nodes[0], offset: offset)
        case .binary(let body): return BinaryCallNode(body, nodes[0], nodes[1], offset: offset)
        case .ternary(let body): return TernaryCallNode(body, (nodes[0], nodes[1], nodes[2]), offset: offset)
        case .many(let body): return ManyCallNode(body, nodes, offset: offset)
        case .optional(let body): return OptionalUnaryCallNode(body, nodes[0], offset: offset)
        case .optionalBinary(let body): return OptionalBinaryCallNode(body, nodes[0], nodes[1], offset: offset)
        }
    }

    /// Whether the form can be called without looking at the values.
    private static func isCertain(_ overload: Overload, _ types: [CELType]) -> Bool {
        zip(overload.parameters, types).allSatisfy { parameter, type in
            switch parameter {
            case .dyn, .parameter: true
            default: type != .dyn
            }
        }
    }
}
