/// A stored document is not what it should be.
public struct DocumentError: Error, Hashable, Sendable, CustomStringConvertible {
    public let message: String
    public init(_ message: String) { self.message = message }
    public var description: String { "a stored document cannot be read: \(message)" }
}

/// Reads what `DocumentWriter` wrote, straight from bytes and without a tree in between.
///
/// Only compact text is read (no white space between tokens). It must not outlive the bytes it was given.
public struct DocumentReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    public init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes.bindMemory(to: UInt8.self) }

    /// Nothing may follow the value that was read.
    public func end() throws(DocumentError) {
        guard offset == bytes.count else { throw error("text after the value") }
    }

    /// Calls `member` with each name; it must read or skip the value.
    public mutating func object(_ member: (inout DocumentReader, String) throws(DocumentError) -> Void) throws(DocumentError) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, name)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    // MARK: An object, member by member (`MemberReader`)

    /// False: it has no members.
    mutating func enterObject() throws(DocumentError) -> Bool {
        try expect(UInt8(ascii: "{"))
        return !take(UInt8(ascii: "}"))
    }

    /// After a value; false: that was the last member.
    mutating func continueObject() throws(DocumentError) -> Bool {
        if take(UInt8(ascii: ",")) { return true }
        try expect(UInt8(ascii: "}"))
        return false
    }

    enum NamePlace { case earlier, same, later }

    /// Where the name that comes next stands beside this one, by bytes. Nothing is read.
    func compareName(with wanted: StaticString) throws(DocumentError) -> NamePlace {
        guard peek == UInt8(ascii: "\"") else { throw error("'\"' expected") }
        return wanted.withUTF8Buffer { wanted in
            var at = offset + 1
            for byte in wanted {
                guard at < bytes.count, bytes[at] != UInt8(ascii: "\"") else { return .earlier }
                if bytes[at] != byte { return bytes[at] < byte ? .earlier : .later }
                at += 1
            }
            return at < bytes.count && bytes[at] == UInt8(ascii: "\"") ? .same : .later
        }
    }

    /// Goes to the value of the member that comes next; its name, where it is known.
    mutating func passName(_ known: StaticString? = nil) throws(DocumentError) {
        if let known { offset += known.utf8CodeUnitCount + 2 } else { _ = try string() }
        try expect(UInt8(ascii: ":"))
    }

    public mutating func array<Element>(
        _ element: (inout DocumentReader) throws(DocumentError) -> Element
    ) throws(DocumentError) -> [Element] {
        try expect(UInt8(ascii: "["))
        var elements: [Element] = []
        if take(UInt8(ascii: "]")) { return elements }
        repeat { elements.append(try element(&self)) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
        return elements
    }

    public mutating func strings() throws(DocumentError) -> [String] {
        try array { reader throws(DocumentError) in try reader.string() }
    }

    public mutating func stringsByName() throws(DocumentError) -> [String: String] {
        var texts: [String: String] = [:]
        try object { reader, name throws(DocumentError) in texts[name] = try reader.string() }
        return texts
    }

    public mutating func string() throws(DocumentError) -> String {
        try expect(UInt8(ascii: "\""))
        let start = offset
        var isPlain = true
        while offset < bytes.count, bytes[offset] != UInt8(ascii: "\"") {
            if bytes[offset] == UInt8(ascii: "\\") {
                isPlain = false
                offset += 1
            }
            offset += 1
        }
        guard offset < bytes.count else { throw error("a string has no end") }
        offset += 1
        guard !isPlain else { return String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<offset - 1]), as: UTF8.self) }
        let quoted = String(decoding: UnsafeBufferPointer(rebasing: bytes[start - 1..<offset]), as: UTF8.self)
        guard let text = (try? JSON(parsing: quoted))?.stringValue else { throw error("an escape that JSON does not know") }
        return text
    }

    public mutating func int() throws(DocumentError) -> Int64 {
        let isNegative = take(UInt8(ascii: "-"))
        var value: Int64 = 0
        let start = offset
        while offset < bytes.count, bytes[offset] >= 48, bytes[offset] <= 57 {
            let (product, tooBig) = value.multipliedReportingOverflow(by: 10)
            let digit = Int64(bytes[offset] - 48)
            // Downwards, because the smallest number has no positive counterpart.
            let (sum, tooSmall) = product.subtractingReportingOverflow(digit)
            guard !tooBig, !tooSmall else { throw error("a number is too large") }
            value = sum
            offset += 1
        }
        guard offset > start, isNegative || value != Int64.min else { throw error("a number expected") }
        return isNegative ? value : -value
    }

    public mutating func bool() throws(DocumentError) -> Bool {
        for (word, flag) in [("true", true), ("false", false)] where bytes[offset...].starts(with: word.utf8) {
            offset += word.utf8.count
            return flag
        }
        throw error("true or false expected")
    }

    /// A case by its raw text.
    public mutating func raw<Value: RawRepresentable<String>>(_ type: Value.Type) throws(DocumentError) -> Value {
        let text = try string()
        guard let value = Value(rawValue: text) else { throw error("'\(text)' is no \(type)") }
        return value
    }

    public mutating func identifier<Identifier: TextIdentifier>(_ type: Identifier.Type) throws(DocumentError) -> Identifier {
        Identifier(try string())
    }

    /// Passes over a value, whatever it is.
    public mutating func skip() throws(DocumentError) {
        switch peek {
        case UInt8(ascii: "{"): try object { reader, _ throws(DocumentError) in try reader.skip() }
        case UInt8(ascii: "["): _ = try array { reader throws(DocumentError) in try reader.skip() }
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "t"), UInt8(ascii: "f"): _ = try bool()
        default: _ = try int()
        }
    }

    /// The next byte; 0 at the end.
    public var peek: UInt8 { offset < bytes.count ? bytes[offset] : 0 }

    func error(_ message: String) -> DocumentError { DocumentError("\(message) at byte \(offset)") }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(DocumentError) {
        guard take(byte) else { throw error("'\(Character(Unicode.Scalar(byte)))' expected") }
    }
}

extension Optional {
    /// The member must have been there.
    func required(_ name: String) throws(DocumentError) -> Wrapped {
        guard let self else { throw DocumentError("'\(name)' is missing") }
        return self
    }
}
