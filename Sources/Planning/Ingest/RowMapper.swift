internal import CEL
package import IdentityModel

/// The mapped values of one row.
package struct SourceRecord: Sendable, Hashable {
    package let key: UserKey
    package let position: SourcePosition
    package let rowHash: UInt64
    package let status: UserStatus?
    /// Only attributes with a value.
    package let attributes: [String: UserValue]
    /// False: the source's `claims:` says that the row is as if it were absent.
    package let isClaimed: Bool
    /// The row by column, for sources whose rows are kept.
    package let row: [String: String]?
    /// Why the row was looked at although it is the same; empty for a new or changed one.
    package let again: ReplanReasons

    package init(
        key: UserKey, position: SourcePosition, rowHash: UInt64, status: UserStatus?, attributes: [String: UserValue],
        isClaimed: Bool = true, row: [String: String]? = nil, again: ReplanReasons = []
    ) {
        self.key = key
        self.position = position
        self.rowHash = rowHash
        self.status = status
        self.attributes = attributes
        self.isClaimed = isClaimed
        self.row = row
        self.again = again
    }
}

/// A row that was set aside, with what can be read of it all the same.
package struct RowSetAside: Sendable, Hashable {
    package let quarantine: Quarantine
    /// The values by which it correlates: whoever they mean counts as present.
    package let correlating: [String: UserValue]
    /// The row says that the person has left.
    package let readsTerminated: Bool
    /// Why the user has to be planned although the row is of no use.
    package let again: ReplanReasons

    package init(
        quarantine: Quarantine, correlating: [String: UserValue] = [:], readsTerminated: Bool = false, again: ReplanReasons = []
    ) {
        self.quarantine = quarantine
        self.correlating = correlating
        self.readsTerminated = readsTerminated
        self.again = again
    }
}

