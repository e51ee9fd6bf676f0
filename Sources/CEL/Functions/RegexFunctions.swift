internal import LinearRegex

/// Regular expressions, by RE2: linear in the text, whatever the pattern.
enum RegexFunctions {
    static let names: Set<String> = ["matches", "regex.extract", "regex.extractAll", "regex.replace"]

    /// For the checker; there is a node for them.
    static let all: [Overload] = [
        Overload("matches", receiver: true, [.string, .string], .bool, Operators.unreached),
        Overload("matches", [.string, .string], .bool, Operators.unreached),
        Overload("regex.extract", [.string, .string], .optional(.string), Operators.unreached),
        Overload("regex.extractAll", [.string, .string], .list(.string), Operators.unreached),
        Overload("regex.replace", [.string, .string, .string], .string, Operators.unreached),
        Overload("regex.replace", [.string, .string, .string, .int], .string, Operators.unreached),
    ]

    /// Takes steps for looking at a pattern, for its length once it is compiled, and many when RE2 refuses it only after some work.
    static func compiled(_ pattern: String, _ activation: Activation) throws(CELError) -> LinearRegex {
        try activation.charge(500 + pattern.utf8.count)
        let regex: LinearRegex
        do {
            regex = try LinearRegex(pattern)
        } catch {
            try activation.charge(20_000)
            throw CELError.invalid("the regular expression is refused: \(error.reason)")
        }
        try activation.charge(regex.programSize)
        return regex
    }

    /// `rest` is what follows text and pattern.
    static func apply(
        _ name: String, _ regex: LinearRegex, _ text: String, _ rest: [Value], _ activation: Activation
    ) throws(CELError) -> Value {
        switch (name, rest.first, rest.dropFirst().first) {
        case ("matches", nil, nil): return .bool(regex.matches(text))
        case ("regex.extract", nil, nil):
            let regex = try singleGroup(regex)
            guard let match = regex.firstMatch(in: text), let range = match[match.count - 1] else { return .optionalNone }
            return .optional(of: .string(text.slice(range)))
        case ("regex.extractAll", nil, nil): return .list(try all(of: try singleGroup(regex), in: text, activation))
        case ("regex.replace", .string(let replacement)?, nil):
            return .string(try replaced(text, regex, replacement, limit: -1, activation))
        case ("regex.replace", .string(let replacement)?, .int(let limit)?):
            return .string(try replaced(text, regex, replacement, limit: limit, activation))
        default: throw CELError.noOverload(name, arguments: [.string(text), .string(regex.pattern)] + rest)
        }
    }

    private static func all(of regex: LinearRegex, in text: String, _ activation: Activation) throws(CELError) -> [Value] {
        let bytes = Array(text.utf8)
        var found: [Value] = []
        try eachMatch(of: regex, in: text, activation) { (match) throws(CELError) in
            if let range = match[match.count - 1] { found.append(.string(String(bytes: bytes[range]))) }
            return true
        }
        return found
    }

    private static func singleGroup(_ regex: LinearRegex) throws(CELError) -> LinearRegex {
        guard regex.groupCount <= 1 else { throw CELError.invalid("the regular expression has more than one group") }
        return regex
    }

    private static func eachMatch(
        of regex: LinearRegex, in text: String, _ activation: Activation, _ visit: ([Range<Int>?]) throws(CELError) -> Bool
    ) throws(CELError) {
        let length = text.utf8.count
        var position = 0
        while position <= length, let match = regex.firstMatch(in: text, from: position), let whole = match[0] {
            // A search may read to the end only to find a short match; many such searches are more than linear.
            try activation.charge(1 + (length - position) >> 4)
            guard try visit(match) else { return }
            position = whole.isEmpty ? text.offset(after: whole.upperBound) : whole.upperBound
        }
    }

    private static func replaced(_ text: String, _ regex: LinearRegex, _ replacement: String, limit: Int64, _ activation: Activation)
        throws(CELError) -> String
    {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var position = 0
        var count: Int64 = 0
        if limit == 0 { return text }
        try eachMatch(of: regex, in: text, activation) { (match) throws(CELError) in
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
