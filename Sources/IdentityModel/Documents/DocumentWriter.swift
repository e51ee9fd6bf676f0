/// Writes canonical documents: JSON without spaces, members in the order of their names, absent where they say nothing.
///
/// It writes bytes, not a tree of `JSON` values, because a plan of a million orders is written, sealed and read back through it.
/// What it writes for a string is byte for byte what `JSON.text` writes.
public struct DocumentWriter: ~Copyable {
    /// Memory of our own: appending to an array costs three checks per token, which is half the time of writing a document.
    private var memory: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private var count = 0
    private var needsComma = false

    public init(capacity: Int = 4_096) {
        self.capacity = max(capacity, 16)
        memory = .allocate(capacity: self.capacity)
    }

    deinit { memory.deallocate() }

    /// What was written so far.
    public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: memory, count: count)) }

    public mutating func object(_ body: (inout DocumentWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array<Element>(_ elements: [Element], _ element: (inout DocumentWriter, Element) -> Void) {
        open(UInt8(ascii: "["))
        // An iterator would copy each of them.
        elements.withUnsafeBufferPointer { elements in
            for index in elements.indices { element(&self, elements[index]) }
        }
        close(UInt8(ascii: "]"))
    }

    /// Writes a member's name; its value must follow.
    public mutating func name(_ name: String) {
        separate()
        quoted(name)
        append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func name(_ name: StaticString) {
        separate()
        append(UInt8(ascii: "\""))
        // Names of members are plain letters.
        name.withUTF8Buffer { utf8 in
            reserve(utf8.count + 2)
            if let start = utf8.baseAddress { (memory + count).update(from: start, count: utf8.count) }
            count += utf8.count
        }
        append(UInt8(ascii: "\""))
        append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ text: String) {
        separate()
        quoted(text)
        needsComma = true
    }

    public mutating func int(_ number: Int64) {
        separate()
        digits(number)
        needsComma = true
    }

    public mutating func bool(_ flag: Bool) {
        separate()
        append(flag ? "true" : "false")
        needsComma = true
    }

    public mutating func member(_ name: String, _ text: String) {
        self.name(name)
        string(text)
    }

    public mutating func member(_ name: String, _ number: Int) {
        self.name(name)
        int(Int64(number))
    }

    /// Nothing when there is no text.
    public mutating func member(_ name: String, ifPresent text: String?) {
        guard let text else { return }
        member(name, text)
    }

    /// Nothing when it is false.
    public mutating func member(_ name: String, ifTrue flag: Bool) {
        guard flag else { return }
        self.name(name)
        bool(true)
    }

    /// Nothing when the array is empty.
    public mutating func member(_ name: String, ifAny texts: [String]) {
        guard !texts.isEmpty else { return }
        self.name(name)
        array(texts) { $0.string($1) }
    }

    /// Nothing when the dictionary is empty.
    public mutating func member(_ name: String, ifAny texts: [String: String]) {
        guard !texts.isEmpty else { return }
        self.name(name)
        object { writer in
            for (key, text) in texts.inByteOrder { writer.member(key, text) }
        }
    }

    /// Runs `body`, which writes one value, and says which bytes it became.
    mutating func span(_ body: (inout DocumentWriter) -> Void) -> Range<Int> {
        separate()
        let start = count
        body(&self)
        return start..<count
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func digits(_ number: Int64) {
        if number >= 0, number < 10 {
            append(UInt8(ascii: "0") + UInt8(number))
        } else {
            append(String(number))
        }
    }

    private mutating func quoted(_ text: String) {
        var copy = text
        let isPlain = copy.withUTF8 { utf8 in
            // Without an early way out, so that the compiler looks at many bytes at once.
            var special: UInt8 = 0
            for byte in utf8 {
                special |= (byte < 0x20 ? 1 : 0) | (byte == UInt8(ascii: "\"") ? 1 : 0) | (byte == UInt8(ascii: "\\") ? 1 : 0)
            }
            guard special == 0 else { return false }
            reserve(utf8.count + 2)
            memory[count] = UInt8(ascii: "\"")
            if let start = utf8.baseAddress { (memory + count + 1).update(from: start, count: utf8.count) }
            count += utf8.count + 2
            memory[count - 1] = UInt8(ascii: "\"")
            return true
        }
        if !isPlain { append(JSON.string(text).text) }
    }

    private mutating func append(_ text: String) {
        for byte in text.utf8 { append(byte) }
    }

    private mutating func append(_ byte: UInt8) {
        reserve(1)
        memory[count] = byte
        count += 1
    }

    private mutating func reserve(_ more: Int) {
        guard count + more > capacity else { return }
        capacity = max(capacity * 2, count + more)
        let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        larger.update(from: memory, count: count)
        memory.deallocate()
        memory = larger
    }
}

extension Dictionary where Key == String {
    /// By the UTF-8 bytes of the keys: an order that no version of Unicode changes.
    var inByteOrder: [Element] { sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
}
