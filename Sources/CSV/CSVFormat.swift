/// How a CSV file is written, as far as its owner has declared it. What is `nil` is detected and reported in `DetectedFormat`.
package struct CSVFormat: Sendable, Equatable {
    /// The delimiter as one ASCII byte; `nil` = the one of `, ; tab |` that stands most often in the header, outside quotes.
    package var delimiter: UInt8?
    /// The text encoding; `nil` = by byte-order mark, else by looking at the first 64 KiB.
    package var encoding: TextEncoding?
    package var limits: CSVLimits

    package init(delimiter: UInt8? = nil, encoding: TextEncoding? = nil, limits: CSVLimits = CSVLimits()) {
        self.delimiter = delimiter
        self.encoding = encoding
        self.limits = limits
    }

    /// Whether a byte can separate fields: any ASCII character except NUL, the quote and the two line-ending characters.
    package static func canDelimit(_ byte: UInt8) -> Bool {
        byte > 0 && byte < 0x80 && byte != Byte.quote && byte != Byte.lineFeed && byte != Byte.carriageReturn
    }
}

/// The bounds that keep memory bounded whatever the file holds, in bytes of UTF-8 as written in the file (quotes included for rows).
package struct CSVLimits: Sendable, Equatable {
    package var fieldBytes: Int
    package var rowBytes: Int

    package init(fieldBytes: Int = 1 << 20, rowBytes: Int = 4 << 20) {
        self.fieldBytes = fieldBytes
        self.rowBytes = rowBytes
    }
}

/// The encodings that are read. The raw value is the spelling in configuration files.
package enum TextEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    case utf16LE = "utf-16le"
    case utf16BE = "utf-16be"
    case windows1252 = "windows-1252"

    /// The name for people.
    package var name: String {
        switch self {
        case .utf8: "UTF-8"
        case .utf16LE: "UTF-16LE"
        case .utf16BE: "UTF-16BE"
        case .windows1252: "Windows-1252"
        }
    }
}

/// How the first record of the file ends.
package enum LineEnding: String, Sendable {
    case lf = "LF"
    case crlf = "CRLF"
    case cr = "CR"
    /// The file ends with its first record.
    case endOfFile = "none"
}

/// A place in the file: physical line and column, both from 1; columns count code points and a byte-order mark is not counted.
package struct CSVPosition: Sendable, Hashable, CustomStringConvertible {
    package var line: Int
    package var column: Int

    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    package var description: String { "\(line):\(column)" }
}

/// The bytes with a meaning in RFC 4180.
enum Byte {
    static let quote = UInt8(ascii: "\"")
    static let lineFeed: UInt8 = 0x0A
    static let carriageReturn: UInt8 = 0x0D
    /// Where only the width of a delimiter matters.
    static let delimiterStandIn = UInt8(ascii: ",")

    /// A byte for messages: `','`, `tab`, or `0x1F`.
    static func name(_ byte: UInt8) -> String {
        switch byte {
        case 0x09: "tab"
        case 0x20..<0x7F: "'\(Character(UnicodeScalar(byte)))'"
        default: hex(byte)
        }
    }

    static func hex(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return digits.count == 1 ? "0x0\(digits)" : "0x\(digits)"
    }
}
