/// Searching text by bytes and counting in code points.
enum StringSearch {
    static let all: [Overload] = [
        .method("contains") { (a: String, b: String) throws(CELError) in
            a.withBytes { text in b.withBytes { find($0, in: text, from: 0) != nil } }
        },
        .method("startsWith") { (a: String, b: String) throws(CELError) in
            a.utf8.count >= b.utf8.count && a.withBytes { text in b.withBytes { isEqual(text[..<$0.count], $0) } }
        },
        .method("endsWith") { (a: String, b: String) throws(CELError) in
            a.utf8.count >= b.utf8.count && a.withBytes { text in b.withBytes { isEqual(text[(text.count - $0.count)...], $0) } }
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
        Overload(
            "split", receiver: true, [.string, .string], .list(.string),
            .binary { (a, b) throws(CELError) in
                guard case .string(let text) = a, case .string(let separator) = b else {
                    throw CELError.noOverload("split", arguments: [a, b])
                }
                return .list(try split(text, separator, limit: -1))
            }),
        Overload(
            "split", receiver: true, [.string, .string, .int], .list(.string),
            .ternary { (a, b, c) throws(CELError) in
                guard case .string(let text) = a, case .string(let separator) = b, case .int(let limit) = c else {
                    throw CELError.noOverload("split", arguments: [a, b, c])
                }
                return .list(try split(text, separator, limit: limit))
            }),
    ]

    private static func outOfRange(_ index: Int64, _ text: String) -> CELError {
        CELError(.indexOutOfRange, "index \(index) of a string of \(text.scalarCount)")
    }

    private typealias Bytes = UnsafeBufferPointer<UInt8>
    /// Up to this length the needle is compared at every place: that is linear, too, and needs no table.
    private static let shortNeedle = 16

    private static func isEqual(_ part: Slice<Bytes>, _ whole: Bytes) -> Bool {
        for index in 0..<whole.count where part[part.startIndex + index] != whole[index] { return false }
        return true
    }

    /// Linear, whatever the text: long needles by Knuth, Morris and Pratt.
    private static func find(_ needle: Bytes, in text: Bytes, from start: Int) -> Int? {
        guard let first = needle.first else { return start }
        guard text.count - start >= needle.count else { return nil }
        if needle.count > shortNeedle { return find(needle, borders(of: needle), in: text, from: start) }
        var position = start
        let last = text.count - needle.count
        while position <= last {
            if text[position] == first, isEqual(text[position..<position + needle.count], needle) { return position }
            position += 1
        }
        return nil
    }

    private static func find(_ needle: Bytes, _ borders: [Int], in text: Bytes, from start: Int) -> Int? {
        var matched = 0
        for position in start..<text.count {
            while matched > 0, text[position] != needle[matched] { matched = borders[matched - 1] }
            if text[position] == needle[matched] { matched += 1 }
            if matched == needle.count { return position - matched + 1 }
        }
        return nil
    }

    private static func borders(of needle: Bytes) -> [Int] {
        var borders = [Int](repeating: 0, count: needle.count)
        var length = 0
        for position in 1..<needle.count {
            while length > 0, needle[position] != needle[length] { length = borders[length - 1] }
            if needle[position] == needle[length] { length += 1 }
            borders[position] = length
        }
        return borders
    }

    /// Where the needle, which is not empty, stands, one place behind the other; at most so many.
    private static func places(of needle: Bytes, in text: Bytes, limit: Int) -> [Int] {
        var places: [Int] = []
        var position = 0
        let borders = needle.count > shortNeedle ? borders(of: needle) : []
        while places.count < limit,
            let found = borders.isEmpty ? find(needle, in: text, from: position) : find(needle, borders, in: text, from: position)
        {
            places.append(found)
            position = found + needle.count
        }
        return places
    }

    private static func indexOf(_ text: String, _ needle: String, from: Int) -> Int64 {
        text.withBytes { bytes in
            needle.withBytes { wanted in
                find(wanted, in: bytes, from: bytes.offset(ofScalar: from)).map { scalars(bytes[..<$0]) } ?? -1
            }
        }
    }

    private static func lastIndexOf(_ text: String, _ needle: String, upTo: Int?) -> Int64 {
        let bytes = Array(text.utf8.reversed())
        let wanted = Array(needle.utf8.reversed())
        let limit = upTo.map { number in text.withBytes { $0.offset(ofScalar: number) } } ?? bytes.count
        // The last match of the text is the first match of the reversed text.
        let reversedFrom = max(0, bytes.count - limit - wanted.count)
        let found = bytes.withUnsafeBufferPointer { text in wanted.withUnsafeBufferPointer { find($0, in: text, from: reversedFrom) } }
        guard let found else { return -1 }
        return text.withBytes { scalars($0[..<(bytes.count - found - wanted.count)]) }
    }

    private static func scalars(_ bytes: Slice<Bytes>) -> Int64 { bytes.reduce(0) { $0 + ($1 & 0xC0 != 0x80 ? 1 : 0) } }

    /// An empty needle stands before every code point and at the end.
    static func replace(_ text: String, _ needle: String, _ replacement: String, limit: Int64) throws(CELError) -> String {
        if needle.isEmpty { return try inserted(replacement, into: text, limit: limit) }
        let most = limit < 0 ? Int.max : Int(limit)
        let places = text.withBytes { bytes in needle.withBytes { self.places(of: $0, in: bytes, limit: most) } }
        if places.isEmpty { return text }
        let count = text.utf8.count + places.count * (replacement.utf8.count - needle.utf8.count)
        guard count <= Limits.stringBytes else { throw CELError.tooLong }
        return String(capacity: count) { result in
            text.withBytes { bytes in
                var position = 0
                for place in places {
                    result.append(Bytes(rebasing: bytes[position..<place]))
                    result.append(replacement)
                    position = place + needle.utf8.count
                }
                result.append(Bytes(rebasing: bytes[position...]))
            }
        }
    }

    private static func inserted(_ replacement: String, into text: String, limit: Int64) throws(CELError) -> String {
        var result = ""
        var done: Int64 = 0
        var rest = text.unicodeScalars[...]
        while limit < 0 || done < limit {
            result += replacement
            done += 1
            guard result.utf8.count <= Limits.stringBytes else { throw CELError.tooLong }
            guard let scalar = rest.popFirst() else { break }
            result.unicodeScalars.append(scalar)
        }
        result.unicodeScalars.append(contentsOf: rest)
        return result
    }

    static func split(_ text: String, _ separator: String, limit: Int64) throws(CELError) -> [Value] {
        if limit == 0 { return [] }
        if limit == 1 { return [.string(text)] }
        if separator.isEmpty { return try characters(text, limit: limit).map(Value.string) }
        let most = limit < 0 ? Int.max : Int(limit) - 1
        let places = text.withBytes { bytes in
            separator.withBytes { self.places(of: $0, in: bytes, limit: min(most, Limits.listElements + 1)) }
        }
        guard places.count <= Limits.listElements else { throw CELError.tooMany }
        var parts: [Value] = []
        parts.reserveCapacity(places.count + 1)
        text.withBytes { bytes in
            var position = 0
            for place in places {
                parts.append(.string(String(bytes: Bytes(rebasing: bytes[position..<place]))))
                position = place + separator.utf8.count
            }
            parts.append(.string(String(bytes: Bytes(rebasing: bytes[position...]))))
        }
        return parts
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

extension String {
    /// The UTF-8 bytes, where they are.
    @inline(__always)
    func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        var copy = self
        return copy.withUTF8(body)
    }
}
