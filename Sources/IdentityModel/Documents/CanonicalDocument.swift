/// A noun with one canonical text: equal values have equal bytes on every machine, and reading the text gives the value back.
///
/// It is what a store keeps and what a plan's seal is computed over. It holds no row ids of a store.
public protocol CanonicalDocument: DocumentValue {}

extension CanonicalDocument {
    public var documentBytes: [UInt8] {
        var writer = DocumentWriter()
        write(to: &writer)
        return writer.bytes
    }

    public var documentText: String { String(decoding: documentBytes, as: UTF8.self) }

    /// The same document as a tree, for commands that print JSON.
    public var document: JSON { (try? JSON(parsing: documentText)) ?? .null }

    public init(documentBytes bytes: UnsafeRawBufferPointer) throws(DocumentError) {
        var reader = DocumentReader(bytes)
        try self.init(reading: &reader)
        try reader.end()
    }

    public init(documentText text: String) throws(DocumentError) {
        let bytes = Array(text.utf8)
        let result = bytes.withUnsafeBytes { raw in
            Result { () throws(DocumentError) in try Self(documentBytes: raw) }
        }
        self = try result.get()
    }

    public init(document: JSON) throws(DocumentError) { try self.init(documentText: document.text) }
}
