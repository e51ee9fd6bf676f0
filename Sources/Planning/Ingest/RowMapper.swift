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
    /// Why the row was looked at although it is the same; empty for a new or changed one.
    package let again: ReplanReasons

    package init(
        key: UserKey, position: SourcePosition, rowHash: UInt64, status: UserStatus?, attributes: [String: UserValue],
        again: ReplanReasons = []
    ) {
        self.key = key
        self.position = position
        self.rowHash = rowHash
        self.status = status
        self.attributes = attributes
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

    package init(configuration: SourceConfiguration, schema: UserSchema, columns: [String]) {
        self.configuration = configuration
        self.schema = schema
        self.columns = columns
        reader = RowReader(type: configuration.rowType, columns: columns)
        activation = Activation(Vocabulary.sourceEnvironment(row: configuration.rowType))
        activation.bind(0, record: reader.record)
    }

    package enum Outcome: Sendable, Hashable {
        case record(SourceRecord)
        case quarantine(Quarantine)
    }

    package func map(_ batch: SourceRowBatch, row: Int, key: UserKey, again: ReplanReasons) -> Outcome {
        reader.load(batch, row: row)
        for validation in configuration.validations {
            do {
                if try validation.check.program.evaluate(activation).asBool != true {
                    return quarantine(batch, row, key, validation.check, validation.reason)
                }
            } catch {
                return quarantine(
                    batch, row, key, validation.check, "the check '\(validation.check.program.source)' failed: \(error.message)")
            }
        }
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
                return quarantine(batch, row, key, mapping.expression, "\(mapping.attribute): \(error.message)")
            }
        }
        let position = SourcePosition(file: batch.file, line: Int(batch.lines[row]))
        return .record(
            SourceRecord(key: key, position: position, rowHash: batch.hashes[row], status: status, attributes: attributes, again: again))
    }

    private func quarantine(_ batch: SourceRowBatch, _ row: Int, _ key: UserKey, _ expression: Expression, _ reason: String) -> Outcome {
        // The first column the expression reads is where a person has to look.
        let column = expression.program.references.lazy.compactMap { $0.variable == "row" ? $0.field : nil }
            .compactMap { field in self.columns.firstIndex(of: field) }.first
        let place = column.map { batch.position(row: row, column: $0) } ?? (line: Int(batch.lines[row]), column: 1)
        return .quarantine(
            Quarantine(
                source: configuration.name, key: key, position: SourcePosition(file: batch.file, line: place.line), column: place.column,
                columnName: column.map { columns[$0] }, reason: reason))
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
        case (.reference, .opaque(let reference)): return reference.payload.isEmpty ? nil : .reference(UserKey(reference.payload), in: configuration.name)
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
