/// A value on its way into SQL.
package enum SQLValue: Sendable {
    case null
    case int(Int64)
    case text(String)
    /// UTF-8 bytes that are bound as text: documents, which are written as bytes and never looked at in between.
    case document([UInt8])

    static func number(_ number: Int) -> SQLValue { .int(Int64(number)) }
    static func flag(_ flag: Bool) -> SQLValue { .int(flag ? 1 : 0) }
    static func optional(_ text: String?) -> SQLValue { text.map(SQLValue.text) ?? .null }
    static func optional(_ number: Int64?) -> SQLValue { number.map(SQLValue.int) ?? .null }
    static func texts(_ texts: some Sequence<String>) -> [SQLValue] { texts.map(SQLValue.text) }
}

/// A row of an answer, valid only while the closure that was given it runs. Columns count from 0.
package protocol SQLRow {
    func isNull(_ column: Int) -> Bool
    func int(_ column: Int) -> Int64
    func text(_ column: Int) -> String
    /// The UTF-8 bytes of a text, not copied.
    func withBytes<Result>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension SQLRow {
    func number(_ column: Int) -> Int { Int(int(column)) }
    func flag(_ column: Int) -> Bool { int(column) != 0 }
    func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    func optionalInt(_ column: Int) -> Int64? { isNull(column) ? nil : int(column) }
}

/// Takes the values of a row one after the other.
package protocol SQLBinder: AnyObject {
    func null()
    func int(_ number: Int64)
    func text(_ text: String)
    func document(_ bytes: [UInt8])
}

extension SQLBinder {
    func number(_ number: Int) { int(Int64(number)) }
    func flag(_ flag: Bool) { int(flag ? 1 : 0) }

    func optional(_ text: String?) {
        guard let text else { return null() }
        self.text(text)
    }

    func value(_ value: SQLValue) {
        switch value {
        case .null: null()
        case .int(let number): int(number)
        case .text(let text): self.text(text)
        case .document(let bytes): document(bytes)
        }
    }
}

/// A connection inside a transaction. Work on it is synchronous, so that transactions cannot interleave.
///
/// Statements have `$1` placeholders whose first uses stand in ascending order (SQLite numbers them by first use), and say nothing that only one
/// engine understands. What engines do differently stands in `SQLDialect`.
package protocol SQLSession {
    /// Runs a statement; the number of rows it changed.
    @discardableResult func execute(_ sql: String, _ arguments: [SQLValue]) throws -> Int
    func query(_ sql: String, _ arguments: [SQLValue], row: (any SQLRow) throws -> Void) throws
    /// Runs one statement `count` times, as fast as the engine can; `bind` is given each position and hands over its values. The answer: the positions for
    /// which the statement changed nothing.
    ///
    /// Values are taken from where they are: a chunk of a plan is forty thousand of them, and rows of `SQLValue` in between cost a third of saving it.
    @discardableResult func bulkLoad(_ sql: String, count: Int, bind: (Int, any SQLBinder) -> Void) throws -> [Int]
}

extension SQLSession {
    @discardableResult func execute(_ sql: String) throws -> Int { try execute(sql, []) }

    @discardableResult func bulkLoad(_ sql: String, _ rows: [[SQLValue]]) throws -> [Int] {
        try bulkLoad(sql, count: rows.count) { position, binder in
            for value in rows[position] { binder.value(value) }
        }
    }

    func queryOne<Result>(_ sql: String, _ arguments: [SQLValue] = [], _ row: (any SQLRow) throws -> Result) throws -> Result? {
        var result: Result?
        try query(sql, arguments) { result = try row($0) }
        return result
    }

    func queryAll<Result>(_ sql: String, _ arguments: [SQLValue] = [], _ row: (any SQLRow) throws -> Result) throws -> [Result] {
        var results: [Result] = []
        try query(sql, arguments) { results.append(try row($0)) }
        return results
    }

    /// Asks for many values at once: `(#)` in `sql` becomes a list of placeholders after those of `arguments`. Values must differ from each other,
    /// because they are asked for in batches.
    func query(_ sql: String, _ arguments: [SQLValue] = [], in values: [SQLValue], row: (any SQLRow) throws -> Void) throws {
        for batch in InList.batches(sql, after: arguments.count, values) { try query(batch.sql, arguments + batch.values, row: row) }
    }

    /// Like `query(_:_:in:row:)`.
    @discardableResult
    func execute(_ sql: String, _ arguments: [SQLValue] = [], in values: [SQLValue]) throws -> Int {
        var changed = 0
        for batch in InList.batches(sql, after: arguments.count, values) { changed += try execute(batch.sql, arguments + batch.values) }
        return changed
    }
}

/// Lists of few fixed lengths, filled up by repeating the last value, so that few statements are prepared and all stay cached.
private enum InList {
    static let sizes = [1, 8, 64, 512]

    static func batches(_ sql: String, after count: Int, _ values: [SQLValue]) -> [(sql: String, values: [SQLValue])] {
        stride(from: 0, to: values.count, by: 512).map { start in
            var batch = Array(values[start..<min(start + 512, values.count)])
            let size = sizes.first { $0 >= batch.count } ?? batch.count
            if let last = batch.last { batch.append(contentsOf: repeatElement(last, count: size - batch.count)) }
            let list = (1...size).map { "$\(count + $0)" }.joined(separator: ",")
            return (filled(sql, list), batch)
        }
    }

    /// Every query of a run comes by here: `replacing` took a twentieth of a run's time.
    private static func filled(_ sql: String, _ list: String) -> String {
        let mark = Array("(#)".utf8)
        var filled: [UInt8] = []
        var rest = Array(sql.utf8)[...]
        while let byte = rest.first {
            if byte == mark[0], rest.starts(with: mark) {
                filled += "(\(list))".utf8
                rest = rest.dropFirst(mark.count)
            } else {
                filled.append(rest.removeFirst())
            }
        }
        return String(decoding: filled, as: UTF8.self)
    }
}

/// The words in which engines differ when tables are made.
package struct SQLDialect: Sendable {
    /// The type of a primary key that the engine counts upwards and never gives twice.
    package let countedKey: String
    /// The type of a 64-bit primary key that we give ourselves.
    package let givenKey: String
    /// After the closing parenthesis of a table that is stored in the order of its primary key.
    package let clustered: String
    package init(countedKey: String, givenKey: String, clustered: String) {
        self.countedKey = countedKey
        self.givenKey = givenKey
        self.clustered = clustered
    }
}
