/// One row that cannot be used. The run goes on with the next row; the row is not among the batch's rows.
package struct CSVRowProblem: Sendable, Equatable {
    /// The physical line on which the row begins.
    package var rowLine: Int
    /// Where in the file the fault is.
    package var position: CSVPosition
    package var reason: Reason
    /// The name of the column in which the fault is, if it lies in one.
    package var columnName: String?
    /// The row's values by column, at most as many as the header has; `nil` = this value could not be read.
    ///
    /// After `tooFewFields` or `tooManyFields` the values are as written from the left, and those behind the unknown faulty place
    /// stand in wrong columns: a key read from here is to be believed only if it is known already.
    package var fields: [String?]

    package enum Reason: Sendable, Equatable {
        case tooFewFields(found: Int, expected: Int)
        case tooManyFields(found: Int, expected: Int)
        /// A byte that is not text in the encoding; `assumed` = the encoding was detected, not declared.
        case invalidByte(UInt8, TextEncoding, assumed: Bool)
        /// Half of a UTF-16 surrogate pair.
        case unpairedSurrogate
        /// `"Smith" John,`
        case textAfterClosingQuote
        /// `John "Jack" Smith,`; `afterSpaces` = only spaces stand before it in the field: ` "Smith"`.
        case quoteInUnquotedField(afterSpaces: Bool)
    }

    /// The finding and a hint, without the position.
    package var message: String {
        columnName.map { "column \($0): \(reason.message)" } ?? reason.message
    }
}

extension CSVRowProblem.Reason {
    /// The finding in plain words and what to do about it.
    package var message: String {
        switch self {
        case .tooFewFields(let found, let expected):
            "the row has \(count(found)), the header has \(expected); is a delimiter missing, or a line break not in quotes?"
        case .tooManyFields(let found, let expected):
            "the row has \(count(found)), the header has \(expected); is a value that contains the delimiter not in quotes?"
        case .invalidByte(let byte, .utf8, assumed: true):
            "byte \(Byte.hex(byte)) is not UTF-8, as which the file was read; if it is not, declare `encoding: windows-1252`"
        case .invalidByte(let byte, let encoding, _):
            "byte \(Byte.hex(byte)) is not text in \(encoding.name), the encoding of the file"
        case .unpairedSurrogate:
            "half of a UTF-16 surrogate pair; the text was damaged before it was written"
        case .textAfterClosingQuote:
            "text after the closing quote; a quote inside a quoted field must be doubled (\"\")"
        case .quoteInUnquotedField(afterSpaces: true):
            "a space before the opening quote; remove it"
        case .quoteInUnquotedField(afterSpaces: false):
            "a quote in a field that does not begin with one; put the field in quotes and double the quote (\"\")"
        }
    }

    private func count(_ fields: Int) -> String {
        fields == 1 ? "1 field" : "\(fields) fields"
    }
}

extension CSVRowProblem: CustomStringConvertible {
    /// `line:column: message`
    package var description: String { "\(position): \(message)" }
}
