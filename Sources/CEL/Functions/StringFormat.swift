internal import Foundation

/// `"...".format([...])`: the clauses %s %d %f %e %b %o %x %X and %%.
enum StringFormat {
    private static let largestPrecision = 100

    static func format(_ template: String, _ arguments: [Value]) throws(CELError) -> String {
        let bytes = Array(template.utf8)
        var result: [UInt8] = []
        var position = 0
        var next = 0
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "%") else {
                result.append(bytes[position])
                position += 1
                continue
            }
            position += 1
            let precision = try precision(bytes, &position)
            guard position < bytes.count else { throw CELError.invalid("the format ends with '%'") }
            let clause = bytes[position]
            position += 1
            if clause == UInt8(ascii: "%") {
                result.append(clause)
                continue
            }
            guard next < arguments.count else { throw CELError.invalid("the format needs more than \(arguments.count) values") }
            result += try text(clause, precision, arguments[next]).utf8
            next += 1
            guard result.count <= Limits.stringBytes else { throw CELError.tooLong }
        }
        return String(bytes: result)
    }

    private static func precision(_ bytes: [UInt8], _ position: inout Int) throws(CELError) -> Int? {
        guard position < bytes.count, bytes[position] == UInt8(ascii: ".") else { return nil }
        position += 1
        var precision = 0
        while position < bytes.count, bytes[position].isDigit, precision <= largestPrecision {
            precision = precision * 10 + Int(bytes[position] - 0x30)
            position += 1
        }
        guard precision <= largestPrecision else { throw CELError.invalid("the precision of a format is at most \(largestPrecision)") }
        return precision
    }

    private static func text(_ clause: UInt8, _ precision: Int?, _ value: Value) throws(CELError) -> String {
        switch clause {
        case UInt8(ascii: "s"):
            var steps = 20_000
            return try plain(value, &steps)
        case UInt8(ascii: "d"): return try decimal(value)
        case UInt8(ascii: "f"): return try number(value, "f", precision ?? 6, "%f")
        case UInt8(ascii: "e"): return try number(value, "e", precision ?? 6, "%e")
        case UInt8(ascii: "b"):
            if case .bool(let bool) = value { return bool ? "1" : "0" }
            return try digits(value, radix: 2, "%b")
        case UInt8(ascii: "o"): return try digits(value, radix: 8, "%o")
        case UInt8(ascii: "x"): return try hexadecimal(value, isUpper: false)
        case UInt8(ascii: "X"): return try hexadecimal(value, isUpper: true)
        default: throw CELError.invalid("the format has an unknown clause '%\(Unicode.Scalar(clause))'")
        }
    }

    private static func refused(_ value: Value, _ clause: String) -> CELError {
        CELError.invalid("the format's \(clause) does not take \(value.type.word)")
    }

    /// `%s`: lists in brackets, maps in braces sorted by the text of their keys.
    private static func plain(_ value: Value, _ steps: inout Int) throws(CELError) -> String {
        steps -= 1
        guard steps > 0 else { throw CELError(.limit, "the value is too large to format") }
        switch value {
        case .null: return "null"
        case .list(let elements):
            var parts: [String] = []
            for element in elements { parts.append(try plain(element, &steps)) }
            return "[\(parts.joined(separator: ", "))]"
        case .map(let map):
            var parts: [(String, String)] = []
            for (key, element) in zip(map.keys, map.values) { parts.append((try plain(key, &steps), try plain(element, &steps))) }
            let sorted = parts.sorted { Text.less($0.0, $1.0) }.map { "\($0.0): \($0.1)" }
            return "{\(sorted.joined(separator: ", "))}"
        case .bytes(let bytes): return String(bytes: bytes)
        case .object, .optional: throw refused(value, "%s")
        case .bool, .int, .uint, .double, .string, .timestamp, .duration, .type, .opaque: return value.text ?? ""
        }
    }

    private static func decimal(_ value: Value) throws(CELError) -> String {
        switch value {
        case .int(let int): return String(int)
        case .uint(let uint): return String(uint)
        case .double(let double) where !double.isFinite: return double.celText
        default: throw refused(value, "%d")
        }
    }

    private static func number(_ value: Value, _ letter: String, _ precision: Int, _ clause: String) throws(CELError) -> String {
        let number: Double
        switch value {
        case .double(let double): number = double
        case .int(let int): number = Double(int)
        case .uint(let uint): number = Double(uint)
        case .string(let text) where ["NaN", "Infinity", "-Infinity"].contains(text): return text
        default: throw refused(value, clause)
        }
        // C's printf rounds the exact binary value, as CEL wants it: 1.2345 is 1.234.
        return number.isFinite ? String(format: "%.\(precision)\(letter)", number) : number.celText
    }

    private static func digits(_ value: Value, radix: Int, isUpper: Bool = false, _ clause: String) throws(CELError) -> String {
        switch value {
        case .int(let int): return String(int, radix: radix, uppercase: isUpper)
        case .uint(let uint): return String(uint, radix: radix, uppercase: isUpper)
        default: throw refused(value, clause)
        }
    }

    private static func hexadecimal(_ value: Value, isUpper: Bool) throws(CELError) -> String {
        let bytes: [UInt8]
        switch value {
        case .string(let text): bytes = Array(text.utf8)
        case .bytes(let own): bytes = own
        default: return try digits(value, radix: 16, isUpper: isUpper, isUpper ? "%X" : "%x")
        }
        return bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: isUpper) }.joined()
    }
}
