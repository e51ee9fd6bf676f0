/// `int(x)`, `string(x)`, `type(x)` and their like.
enum Conversions {
    static let all: [Overload] = numbers + texts + others

    private static let numbers: [Overload] = [
        .function("int") { (a: Int64) throws(CELError) in a },
        .function("int") { (a: UInt64) throws(CELError) in try exact(Int64(exactly: a), "int", a) },
        .function("int") { (a: Double) throws(CELError) in
            // The bounds themselves are refused: their doubles stand for more than one integer.
            guard a > -0x1p63, a < 0x1p63 else { throw outOfRange("int", a.celText) }
            return Int64(a)
        },
        .function("int") { (a: String) throws(CELError) in try parsed(Int64(a), "int", a) },
        .function("int") { (a: Timestamp) throws(CELError) in a.seconds },
        .function("uint") { (a: UInt64) throws(CELError) in a },
        .function("uint") { (a: Int64) throws(CELError) in try exact(UInt64(exactly: a), "uint", a) },
        .function("uint") { (a: Double) throws(CELError) in
            guard a >= 0, a < 0x1p64 else { throw outOfRange("uint", a.celText) }
            return UInt64(a)
        },
        .function("uint") { (a: String) throws(CELError) in try parsed(UInt64(a), "uint", a) },
        .function("double") { (a: Double) throws(CELError) in a },
        .function("double") { (a: Int64) throws(CELError) in Double(a) },
        .function("double") { (a: UInt64) throws(CELError) in Double(a) },
        .function("double") { (a: String) throws(CELError) in try parsed(number(a), "double", a) },
    ]

    private static let texts: [Overload] = [
        .function("string") { (a: String) throws(CELError) in a },
        .function("string") { (a: Int64) throws(CELError) in String(a) },
        .function("string") { (a: UInt64) throws(CELError) in String(a) },
        .function("string") { (a: Double) throws(CELError) in a.celText },
        .function("string") { (a: Bool) throws(CELError) in a ? "true" : "false" },
        .function("string") { (a: Timestamp) throws(CELError) in a.text },
        .function("string") { (a: CELDuration) throws(CELError) in a.text },
        .function("string") { (a: Bytes) throws(CELError) in
            guard let text = String(validating: a.array, as: UTF8.self) else { throw CELError.invalid("the bytes are not UTF-8") }
            return text
        },
        .function("bytes") { (a: Bytes) throws(CELError) in a },
        .function("bytes") { (a: String) throws(CELError) in Bytes(Array(a.utf8)) },
        .function("bool") { (a: Bool) throws(CELError) in a },
        .function("bool") { (a: String) throws(CELError) in
            switch a {
            case "1", "t", "T", "true", "TRUE", "True": true
            case "0", "f", "F", "false", "FALSE", "False": false
            default: throw CELError.invalid("\(Value.string(a).shown) is no bool")
            }
        },
    ]

    private static let others: [Overload] = [
        Overload("dyn", [.parameter("T")], .dyn, .unary { (value) throws(CELError) in value }),
        Overload("type", [.parameter("T")], .type(.dyn), .unary { (value) throws(CELError) in .type(value.type.general) }),
    ]

    private static func number(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity", "+Infinity", "inf", "+inf", "Inf", "+Inf": .infinity
        case "-Infinity", "-inf", "-Inf": -.infinity
        default: text.utf8.first.map { $0.isDigit || "+-.".utf8.contains($0) } == true ? Double(text) : nil
        }
    }

    private static func exact<Number>(_ number: Number?, _ type: String, _ given: some CustomStringConvertible) throws(CELError) -> Number {
        guard let number else { throw outOfRange(type, given) }
        return number
    }

    private static func parsed<Number>(_ number: Number?, _ type: String, _ text: String) throws(CELError) -> Number {
        guard let number else { throw CELError.invalid("\(Value.string(text).shown) is no \(type)") }
        return number
    }

    private static func outOfRange(_ type: String, _ given: some CustomStringConvertible) -> CELError {
        CELError(.overflow, "\(given) does not fit into \(type)")
    }
}

extension CELType {
    /// The type without its parts: run-time types are compared by their name.
    fileprivate var general: CELType {
        switch self {
        case .object(let type): .opaque(type.name)
        default: self
        }
    }
}

extension Double {
    /// The shortest text that reads back as the same number, in the manner of Go's %g: `1.5`, `6.02214e+23`, `Infinity`.
    var celText: String {
        if isNaN { return "NaN" }
        if isInfinite { return self < 0 ? "-Infinity" : "Infinity" }
        if self == 0 { return sign == .minus ? "-0" : "0" }
        let (digits, exponent) = decimal
        let sign = self < 0 ? "-" : ""
        if exponent < -4 || exponent >= 21 {
            let mantissa = digits.count == 1 ? digits : digits.prefix(1) + "." + digits.dropFirst()
            let power = abs(exponent)
            return "\(sign)\(mantissa)e\(exponent < 0 ? "-" : "+")\(power < 10 ? "0" : "")\(power)"
        }
        if exponent < 0 { return sign + "0." + String(repeating: "0", count: -exponent - 1) + digits }
        if digits.count <= exponent + 1 { return sign + digits + String(repeating: "0", count: exponent + 1 - digits.count) }
        return sign + digits.prefix(exponent + 1) + "." + digits.dropFirst(exponent + 1)
    }

    /// Significant digits and the power of ten of the first one.
    private var decimal: (digits: String, exponent: Int) {
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        let whole = mantissa[0]
        let fraction = mantissa.count > 1 ? mantissa[1] : ""
        let all = whole + fraction
        let leading = all.prefix { $0 == "0" }.count
        var digits = String(all.dropFirst(leading))
        while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        let exponent = (parts.count > 1 ? Int(parts[1]) ?? 0 : 0) + whole.count - 1 - leading
        return (digits, exponent)
    }
}
