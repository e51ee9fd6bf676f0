/// `a + b` of strings.
final class PairNode: Node, @unchecked Sendable {
    private let first: Node
    private let second: Node

    init(_ first: Node, _ second: Node, offset: Int) {
        self.first = first
        self.second = second
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let a = try first.text(activation, offset)
        let b = try second.text(activation, offset)
        let count = a.utf8.count + b.utf8.count
        guard count <= Limits.stringBytes else { throw CELError.tooLong.at(offset) }
        try activation.charge(1 + count >> 4, at: offset)
        return .string(
            String(capacity: count) {
                $0.append(a)
                $0.append(b)
            })
    }
}

/// `a + b + c` of strings, in one go.
final class TripleNode: Node, @unchecked Sendable {
    private let first: Node
    private let second: Node
    private let third: Node

    init(_ first: Node, _ second: Node, _ third: Node, offset: Int) {
        self.first = first
        self.second = second
        self.third = third
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        let a = try first.text(activation, offset)
        let b = try second.text(activation, offset)
        guard a.utf8.count + b.utf8.count <= Limits.stringBytes else { throw CELError.tooLong.at(offset) }
        let c = try third.text(activation, offset)
        let count = a.utf8.count + b.utf8.count + c.utf8.count
        guard count <= Limits.stringBytes else { throw CELError.tooLong.at(offset) }
        try activation.charge(1 + count >> 4, at: offset)
        return .string(
            String(capacity: count) {
                $0.append(a)
                $0.append(b)
                $0.append(c)
            })
    }
}

/// `a + b + c + ...` of strings, in one go.
final class ConcatenationNode: Node, @unchecked Sendable {
    private let parts: [Node]

    init(_ parts: [Node], offset: Int) {
        self.parts = parts
        super.init(offset: offset)
    }

    override func evaluate(_ activation: Activation) throws(CELError) -> Value {
        var texts: [String] = []
        texts.reserveCapacity(parts.count)
        var count = 0
        for part in parts {
            let text = try part.text(activation, offset)
            count += text.utf8.count
            guard count <= Limits.stringBytes else { throw CELError.tooLong.at(offset) }
            texts.append(text)
        }
        try activation.charge(1 + count >> 4, at: offset)
        return .string(String(capacity: count) { for text in texts { $0.append(text) } })
    }
}

extension Node {
    @inline(__always)
    fileprivate func text(_ activation: Activation, _ offset: Int) throws(CELError) -> String {
        let value = try evaluate(activation)
        guard case .string(let text) = value else { throw CELError.noOverload("+", arguments: [.string(""), value]).at(offset) }
        return text
    }
}
