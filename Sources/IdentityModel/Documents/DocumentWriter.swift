/// Writes canonical documents: JSON without spaces, members in the order of their names, absent where they say nothing.
///
/// It writes bytes, not a tree of `JSON` values, because a plan of a million orders is written, sealed and read back through it.
/// What it writes for a string is byte for byte what `JSON.text` writes.
public struct DocumentWriter {
    public private(set) var bytes: [UInt8] = []
    private var needsComma = false

    public init(capacity: Int = 1_024) { bytes.reserveCapacity(capacity) }

    public mutating func object(_ body: (inout DocumentWriter) -> Void) {
        open(UInt8(ascii: "{"))
        body(&self)
        close(UInt8(ascii: "}"))
    }

    public mutating func array<Elements: Sequence>(_ elements: Elements, _ element: (inout DocumentWriter, Elements.Element) -> Void) {
        open(UInt8(ascii: "["))
        for value in elements { element(&self, value) }
        close(UInt8(ascii: "]"))
    }

    /// Writes a member's name; its value must follow.
    public mutating func name(_ name: String) {
        separate()
        quoted(name)
        bytes.append(UInt8(ascii: ":"))
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
        bytes.append(contentsOf: (flag ? "true" : "false").utf8)
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
            for (key, text) in texts.sorted(by: { $0.key < $1.key }) { writer.member(key, text) }
        }
    }

    /// Runs `body`, which writes one value, and says which bytes it became.
    mutating func span(_ body: (inout DocumentWriter) -> Void) -> Range<Int> {
        separate()
        let start = bytes.count
        body(&self)
        return start..<bytes.count
    }

    private mutating func open(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func close(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = false
    }

    private mutating func digits(_ number: Int64) {
        if number >= 0, number < 10 {
            bytes.append(UInt8(ascii: "0") + UInt8(number))
        } else {
            bytes.append(contentsOf: String(number).utf8)
        }
    }

    private mutating func quoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        var copy = text
        let isPlain = copy.withUTF8 { utf8 in
            for byte in utf8 where byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { return false }
            bytes.append(contentsOf: utf8)
            return true
        }
        guard isPlain else {
            bytes.removeLast()
            JSON.string(text).write(to: &bytes)
            return
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
