/// Arithmetic with CEL's rules: integers fail on overflow, doubles follow IEEE 754.
enum Operators {
    static let all: [Overload] = arithmetic + comparisons + additions

    private static let arithmetic: [Overload] = [
        .function("_+_") { (a: Int64, b: Int64) throws(CELError) in try whole(a.addingReportingOverflow(b)) },
        .function("_-_") { (a: Int64, b: Int64) throws(CELError) in try whole(a.subtractingReportingOverflow(b)) },
        .function("_*_") { (a: Int64, b: Int64) throws(CELError) in try whole(a.multipliedReportingOverflow(by: b)) },
        .function("_/_") { (a: Int64, b: Int64) throws(CELError) in
            if b == 0 { throw CELError(.divisionByZero, "division by zero") }
            return try whole(a.dividedReportingOverflow(by: b))
        },
        .function("_%_") { (a: Int64, b: Int64) throws(CELError) in
            if b == 0 { throw CELError(.divisionByZero, "remainder by zero") }
            return try whole(a.remainderReportingOverflow(dividingBy: b))
        },
        .function("_+_") { (a: UInt64, b: UInt64) throws(CELError) in try whole(a.addingReportingOverflow(b)) },
        .function("_-_") { (a: UInt64, b: UInt64) throws(CELError) in try whole(a.subtractingReportingOverflow(b)) },
        .function("_*_") { (a: UInt64, b: UInt64) throws(CELError) in try whole(a.multipliedReportingOverflow(by: b)) },
        .function("_/_") { (a: UInt64, b: UInt64) throws(CELError) in
            if b == 0 { throw CELError(.divisionByZero, "division by zero") }
            return a / b
        },
        .function("_%_") { (a: UInt64, b: UInt64) throws(CELError) in
            if b == 0 { throw CELError(.divisionByZero, "remainder by zero") }
            return a % b
        },
        .function("_+_") { (a: Double, b: Double) throws(CELError) in a + b },
        .function("_-_") { (a: Double, b: Double) throws(CELError) in a - b },
        .function("_*_") { (a: Double, b: Double) throws(CELError) in a * b },
        .function("_/_") { (a: Double, b: Double) throws(CELError) in a / b },
        .function("-_") { (a: Int64) throws(CELError) in try whole(Int64(0).subtractingReportingOverflow(a)) },
        .function("-_") { (a: Double) throws(CELError) in -a },
    ]

    private static func whole<Number>(_ result: (partialValue: Number, overflow: Bool)) throws(CELError) -> Number {
        if result.overflow { throw CELError(.overflow, "the number does not fit: overflow") }
        return result.partialValue
    }

    /// `+` of what is no number.
    private static let additions: [Overload] = [
        .function("_+_") { (a: String, b: String) throws(CELError) in
            guard a.utf8.count + b.utf8.count <= Limits.stringBytes else { throw CELError.tooLong }
            return a + b
        },
        .function("_+_") { (a: Bytes, b: Bytes) throws(CELError) in Bytes(a.array + b.array) },
        Overload(
            "_+_", [.list(.parameter("T")), .list(.parameter("T"))], .list(.parameter("T")),
            .binary { (a, b) throws(CELError) in
                guard case .list(let first) = a, case .list(let second) = b else { throw CELError.noOverload("+", arguments: [a, b]) }
                guard first.count + second.count <= Limits.listElements else { throw CELError.tooMany }
                return .list(first + second)
            }),
        .function("_+_") { (a: CELDuration, b: CELDuration) throws(CELError) in try a.plus(b) },
        .function("_-_") { (a: CELDuration, b: CELDuration) throws(CELError) in try a.plus(try b.negated()) },
        .function("_+_") { (a: Timestamp, b: CELDuration) throws(CELError) in try a.plus(b) },
        .function("_+_") { (a: CELDuration, b: Timestamp) throws(CELError) in try b.plus(a) },
        .function("_-_") { (a: Timestamp, b: CELDuration) throws(CELError) in try a.plus(try b.negated()) },
        .function("_-_") { (a: Timestamp, b: Timestamp) throws(CELError) in try a.minus(b) },
    ]

    /// Signatures for the checker; these have nodes of their own.
    private static let comparisons: [Overload] = {
        let element = CELType.parameter("T")
        let ordered: [CELType] = [.bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration]
        var all = [
            Overload("_==_", [element, element], .bool, unreached), Overload("_!=_", [element, element], .bool, unreached),
            Overload("!_", [.bool], .bool, unreached), Overload("@in", [element, .list(element)], .bool, unreached),
            Overload("@in", [element, .map(element, .parameter("V"))], .bool, unreached),
        ]
        for name in ["_<_", "_<=_", "_>_", "_>=_"] {
            all += ordered.map { Overload(name, [$0, $0], .bool, unreached) }
        }
        return all
    }()

    static let unreached = Overload.Body.many { (arguments) throws(CELError) in throw CELError.noOverload("this", arguments: arguments) }
}
