/// A string that is equal by code points, as CEL wants it; Swift's own `==` goes by canonical equivalence.
struct Text: Hashable, Sendable {
    let string: String

    init(_ string: String) { self.string = string }

    @inline(__always)
    static func equal(_ left: String, _ right: String) -> Bool {
        guard left.utf8.count == right.utf8.count else { return false }
        return left.utf8.withContiguousStorageIfAvailable { a in
            right.utf8.withContiguousStorageIfAvailable { b in
                for index in 0..<a.count where a[index] != b[index] { return false }
                return true
            } ?? left.utf8.elementsEqual(right.utf8)
        } ?? left.utf8.elementsEqual(right.utf8)
    }

    /// UTF-8 order, which is code point order.
    static func less(_ left: String, _ right: String) -> Bool {
        left.utf8.lexicographicallyPrecedes(right.utf8)
    }

    static func == (left: Text, right: Text) -> Bool { equal(left.string, right.string) }

    func hash(into hasher: inout Hasher) {
        var copy = string
        copy.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}

extension String {
    /// Whether every byte is ASCII; then bytes, scalars and columns are the same.
    var isASCII: Bool {
        utf8.withContiguousStorageIfAvailable { bytes in
            var all: UInt8 = 0
            for byte in bytes { all |= byte }
            return all < 0x80
        } ?? utf8.allSatisfy { $0 < 0x80 }
    }

    /// Length in code points.
    var scalarCount: Int {
        utf8.withContiguousStorageIfAvailable { bytes in
            var count = 0
            for byte in bytes where byte & 0xC0 != 0x80 { count += 1 }
            return count
        } ?? unicodeScalars.count
    }

    init(bytes: some Collection<UInt8>) { self = String(decoding: bytes, as: UTF8.self) }
}

/// Writes text behind text into memory that is large enough for all of it: a value that was cut short silently would be worse than no program.
struct TextWriter {
    private let target: UnsafeMutableBufferPointer<UInt8>
    private(set) var count = 0

    init(_ target: UnsafeMutableBufferPointer<UInt8>) { self.target = target }

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        precondition(count < target.count)
        target[count] = byte
        count += 1
    }

    @inline(__always)
    mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard let source = bytes.baseAddress, let start = target.baseAddress else { return }
        precondition(bytes.count <= target.count - count)
        (start + count).initialize(from: source, count: bytes.count)
        count += bytes.count
    }

    @inline(__always)
    mutating func append(_ text: String) {
        if text.utf8.withContiguousStorageIfAvailable({ append($0) }) == nil { for byte in text.utf8 { append(byte) } }
    }
}

extension String {
    /// A string of at most so many bytes in one allocation.
    @inline(__always)
    init(capacity: Int, _ write: (inout TextWriter) -> Void) {
        self.init(unsafeUninitializedCapacity: capacity) { target in
            var writer = TextWriter(target)
            write(&writer)
            return writer.count
        }
    }
}
