/// Why an expression gave no value.
package struct CELError: Error, Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        /// A field or variable that holds nothing was read; the path as written, `user.title`.
        case absentField(path: String)
        case noSuchKey
        case indexOutOfRange
        case overflow
        case divisionByZero
        /// A function refused the value it was given.
        case invalidArgument
        /// No form of the function or operator takes values of these types.
        case noOverload
        case unknownName
        /// `value()` of none.
        case noValue
        /// Cost, string or list size.
        case limit
    }

    private final class Storage: Sendable {
        let kind: Kind
        let message: String
        let offset: Int?

        init(kind: Kind, message: String, offset: Int?) {
            self.kind = kind
            self.message = message
            self.offset = offset
        }
    }

    // Boxed: one word to throw through every frame of an evaluation.
    private let storage: Storage

    package init(_ kind: Kind, _ message: String, offset: Int? = nil) {
        storage = Storage(kind: kind, message: message, offset: offset)
    }

    package var kind: Kind { storage.kind }
    package var message: String { storage.message }
    /// UTF-8 offset in the expression of the part that failed.
    package var offset: Int? { storage.offset }

    /// The same error with a position, unless it has one.
    package func at(_ offset: Int) -> CELError {
        storage.offset == nil ? CELError(kind, message, offset: offset) : self
    }

    package static func == (left: CELError, right: CELError) -> Bool {
        left.kind == right.kind && left.message == right.message && left.offset == right.offset
    }

    static func invalid(_ message: String) -> CELError { CELError(.invalidArgument, message) }
}

/// What is wrong with an expression before it is ever run.
package struct Diagnostic: Sendable, Equatable {
    /// Without the suggestion, which the renderer appends as `; did you mean 'X'?`.
    package let message: String
    /// UTF-8 offset and length within the expression.
    package let offset: Int
    package let length: Int
    /// A near name, bare.
    package let suggestion: String?
    /// Within the expression, from 1; the column counts code points.
    package let line: Int
    package let column: Int

    package init(message: String, offset: Int, length: Int, suggestion: String? = nil, in source: String) {
        self.message = message
        self.offset = offset
        self.length = length
        self.suggestion = suggestion
        (line, column) = Self.position(offset, in: source)
    }

    /// The message with its suggestion.
    package var text: String { suggestion.map { "\(message); did you mean '\($0)'?" } ?? message }

    private static func position(_ offset: Int, in source: String) -> (Int, Int) {
        var line = 1
        var column = 1
        for byte in source.utf8.prefix(offset) {
            if byte == UInt8(ascii: "\n") {
                line += 1
                column = 1
            } else if byte & 0xC0 != 0x80 {
                column += 1
            }
        }
        return (line, column)
    }
}
