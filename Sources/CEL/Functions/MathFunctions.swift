/// The math extension.
enum MathFunctions {
    static let all: [Overload] = rounding + extremes + bits

    private static let rounding: [Overload] = [
        .function("math.ceil") { (a: Double) throws(CELError) in a.rounded(.up) },
        .function("math.floor") { (a: Double) throws(CELError) in a.rounded(.down) },
        .function("math.round") { (a: Double) throws(CELError) in a.rounded(.toNearestOrAwayFromZero) },
        .function("math.trunc") { (a: Double) throws(CELError) in a.rounded(.towardZero) },
        .function("math.sqrt") { (a: Double) throws(CELError) in a.squareRoot() },
        .function("math.sqrt") { (a: Int64) throws(CELError) in Double(a).squareRoot() },
        .function("math.sqrt") { (a: UInt64) throws(CELError) in Double(a).squareRoot() },
        .function("math.abs") { (a: Double) throws(CELError) in a.magnitude },
        .function("math.abs") { (a: UInt64) throws(CELError) in a },
        .function("math.abs") { (a: Int64) throws(CELError) in
            guard a != Int64.min else { throw CELError(.overflow, "the number does not fit: overflow") }
            return abs(a)
        },
        .function("math.sign") { (a: Int64) throws(CELError) in a.signum() },
        .function("math.sign") { (a: UInt64) throws(CELError) in a.signum() },
        .function("math.sign") { (a: Double) throws(CELError) in a.isNaN || a == 0 ? a : a < 0 ? -1.0 : 1.0 },
        .function("math.isNaN") { (a: Double) throws(CELError) in a.isNaN },
        .function("math.isInf") { (a: Double) throws(CELError) in a.isInfinite },
        .function("math.isFinite") { (a: Double) throws(CELError) in a.isFinite },
    ]

    /// What a number has to be, compared with the best so far, to be better.
    static let extremeNames = ["math.greatest": Value.Order.after, "math.least": Value.Order.before]

    /// The parser has turned several arguments into one list.
    private static let extremes: [Overload] = {
        var all: [Overload] = []
        for (name, wanted) in extremeNames.sorted(by: { $0.key < $1.key }) {
            for type in [CELType.int, .uint, .double] {
                all.append(Overload(name, [type], type, .unary { (value) throws(CELError) in value }))
            }
            for type in [CELType.int, .uint, .double, .dyn] {
                all.append(Overload(name, [.list(type)], type, .unary { (value) throws(CELError) in try extreme(value, name, wanted) }))
            }
        }
        return all
    }()

    private static func extreme(_ value: Value, _ name: String, _ wanted: Value.Order) throws(CELError) -> Value {
        guard case .list(let elements) = value, let first = elements.first else { throw CELError.invalid("\(name)() needs numbers") }
        var best = first
        for element in elements {
            switch element {
            case .int, .uint, .double: if element.order(best) == wanted { best = element }
            default: throw CELError.noOverload(name, arguments: elements)
            }
        }
        return best
    }

    private static let bits: [Overload] = [
        .function("math.bitAnd") { (a: Int64, b: Int64) throws(CELError) in a & b },
        .function("math.bitAnd") { (a: UInt64, b: UInt64) throws(CELError) in a & b },
        .function("math.bitOr") { (a: Int64, b: Int64) throws(CELError) in a | b },
        .function("math.bitOr") { (a: UInt64, b: UInt64) throws(CELError) in a | b },
        .function("math.bitXor") { (a: Int64, b: Int64) throws(CELError) in a ^ b },
        .function("math.bitXor") { (a: UInt64, b: UInt64) throws(CELError) in a ^ b },
        .function("math.bitNot") { (a: Int64) throws(CELError) in ~a },
        .function("math.bitNot") { (a: UInt64) throws(CELError) in ~a },
        .function("math.bitShiftLeft") { (a: Int64, by: Int64) throws(CELError) in
            Int64(bitPattern: UInt64(bitPattern: a) << (try count(by)))
        },
        .function("math.bitShiftLeft") { (a: UInt64, by: Int64) throws(CELError) in a << (try count(by)) },
        // The right shift of an int is logical: zeros come in from the left.
        .function("math.bitShiftRight") { (a: Int64, by: Int64) throws(CELError) in
            Int64(bitPattern: UInt64(bitPattern: a) >> (try count(by)))
        },
        .function("math.bitShiftRight") { (a: UInt64, by: Int64) throws(CELError) in a >> (try count(by)) },
    ]

    private static func count(_ bits: Int64) throws(CELError) -> Int {
        guard bits >= 0 else { throw CELError.invalid("a shift by \(bits) bits") }
        return Int(min(bits, 64))
    }
}