/// Row -> record, or quarantine with line, column and reason. Not for several threads at once.
package final class RowMapper {
    private let configuration: SourceConfiguration
    private let schema: UserSchema
    private let columns: [String]
    private let reader: RowReader
    private let activation: Activation
    /// Columns that sensitive attributes are read from.
    private let secretFields: Set<String>

    /// `columns` of the file; without, rows are mapped by column from what is kept of them.
    package init(configuration: SourceConfiguration, schema: UserSchema, columns: [String]? = nil) {
        self.configuration = configuration
        self.schema = schema
        self.columns = columns ?? configuration.columns
        reader = RowReader(type: configuration.rowType, columns: self.columns)
        activation = Activation(Vocabulary.sourceEnvironment(row: configuration.rowType))
        secretFields = Set(
            configuration.mappings.filter { schema.isSensitive($0.attribute) }.flatMap {
                $0.expression.program.references.compactMap(\.field)
            })
        activation.bind(0, record: reader.record)
    }

    package enum Outcome: Sendable, Hashable {
        case record(SourceRecord)
        case setAside(RowSetAside)
    }

    /// `standing`: why the user has to be planned if the row is of no use.
    package func map(
        _ batch: SourceRowBatch, row: Int, key: UserKey, again: ReplanReasons, standing: ReplanReasons = []
    ) -> Outcome {
        reader.load(batch, row: row)
        let position = SourcePosition(file: batch.file, line: Int(batch.lines[row]))
        do {
            let kept = configuration.keepsRows ? self.row(batch, row) : nil
            return .record(try record(key, position, rowHash: batch.hashes[row], kept, again: again))
        } catch {
            // The first column the expression reads is where a person has to look.
            let column = self.column(of: error.expression)
            let place = column.map { batch.position(row: row, column: $0) } ?? (line: position.line, column: 1)
            return .setAside(
                setAside(error, key, SourcePosition(file: batch.file, line: place.line), place.column, column, again: standing))
        }
    }

    /// Maps a row anew that is kept with its claim, or waits for its person.
    package func map(
        kept values: [String: String], key: UserKey, position: SourcePosition, rowHash: UInt64, again: ReplanReasons
    ) -> Outcome {
        reader.load(columns.map { values[$0] ?? "" })
        do {
            return .record(try record(key, position, rowHash: rowHash, values, again: again))
        } catch {
            return .setAside(setAside(error, key, position, 1, column(of: error.expression), again: again))
        }
    }

    /// What a row that is of no use otherwise correlates by.
    package func correlating(_ batch: SourceRowBatch, row: Int) -> [String: UserValue] {
        reader.load(batch, row: row)
        return correlatingValues()
    }

    private struct Refusal: Error {
        let expression: Expression
        let reason: String
    }

    private func record(
        _ key: UserKey, _ position: SourcePosition, rowHash: UInt64, _ row: [String: String]?, again: ReplanReasons
    ) throws(Refusal) -> SourceRecord {
        guard try isClaimed() else {
            return SourceRecord(
                key: key, position: position, rowHash: rowHash, status: nil, attributes: [:], isClaimed: false, row: row, again: again)
        }
        try validate()
        let (status, attributes) = try values()
        return SourceRecord(
            key: key, position: position, rowHash: rowHash, status: status, attributes: attributes, row: row, again: again)
    }

    /// False: the row is as if it were absent. One of which that cannot be said counts.
    package func claims(_ batch: SourceRowBatch, row: Int) -> Bool {
        guard configuration.claims != nil else { return true }
        reader.load(batch, row: row)
        return (try? isClaimed()) ?? true
    }

    private func isClaimed() throws(Refusal) -> Bool {
        guard let claims = configuration.claims else { return true }
        do {
            return try claims.program.evaluate(activation).asBool == true
        } catch {
            throw Refusal(expression: claims, reason: "claims: \(words(error, claims))")
        }
    }

    /// What went wrong with a secret may quote it.
    private func words(_ error: CELError, _ expression: Expression) -> String {
        let isSecret = !secretFields.isEmpty && expression.program.references.contains { $0.field.map(secretFields.contains) ?? true }
        return isSecret ? "a value cannot be used (nothing of it is shown: it is a secret)" : error.message
    }

    private func validate() throws(Refusal) {
        for validation in configuration.validations {
            let isGood: Bool
            do {
                isGood = try validation.check.program.evaluate(activation).asBool == true
            } catch {
                let words = words(error, validation.check)
                throw Refusal(expression: validation.check, reason: "the check '\(validation.check.program.source)' failed: \(words)")
            }
            if !isGood { throw Refusal(expression: validation.check, reason: validation.reason) }
        }
    }

    private func values() throws(Refusal) -> (UserStatus?, [String: UserValue]) {
        var attributes: [String: UserValue] = [:]
        var status: UserStatus?
        for mapping in configuration.mappings {
            do {
                guard let value = try mapping.expression.program.evaluate(activation).unwrapped else { continue }
                if mapping.attribute == "status" {
                    status = try userStatus(value)
                } else if let converted = try userValue(value, for: mapping.attribute) {
                    attributes[mapping.attribute] = converted
                }
            } catch {
                throw Refusal(expression: mapping.expression, reason: "\(mapping.attribute): \(words(error, mapping.expression))")
            }
        }
        return (status, attributes)
    }

    private func row(_ batch: SourceRowBatch, _ row: Int) -> [String: String] {
        var values: [String: String] = [:]
        for (index, name) in columns.enumerated() where index < batch.columnCount && !batch.isEmpty(row: row, column: index) {
            values[name] = batch.text(row: row, column: index)
        }
        return values
    }

    // MARK: Rows set aside

    private func setAside(
        _ refusal: Refusal, _ key: UserKey, _ position: SourcePosition, _ column: Int, _ index: Int?, again: ReplanReasons
    ) -> RowSetAside {
        RowSetAside(
            quarantine: Quarantine(
                source: configuration.name, key: key, position: position, column: column, columnName: index.map { columns[$0] },
                reason: refusal.reason),
            correlating: correlatingValues(), readsTerminated: value(of: "status")?.asString == UserStatus.terminated.rawValue,
            again: again)
    }

    private func correlatingValues() -> [String: UserValue] {
        var values: [String: UserValue] = [:]
        for attribute in configuration.correlation {
            if let value = value(of: attribute) { values[attribute] = try? userValue(value, for: attribute) }
        }
        return values
    }

    private func value(of attribute: String) -> Value? {
        guard let mapping = configuration.mappings.first(where: { $0.attribute == attribute }) else { return nil }
        return (try? mapping.expression.program.evaluate(activation))?.unwrapped
    }

    private func column(of expression: Expression) -> Int? {
        expression.program.references.lazy.compactMap { $0.variable == "row" ? $0.field : nil }
            .compactMap { field in self.columns.firstIndex(of: field) }.first
    }

    private func userStatus(_ value: Value) throws(CELError) -> UserStatus {
        guard let text = value.asString, let status = UserStatus(rawValue: text) else {
            let known = UserStatus.allCases.map(\.rawValue).joined(separator: ", ")
            throw CELError(.invalidArgument, "'\(value.text ?? "")' is no status; a user is one of \(known)")
        }
        return status
    }

    /// A mapped "" is absent from the user (product.md section 2.1).
    private func userValue(_ value: Value, for attribute: String) throws(CELError) -> UserValue? {
        guard let position = schema.index[attribute] else { return nil }
        let type = schema.attributes[position].type
        switch (type, value) {
        case (.string, .string(let text)): return text.isEmpty ? nil : .string(text)
        case (.int, .int(let number)): return .int(number)
        case (.bool, .bool(let flag)): return .bool(flag)
        case (.date, .timestamp(let timestamp)): return .date(CivilDate(days: Int(timestamp.seconds.floorDivided(by: 86_400))))
        case (.list, .list(let elements)):
            let texts = elements.compactMap(\.asString).filter { !$0.isEmpty }
            return texts.isEmpty ? nil : .list(texts)
        case (.reference, .opaque(let reference)):
            return reference.payload.isEmpty ? nil : .reference(UserKey(reference.payload), in: configuration.name)
        default: throw CELError(.invalidArgument, "a \(type.rawValue) is expected, the expression gave a \(value.type.word)")
        }
    }
}

extension Int64 {
    func floorDivided(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
