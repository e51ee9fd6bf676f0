/// What stops the reading of a file. Nothing after it is known, so nothing may be concluded from the rows before it.
package enum CSVError: Error, Sendable, Equatable {
    /// Nothing to read: no bytes, or only a byte-order mark and blank lines. An empty file is not a file of no rows.
    case empty
    case nulByte(CSVPosition)
    /// The file ends inside a quoted field: it was cut off, or the quote at the position is never closed.
    case unterminatedQuote(opened: CSVPosition)
    /// The header cannot be trusted, so no row can be.
    case malformedHeader(CSVPosition, CSVRowProblem.Reason)
    case duplicateColumn(name: String, first: CSVPosition, again: CSVPosition)
    /// The first record holds no column name at all.
    case namelessHeader(CSVPosition)
    /// The declared encoding contradicts the byte-order mark.
    case contradictingMark(declared: TextEncoding, found: TextEncoding)
    /// UTF-16 with an odd number of bytes.
    case cutCharacter(CSVPosition, TextEncoding)
    case fieldTooLong(CSVPosition, limit: Int)
    /// `openQuote` is where a quoted field begins that swallows the rest, if that is the likely cause.
    case rowTooLong(CSVPosition, limit: Int, openQuote: CSVPosition?)
    case unusableDelimiter(UInt8)
    /// The caller let one batch grow beyond what its offsets can address.
    case batchFull
}

extension CSVError {
    /// Where in the file; `nil` when it is about the file as a whole.
    package var position: CSVPosition? {
        switch self {
        case .empty, .contradictingMark, .unusableDelimiter, .batchFull: nil
        case .nulByte(let position), .unterminatedQuote(let position), .malformedHeader(let position, _): position
        case .duplicateColumn(_, _, let again): again
        case .namelessHeader(let position), .cutCharacter(let position, _): position
        case .fieldTooLong(let position, _), .rowTooLong(let position, _, _): position
        }
    }

    /// The finding and a hint, without the position.
    package var message: String {
        switch self {
        case .empty:
            "the file is empty: it has no header line"
        case .nulByte:
            "a NUL byte, which no text contains; is this a spreadsheet (.xlsx), a compressed file, or UTF-16 without a byte-order mark?"
        case .unterminatedQuote:
            "the file ends inside the quoted field that opens here; was it cut off, or is the closing quote (\") missing?"
        case .malformedHeader(_, let reason):
            "the header cannot be read: \(reason.message)"
        case .duplicateColumn(let name, let first, _):
            "the column '\(name)' appears twice in the header, first at \(first)"
        case .namelessHeader:
            "the header names no column; the first line must hold the column names"
        case .contradictingMark(let declared, let found):
            "the encoding is declared as \(declared.name), but the file begins with the byte-order mark of \(found.name); "
                + "declare `encoding: \(found.rawValue)` or `encoding: auto`"
        case .cutCharacter(_, let encoding):
            "the file ends in the middle of a character: \(encoding.name) needs an even number of bytes; was it cut off?"
        case .fieldTooLong(_, let limit):
            "the field that begins here is longer than \(limit) bytes; is a closing quote (\") missing?"
        case .rowTooLong(_, let limit, nil):
            "the row that begins here is longer than \(limit) bytes; is this a CSV file?"
        case .rowTooLong(_, let limit, let quote?):
            "the row that begins here is longer than \(limit) bytes; is the quote that opens at \(quote) never closed?"
        case .unusableDelimiter(let byte):
            "\(Byte.name(byte)) cannot be a delimiter; use one ASCII character other than a quote or a line ending"
        case .batchFull:
            "more than 4 GiB were read into one batch; empty it between chunks"
        }
    }
}

extension CSVError: CustomStringConvertible {
    /// `line:column: message`, or the message alone.
    package var description: String {
        position.map { "\($0): \(message)" } ?? message
    }
}
