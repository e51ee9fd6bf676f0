/// The greatest or the least of some numbers.
final class ExtremeNode: Node, @unchecked Sendable {
    private let operands: [Node]
    private let wanted: Value.Order

    init(_ operands: [Node], _ wanted: Value.Order, offset: Int) {
        self.operands = operands
        self.wanted = wanted
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        try activation.charge(1 + operands.count, at: offset)
        var best = try operands[0].evaluate(activation)
        for index in 1..<operands.count {
            let value = try operands[index].evaluate(activation)
            if value.order(best) == wanted { best = value }
        }
        return best
    }
}
