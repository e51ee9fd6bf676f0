internal import LinearRegex

/// Regular expressions, by RE2: linear in the text, whatever the pattern.
enum RegexFunctions {
    static let names: Set<String> = ["matches", "regex.extract", "regex.extractAll", "regex.replace"]

    typealias Make = @Sendable (String) throws(CELError) -> LinearRegex

    static let all: [Overload] = [
        Overload("matches", receiver: true, [.string, .string], .bool, matches(compiled)),
        Overload("matches", [.string, .string], .bool, matches(compiled)),
        Overload("regex.extract", [.string, .string], .optional(.string), extract(compiled)),
        Overload("regex.extractAll", [.string, .string], .list(.string), extractAll(compiled)),
        Overload("regex.replace", [.string, .string, .string], .string, replace(compiled)),
        Overload(
            "regex.replace", [.string, .string, .string, .int], .string,
            .many { (values) throws(CELError) in
                guard values.count == 4, case .string(let text) = values[0], case .string(let pattern) = values[1],
                    case .string(let replacement) = values[2], case .int(let limit) = values[3]
                else { throw CELError.noOverload("regex.replace", arguments: values) }
                return .string(try replaced(text, try compiled(pattern), replacement, limit: limit))
            }),
    ]

    /// The body of a function with its pattern given once; nil where the function takes it anew each time.
    static func body(_ name: String, _ count: Int, _ make: @escaping Make) -> Overload.Body? {
        switch (name, count) {
        case ("matches", 2): matches(make)
        case ("regex.extract", 2): extract(make)
        case ("regex.extractAll", 2): extractAll(make)
        case ("regex.replace", 3): replace(make)
        default: nil
        }
    }

    @Sendable private static func compiled(_ pattern: String) throws(CELError) -> LinearRegex {
        do {
            return try LinearRegex(pattern)
        } catch {
            throw CELError.invalid("the regular expression is refused: \(error.reason)")
        }
    }

    private static func texts(_ first: Value, _ second: Value) throws(CELError) -> (String, String) {
        guard case .string(let text) = first, case .string(let pattern) = second else {
            throw CELError.noOverload("matches", arguments: [first, second])
        }
        return (text, pattern)
    }

    private static func matches(_ make: @escaping Make) -> Overload.Body {
        .binary { (first, second) throws(CELError) in
            let (text, pattern) = try texts(first, second)
            return .bool(try make(pattern).matches(text))
        }
    }

    private static func extract(_ make: @escaping Make) -> Overload.Body {
        .binary { (first, second) throws(CELError) in
            let (text, pattern) = try texts(first, second)
            let regex = try singleGroup(try make(pattern))
            guard let match = regex.firstMatch(in: text), let range = match[match.count - 1] else { return .optionalNone }
            return .optional(of: .string(text.slice(range)))
        }
    }

    private static func extractAll(_ make: @escaping Make) -> Overload.Body {
        .binary { (first, second) throws(CELError) in
            let (text, pattern) = try texts(first, second)
            let regex = try singleGroup(try make(pattern))
            let bytes = Array(text.utf8)
            var found: [Value] = []
            try eachMatch(of: regex, in: text) { (match) throws(CELError) in
                if let range = match[match.count - 1] { found.append(.string(String(bytes: bytes[range]))) }
                return true
            }
            return .list(found)
        }
    }

    private static func singleGroup(_ regex: LinearRegex) throws(CELError) -> LinearRegex {
        guard regex.groupCount <= 1 else { throw CELError.invalid("the regular expression has more than one group") }
        return regex
    }

    private static func replace(_ make: @escaping Make) -> Overload.Body {
        .ternary { (first, second, third) throws(CELError) in
            let (text, pattern) = try texts(first, second)
            guard case .string(let replacement) = third else {
                throw CELError.noOverload("regex.replace", arguments: [first, second, third])
            }
            return .string(try replaced(text, try make(pattern), replacement, limit: -1))
        }
    }

    private static func eachMatch(
        of regex: LinearRegex, in text: String, _ visit: ([Range<Int>?]) throws(CELError) -> Bool
    ) throws(CELError) {
        let length = text.utf8.count
        var position = 0
        var work = 0
        while position <= length, let match = regex.firstMatch(in: text, from: position), let whole = match[0] {
            // A search may read to the end only to find a short match; many such searches are more than linear.
            work += 1 + length - position
            guard work <= 4 * Limits.cost else { throw CELError(.limit, "the regular expression matches too often") }
            guard try visit(match) else { return }
            position = whole.isEmpty ? text.offset(after: whole.upperBound) : whole.upperBound
        }
    }

    private static func replaced(_ text: String, _ regex: LinearRegex, _ replacement: String, limit: Int64) throws(CELError) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        var count: Int64 = 0
        if limit == 0 { return text }
        try eachMatch(of: regex, in: text) { (match) throws(CELError) in
            guard let whole = match[0] else { return true }
            result += bytes[position..<whole.lowerBound]
            result += try expanded(replacement, match, bytes)
            position = whole.upperBound
            count += 1
            guard result.count <= Limits.stringBytes else { throw CELError.tooLong }
            return limit < 0 || count < limit
        }
        return String(bytes: result + bytes[position...])
    }

    /// `\1` to `\9` stand for groups, `\0` for the whole match, `\\` for a backslash.
    private static func expanded(_ replacement: String, _ match: [Range<Int>?], _ text: [UInt8]) throws(CELError) -> [UInt8] {
        var result: [UInt8] = []
        var bytes = replacement.utf8.makeIterator()
        while let byte = bytes.next() {
            guard byte == UInt8(ascii: "\\") else {
                result.append(byte)
                continue
            }
            guard let next = bytes.next(), next.isDigit || next == byte else {
                throw CELError.invalid("in a replacement a backslash is followed by a digit or a backslash")
            }
            if next == byte {
                result.append(byte)
                continue
            }
            let group = Int(next - 0x30)
            guard group < match.count else { throw CELError.invalid("the regular expression has no group \(group)") }
            if let range = match[group] { result += text[range] }
        }
        return result
    }
}

extension String {
    /// UTF-8 offset of the code point behind the one at this offset.
    fileprivate func offset(after offset: Int) -> Int {
        var index = utf8.index(utf8.startIndex, offsetBy: offset)
        guard index < utf8.endIndex else { return offset + 1 }
        var next = offset
        repeat {
            index = utf8.index(after: index)
            next += 1
        } while index < utf8.endIndex && utf8[index] & 0xC0 == 0x80
        return next
    }
}
