internal import CEL
internal import IdentityModel
internal import Planning

/// The expressions of a source, compiled against the columns that they read and the contract names.
struct SourceRules {
    let key: Expression?
    let claims: Expression?
    let validations: [SourceConfiguration.Validation]
    let mappings: [SourceConfiguration.Mapping]
    let rowType: ObjectType

    static func read(_ source: SourceReader, _ contract: SourceConfiguration.Contract) -> SourceRules {
        let texts = Texts(source)
        let rowType = Vocabulary.rowType(columns: texts.columns(contract))
        let environment = Vocabulary.sourceEnvironment(row: rowType)
        return SourceRules(
            key: texts.key?.expression(environment, expecting: .string),
            claims: texts.claims?.expression(environment, expecting: .bool),
            validations: texts.validations.compactMap { validation in
                guard let check = validation.check.expression(environment, expecting: .bool) else { return nil }
                ConditionLint.run(check.program, validation.check, .check)
                return SourceConfiguration.Validation(check: check, reason: validation.reason)
            },
            mappings: texts.mappings.compactMap { mapping in mapping.compiled(environment) }, rowType: rowType)
    }
}

private struct MappingText {
    let attribute: String
    let type: CELType
    /// The type in the words of the schema.
    let typeName: String
    let source: ExpressionSource

    func compiled(_ environment: Environment) -> SourceConfiguration.Mapping? {
        guard let program = source.compile(environment) else { return nil }
        let given = program.resultType.withoutOptional
        guard given == type || given == .dyn || (type == .list(.string) && given == .list(.dyn)) else {
            let hint =
                type == Vocabulary.userReference ? "; write ref(...)" : type == .timestamp && given == .string ? "; write date(...)" : ""
            source.error("'\(attribute)' is a \(typeName), but the expression gives \(program.resultType.word)\(hint)")
            return nil
        }
        ConditionLint.run(program, source, .value)
        return SourceConfiguration.Mapping(attribute: attribute, expression: Expression(program: program, position: source.position))
    }
}

/// The texts of the expressions, before the columns are known.
private struct Texts {
    var key: ExpressionSource?
    var claims: ExpressionSource?
    var validations: [(check: ExpressionSource, reason: String)] = []
    var mappings: [MappingText] = []
    private let file: ConfigurationFile

    init(_ source: SourceReader) {
        file = source.file
        key = source.section.required("key").flatMap { [file] in file.expression($0, "key") }
        claims = source.section["claims"].flatMap { [file] in file.expression($0, "claims") }
        readValidations(source)
        guard let node = source.section.required("map"), let entries = file.mapping(node, named: "'map'") else { return }
        for entry in entries {
            let position = source.schema.index[entry.key]
            guard position != nil || entry.key == "status" else {
                let known = source.schema.attributes.map(\.name) + ["status"]
                file.error(
                    "a user has no attribute '\(entry.key)'", at: entry.keyPoint, length: entry.keyLength,
                    suggestion: nearest(entry.key, in: known))
                continue
            }
            guard let expression = file.expression(entry.value, entry.key) else { continue }
            let type = position.map { source.schema.attributes[$0].type } ?? .string
            mappings.append(MappingText(attribute: entry.key, type: type.expressionType, typeName: type.rawValue, source: expression))
        }
    }

    private mutating func readValidations(_ source: SourceReader) {
        guard let node = source.section["validate"], !node.isRefused else { return }
        guard let nodes = node.list else {
            file.error("'validate' must be a list of checks, not \(node.kind)", at: node)
            return
        }
        for element in nodes {
            guard let part = Section(element, named: "a check", keys: ServiceShapes.check.names, in: file) else { continue }
            let check = part.required("check").flatMap { [file] in file.expression($0, "check") }
            let reason = part.required("reason").flatMap { [file] in file.nonEmptyText($0, "reason") }
            if let check, let reason { validations.append((check, reason.text)) }
        }
    }

    /// The contract's columns, then those that are only read. Says which of the latter look like a slip.
    func columns(_ contract: SourceConfiguration.Contract) -> [String] {
        let listed = contract.columns + contract.optionalColumns
        var columns = listed.reduce(into: []) { (all: inout [String], column) in if !all.contains(column) { all.append(column) } }
        let expressions = [key, claims].compactMap { $0 } + validations.map(\.check) + mappings.map(\.source)
        for expression in expressions {
            for column in RowColumns.read(by: expression.text) where !listed.contains(column) {
                if !listed.isEmpty { warn(column, expression, listed) }
                if !columns.contains(column) { columns.append(column) }
            }
        }
        return columns
    }

    private func warn(_ column: String, _ expression: ExpressionSource, _ listed: [String]) {
        let offset = expression.text.firstRange(of: column).map {
            expression.text.utf8.distance(from: expression.text.startIndex, to: $0.lowerBound)
        }
        file.warning(
            .columnNotInContract, "the column '\(column)' is read, but the contract does not list it",
            at: expression.scalar.place(ofOffset: offset ?? 0), length: column.unicodeScalars.count, suggestion: nearest(column, in: listed)
        )
    }
}

extension CELType {
    /// The type of the value itself, where there is one.
    var withoutOptional: CELType {
        if case .optional(let wrapped) = self { wrapped.withoutOptional } else { self }
    }
}
