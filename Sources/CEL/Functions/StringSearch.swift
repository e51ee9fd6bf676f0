/// Searching text by bytes and counting in code points.
enum StringSearch {
    static let all: [Overload] = [
        .method("contains") { (a: String, b: String) throws(CELError) in find(Array(b.utf8), in: Array(a.utf8), from: 0) != nil },
        .method("startsWith") { (a: String, b: String) throws(CELError) in a.utf8.starts(with: b.utf8) },
        .method("endsWith") { (a: String, b: String) throws(CELError) in
            a.utf8.count >= b.utf8.count && a.utf8.suffix(b.utf8.count).elementsEqual(b.utf8)
        },
        .method("indexOf") { (a: String, b: String) throws(CELError) in indexOf(a, b, from: 0) },
        .method("indexOf") { (a: String, b: String, from: Int64) throws(CELError) in
            guard from >= 0, from <= a.scalarCount else { throw outOfRange(from, a) }
            return indexOf(a, b, from: Int(from))
        },
        .method("lastIndexOf") { (a: String, b: String) throws(CELError) in lastIndexOf(a, b, upTo: nil) },
        .method("lastIndexOf") { (a: String, b: String, upTo: Int64) throws(CELError) in
            guard upTo >= 0, upTo <= a.scalarCount else { throw outOfRange(upTo, a) }
            return lastIndexOf(a, b, upTo: Int(upTo))
        },
        .method("replace") { (a: String, b: String, c: String) throws(CELError) in try replace(a, b, c, limit: -1) },
        Overload(
            "replace", receiver: true, [.string, .string, .string, .int], .string,
            .many { (values) throws(CELError) in
                guard values.count == 4, case .string(let a) = values[0], case .string(let b) = values[1], case .string(let c) = values[2],
                    case .int(let limit) = values[3]
                else { throw CELError.noOverload("replace", arguments: values) }
                return .string(try replace(a, b, c, limit: limit))
            }),
        .method("split") { (a: String, b: String) throws(CELError) in try split(a, b, limit: -1) },
        .method("split") { (a: String, b: String, limit: Int64) throws(CELError) in try split(a, b, limit: limit) },
    ]

    private static func outOfRange(_ index: Int64, _ text: String) -> CELError {
        CELError(.indexOutOfRange, "index \(index) of a string of \(text.scalarCount)")
    }

    /// Knuth, Morris and Pratt: linear, whatever the text.
    static func find(_ needle: [UInt8], in text: [UInt8], from start: Int) -> Int? {
        guard !needle.isEmpty else { return start }
        guard text.count - start >= needle.count else { return nil }
        if needle.count == 1 { return text[start...].firstIndex(of: needle[0]) }
        let borders = borders(of: needle)
        var matched = 0
        for position in start..<text.count {
            while matched > 0, text[position] != needle[matched] { matched = borders[matched - 1] }
            if text[position] == needle[matched] { matched += 1 }
            if matched == needle.count { return position - matched + 1 }
        }
        return nil
    }

    private static func borders(of needle: [UInt8]) -> [Int] {
        var borders = [Int](repeating: 0, count: needle.count)
        var length = 0
        for position in 1..<needle.count {
            while length > 0, needle[position] != needle[length] { length = borders[length - 1] }
            if needle[position] == needle[length] { length += 1 }
            borders[position] = length
        }
        return borders
    }

    private static func indexOf(_ text: String, _ needle: String, from: Int) -> Int64 {
        let bytes = Array(text.utf8)
        guard let found = find(Array(needle.utf8), in: bytes, from: byteOffset(from, in: bytes)) else { return -1 }
        return Int64(scalars(bytes[..<found]))
    }

    private static func lastIndexOf(_ text: String, _ needle: String, upTo: Int?) -> Int64 {
        let bytes = Array(text.utf8)
        let wanted = Array(needle.utf8)
        let limit = upTo.map { byteOffset($0, in: bytes) } ?? bytes.count
        // The last match of the text is the first match of the reversed text.
        let reversedFrom = max(0, bytes.count - limit - wanted.count)
        guard let found = find(wanted.reversed(), in: bytes.reversed(), from: reversedFrom) else { return -1 }
        return Int64(scalars(bytes[..<(bytes.count - found - wanted.count)]))
    }

    static func byteOffset(_ scalars: Int, in bytes: [UInt8]) -> Int {
        var left = scalars
        for (offset, byte) in bytes.enumerated() where byte & 0xC0 != 0x80 {
            if left == 0 { return offset }
            left -= 1
        }
        return bytes.count
    }

    private static func scalars(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) } }

    /// An empty needle stands before every code point and at the end.
    static func replace(_ text: String, _ needle: String, _ replacement: String, limit: Int64) throws(CELError) -> String {
        let bytes = Array(text.utf8)
        let wanted = Array(needle.utf8)
        let new = Array(replacement.utf8)
        var result: [UInt8] = []
        var position = 0
        var done: Int64 = 0
        while limit < 0 || done < limit, let found = find(wanted, in: bytes, from: position) {
            result += bytes[position..<found] + new
            position = found + wanted.count
            done += 1
            guard result.count <= Limits.stringBytes else { throw CELError.tooLong }
            guard wanted.isEmpty else { continue }
            guard position < bytes.count else { break }
            repeat {
                result.append(bytes[position])
                position += 1
            } while position < bytes.count && bytes[position] & 0xC0 == 0x80
        }
        return String(bytes: result + bytes[position...])
    }

    static func split(_ text: String, _ separator: String, limit: Int64) throws(CELError) -> [String] {
        if limit == 0 { return [] }
        if limit == 1 { return [text] }
        let bytes = Array(text.utf8)
        if separator.isEmpty { return try characters(text, limit: limit) }
        let wanted = Array(separator.utf8)
        var parts: [String] = []
        var position = 0
        while limit < 0 || parts.count < limit - 1, let found = find(wanted, in: bytes, from: position) {
            parts.append(String(bytes: bytes[position..<found]))
            position = found + wanted.count
            guard parts.count <= Limits.listElements else { throw CELError.tooMany }
        }
        return parts + [String(bytes: bytes[position...])]
    }

    private static func characters(_ text: String, limit: Int64) throws(CELError) -> [String] {
        let scalars = Array(text.unicodeScalars)
        guard limit < 0 || limit >= scalars.count else {
            let head = scalars.prefix(Int(limit) - 1).map { String($0) }
            var tail = ""
            tail.unicodeScalars.append(contentsOf: scalars.dropFirst(Int(limit) - 1))
            return head + [tail]
        }
        guard scalars.count <= Limits.listElements else { throw CELError.tooMany }
        return scalars.map { String($0) }
    }
}
