extension SourceClaim: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) { _ = write(to: &writer, of: nil) }

    /// `user`: the attributes that stand in the same document already; values that are equal to them are written as `true`. Says where, in bytes, values of
    /// their own stand.
    func write(to writer: inout DocumentWriter, of user: [String: UserValue]?) -> Range<Int>? {
        var span: Range<Int>?
        writer.object { writer in
            if let values {
                writer.name("attributes")
                if values.attributes == user {
                    writer.bool(true)
                } else {
                    span = writer.span { UserAttributes(values.attributes).write(to: &$0) }
                }
            }
            writer.member("file", position.file)
            writer.member("generation", generation)
            writer.member("keepsAlive", keepsAlive ? 1 : 0)
            writer.member("key", key.text)
            writer.name("keyHash")
            writer.int(Int64(bitPattern: keyHash))
            writer.member("line", position.line)
            writer.member("presence", presence.code)
            if let row {
                writer.name("row")
                KeptRow(row).write(to: &writer)
            }
            writer.name("rowHash")
            writer.int(Int64(bitPattern: rowHash))
            writer.member("source", source.text)
            writer.member("status", ifPresent: values?.status?.rawValue)
            writer.member("user", self.user.text)
        }
        return span
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) { try self.init(reading: &reader, of: [:]) }

    /// `user`: what `true` stands for.
    init(reading reader: inout DocumentReader, of user: [String: UserValue]) throws(DocumentError) {
        var parts = Parts()
        try reader.object { reader, name throws(DocumentError) in try parts.read(name, from: &reader, of: user) }
        self = try parts.claim()
    }

    private struct Parts {
        var texts: [String: String] = [:]
        var numbers: [String: Int64] = [:]
        var attributes: [String: UserValue]?
        var row: [String: String]?

        mutating func read(_ name: String, from reader: inout DocumentReader, of user: [String: UserValue]) throws(DocumentError) {
            switch name {
            case "file", "key", "source", "status", "user": texts[name] = try reader.string()
            case "generation", "keepsAlive", "keyHash", "line", "presence", "rowHash": numbers[name] = try reader.int()
            case "attributes" where reader.peek == UInt8(ascii: "t"): attributes = try reader.bool() ? user : nil
            case "attributes": attributes = try UserAttributes(reading: &reader).values
            case "row": row = try reader.stringsByName()
            default: try reader.skip()
            }
        }

        /// What 0.1.0 did not write has the value it meant.
        func claim() throws(DocumentError) -> SourceClaim {
            let status = try texts["status"].map { (text) throws(DocumentError) in try UserStatus(rawValue: text).required("status") }
            let rowHash = UInt64(bitPattern: try numbers["rowHash"].required("rowHash"))
            return SourceClaim(
                source: SourceName(try texts["source"].required("source")), key: UserKey(try texts["key"].required("key")),
                user: UserID(try texts["user"].required("user")), keyHash: UInt64(bitPattern: try numbers["keyHash"].required("keyHash")),
                rowHash: rowHash,
                position: SourcePosition(file: try texts["file"].required("file"), line: Int(try numbers["line"].required("line"))),
                presence: SourceClaim.Presence(code: Int(numbers["presence"] ?? (rowHash == 0 ? 1 : 0))),
                generation: Int(numbers["generation"] ?? 1), keepsAlive: numbers["keepsAlive"] != 0,
                values: attributes.map { SourceValues(status: status, attributes: $0) }, row: row)
        }
    }
}

/// A row as it is kept: an object by column, columns without a value left out.
public struct KeptRow: Hashable, Sendable, CanonicalDocument {
    public let values: [String: String]
    public init(_ values: [String: String]) { self.values = values }

    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            for (column, text) in values.inByteOrder { writer.member(column, text) }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) { values = try reader.stringsByName() }
}
