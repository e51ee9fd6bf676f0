/// The strings extension but for searching and formatting. Every index counts code points.
enum StringFunctions {
    static let all: [Overload] = sizes + parts + shapes

    /// For the checker; there is a node for it.
    private static let sizes: [Overload] = {
        let texts: [CELType] = [.string, .bytes, .list(.parameter("T")), .map(.parameter("K"), .parameter("V"))]
        return texts.flatMap {
            [Overload("size", [$0], .int, Operators.unreached), Overload("size", receiver: true, [$0], .int, Operators.unreached)]
        }
    }()

    private static let parts: [Overload] = [
        .method("charAt") { (a: String, index: Int64) throws(CELError) in
            guard index >= 0, index <= a.scalarCount else { throw outOfRange(index, a) }
            return a.scalars(from: Int(index), to: Int(index) + 1)
        },
        .method("substring") { (a: String, from: Int64) throws(CELError) in
            guard from >= 0, from <= a.scalarCount else { throw outOfRange(from, a) }
            return a.scalars(from: Int(from), to: Int.max)
        },
        .method("substring") { (a: String, from: Int64, to: Int64) throws(CELError) in
            guard from >= 0, to <= a.scalarCount else { throw outOfRange(from < 0 ? from : to, a) }
            guard from <= to else { throw CELError.invalid("substring(\(from), \(to)) ends before it starts") }
            return a.scalars(from: Int(from), to: Int(to))
        },
        .method("left") { (a: String, count: Int64) throws(CELError) in a.left(count) },
        .method("right") { (a: String, count: Int64) throws(CELError) in a.right(count) },
    ]

    private static func outOfRange(_ index: Int64, _ text: String) -> CELError {
        CELError(.indexOutOfRange, "index \(index) of a string of \(text.scalarCount) (left() and right() take what is there)")
    }

    private static let shapes: [Overload] = [
        .method("lowerAscii") { (a: String) throws(CELError) in a.mappingASCII(where: \.isUpper) { $0 + 0x20 } },
        .method("upperAscii") { (a: String) throws(CELError) in a.mappingASCII(where: \.isLower) { $0 - 0x20 } },
        .method("trim") { (a: String) throws(CELError) in a.trimmed },
        .method("reverse") { (a: String) throws(CELError) in
            var reversed = ""
            reversed.unicodeScalars.append(contentsOf: a.unicodeScalars.reversed())
            return reversed
        },
        Overload("join", receiver: true, [.list(.string)], .string, .unary { (list) throws(CELError) in try joined(list, .string("")) }),
        Overload("join", receiver: true, [.list(.string), .string], .string, .binary(joined)),
        .method("format") { (a: String, arguments: [Value]) throws(CELError) in try StringFormat.format(a, arguments) },
        .function("strings.quote") { (a: String) throws(CELError) in quoted(a) },
    ]

    @Sendable private static func joined(_ list: Value, _ separator: Value) throws(CELError) -> Value {
        guard case .list(let elements) = list, case .string(let between) = separator else {
            throw CELError.noOverload("join", arguments: [list, separator])
        }
        if elements.isEmpty { return .string("") }
        var count = (elements.count - 1) * between.utf8.count
        for element in elements {
            guard case .string(let text) = element else { throw CELError.noOverload("join", arguments: [list]) }
            count += text.utf8.count
            guard count <= Limits.stringBytes else { throw CELError.tooLong }
        }
        return .string(
            String(capacity: count) { result in
                for (index, element) in elements.enumerated() {
                    if index > 0 { result.append(between) }
                    if case .string(let text) = element { result.append(text) }
                }
            })
    }

    private static let escapes: [Unicode.Scalar: String] = [
        "\u{07}": "\\a", "\u{08}": "\\b", "\u{0C}": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{0B}": "\\v", "\\": "\\\\",
        "\"": "\\\"",
    ]

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            if let escape = escapes[scalar] { result += escape } else { result.unicodeScalars.append(scalar) }
        }
        return result + "\""
    }
}

extension String {
    /// Code points `from` up to `to`, as far as there are any.
    func scalars(from: Int, to: Int) -> String {
        utf8.withContiguousStorageIfAvailable { bytes in
            let start = bytes.offset(ofScalar: from)
            let end = to == Int.max ? bytes.count : bytes.offset(ofScalar: to)
            return String(bytes: bytes[start..<max(start, end)])
        } ?? String(String.UnicodeScalarView(unicodeScalars.dropFirst(from).prefix(to - from)))
    }

    /// The first code points; the whole string when it is shorter.
    func left(_ count: Int64) -> String {
        if count <= 0 { return "" }
        if count >= utf8.count { return self }
        return scalars(from: 0, to: Int(count))
    }

    /// The last code points; the whole string when it is shorter.
    func right(_ count: Int64) -> String {
        if count <= 0 { return "" }
        if count >= utf8.count { return self }
        return scalars(from: Swift.max(0, scalarCount - Int(count)), to: Int.max)
    }

    /// The string with some ASCII bytes replaced one for one; itself when there are none.
    @inline(__always)
    func mappingASCII(where isWanted: (UInt8) -> Bool, _ replace: (UInt8) -> UInt8) -> String {
        let mapped: String?? = utf8.withContiguousStorageIfAvailable { bytes -> String? in
            guard bytes.contains(where: isWanted) else { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { target in
                for index in 0..<bytes.count {
                    let byte = bytes[index]
                    target[index] = isWanted(byte) ? replace(byte) : byte
                }
                return bytes.count
            }
        }
        return (mapped ?? nil) ?? self
    }

    /// The string with only the wanted ASCII bytes left; itself when all are wanted.
    @inline(__always)
    func keepingBytes(where isWanted: (UInt8) -> Bool) -> String {
        let kept: String?? = utf8.withContiguousStorageIfAvailable { bytes -> String? in
            if bytes.allSatisfy(isWanted) { return nil }
            return String(unsafeUninitializedCapacity: bytes.count) { target in
                var count = 0
                for byte in bytes where isWanted(byte) {
                    target[count] = byte
                    count += 1
                }
                return count
            }
        }
        return (kept ?? nil) ?? self
    }

    /// Without white space (Unicode's White_Space) at both ends.
    var trimmed: String {
        if isEmpty || utf8.first?.isVisibleASCII == true && utf8.last?.isVisibleASCII == true { return self }
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}

extension UInt8 {
    fileprivate var isVisibleASCII: Bool { self > 0x20 && self < 0x7F }
}

extension UnsafeBufferPointer<UInt8> {
    /// Where the code point of this number begins, or the end.
    func offset(ofScalar number: Int) -> Int {
        var left = number
        for offset in 0..<count where self[offset] & 0xC0 != 0x80 {
            if left == 0 { return offset }
            left -= 1
        }
        return count
    }
}
