/// One element of BER as LDAP restricts it (RFC 4511 section 5.1): one-byte tag, definite length. For the few values that libldap hands over encoded.
struct BERElement {
    let tag: UInt8
    let content: ArraySlice<UInt8>
    /// What follows the element.
    let rest: ArraySlice<UInt8>

    /// Nil when the bytes do not hold a whole element.
    init?(_ bytes: ArraySlice<UInt8>) {
        var bytes = bytes
        guard let tag = bytes.popFirst(), let first = bytes.popFirst() else { return nil }
        var length = Int(first)
        if first & 0x80 != 0 {
            guard (0x81...0x84).contains(first) else { return nil }
            length = 0
            for _ in 0..<(first & 0x7F) {
                guard let byte = bytes.popFirst() else { return nil }
                length = length << 8 | Int(byte)
            }
        }
        guard bytes.count >= length else { return nil }
        self.tag = tag
        content = bytes.prefix(length)
        rest = bytes.dropFirst(length)
    }

    /// The elements that the content consists of, as far as they are whole.
    var children: [BERElement] {
        var children: [BERElement] = []
        var bytes = content
        while let child = BERElement(bytes) {
            children.append(child)
            bytes = child.rest
        }
        return children
    }

    /// The first value of the one attribute in a SearchResultEntry (RFC 4511 section 4.5.2), which is what a post-read control answers with
    /// (RFC 4527 section 3.2).
    static func firstValue(ofEntry bytes: [UInt8]) -> [UInt8]? {
        guard let entry = BERElement(bytes[...]), entry.children.count == 2, let attribute = entry.children[1].children.first,
            attribute.children.count == 2, let value = attribute.children[1].children.first
        else { return nil }
        return Array(value.content)
    }
}
