internal import CEL
internal import IdentityModel
internal import Planning

/// Settings of one adapter as they are read, those of sections under keys with dots.
struct AdapterReading {
    private var values: [String: String] = [:]
    private var secrets: [String: Sensitive<String>] = [:]
    /// Where each key stands that was read.
    private(set) var places: [String: YAMLEntry] = [:]
    /// To be compiled once it is known what they may name.
    private(set) var expressions: [AdapterExpression] = []

    func settings(_ type: String) -> AdapterSettings { AdapterSettings(type: type, values: values, secrets: secrets) }

    mutating func read(_ section: Section, _ keys: [AdapterShape.Key], under prefix: String = "") {
        for declared in keys {
            if declared.isRequired, section.required(declared.name) == nil { continue }
            guard let entry = section.entry(declared.name) else { continue }
            places[prefix + declared.name] = entry
            read(entry.value, declared, prefix + declared.name, section.file)
        }
    }

    private mutating func read(_ node: YAMLNode, _ declared: AdapterShape.Key, _ key: String, _ file: ConfigurationFile) {
        let name = declared.name
        switch declared.kind {
        case .text: values[key] = file.nonEmptyText(node, name)?.text
        case .flag: values[key] = file.flag(node, name).map(String.init)
        case .secret: secrets[key] = file.secret(node, name)
        case .number(let range): values[key] = file.integer(node, name, in: range).map(String.init)
        case .word(let words): values[key] = word(node, name, words, file)
        case .texts: values[key] = file.texts(node, name)?.map(\.text).joined(separator: "\n")
        case .section(let keys):
            let shape = AdapterShape(type: name, keys: keys)
            guard let section = Section(node, named: "'\(name)'", keys: shape.keys.map(\.name), in: file) else { return }
            // That it is there says something, also where it is empty.
            values[key] = ""
            read(section, shape.keys, under: key + ".")
        case .dictionary:
            for entry in file.mapping(node, named: "'\(name)'") ?? [] {
                values["\(key).\(entry.key)"] = file.nonEmptyText(entry.value, entry.key)?.text
            }
        case .expression(let variables, let gives):
            guard let source = file.expression(node, name) else { return }
            values[key] = source.text
            expressions.append(AdapterExpression(source: source, variables: variables, gives: gives))
        case .template(let variables):
            guard let scalar = node.scalar, !scalar.text.isEmpty else { return file.error("'\(name)' must be a text", at: node) }
            values[key] = scalar.text
            let source = ExpressionSource(scalar: scalar, file: file)
            expressions.append(AdapterExpression(source: source, variables: variables, gives: nil))
        }
    }

    private func word(_ node: YAMLNode, _ key: String, _ words: [String], _ file: ConfigurationFile) -> String? {
        guard let value = file.text(node, key) else { return nil }
        if words.contains(value.text) { return value.text }
        file.error(
            "'\(key)' must be \(file.alternatives(words)), not '\(value.text)'", at: value.point, length: value.length,
            suggestion: nearest(value.text, in: words))
        return nil
    }
}

/// What an adapter's expression, or the expressions of its template (`gives` is nil), may name and have to give.
struct AdapterExpression {
    let source: ExpressionSource
    let variables: [AdapterShape.Variable]
    let gives: AdapterShape.Variable.Kind?

    /// Reports what is wrong.
    func check(attributes: [String]) {
        let environment = AdapterExpression.environment(variables, attributes)
        if let gives {
            _ = source.compile(environment, expecting: AdapterExpression.type(gives, attributes, called: ""))
            return
        }
        do throws(TextTemplate.Malformed) {
            for case .expression(let text, let offset) in try TextTemplate(source.text).pieces {
                switch environment.compile(text) {
                case .program(let program) where [.string, .int, .bool, .dyn].contains(program.resultType): break
                case .program(let program):
                    let range = offset..<offset + text.utf8.count
                    source.error("the expression gives \(program.resultType.word), but a text or a number is wanted", at: range)
                case .failure(let diagnostics):
                    for diagnostic in diagnostics {
                        let start = offset + diagnostic.offset
                        source.error(diagnostic.message, at: start..<start + diagnostic.length, suggestion: diagnostic.suggestion)
                    }
                }
            }
        } catch {
            source.error(error.message, at: error.offset..<error.offset + 1)
        }
    }

    private static func environment(_ variables: [AdapterShape.Variable], _ attributes: [String]) -> Environment {
        Environment(variables: variables.map { (name: $0.name, type: type($0.kind, attributes, called: $0.name) ?? .dyn) })
    }

    private static func type(
        _ kind: AdapterShape.Variable.Kind, _ attributes: [String], called name: String
    ) -> CELType? {
        switch kind {
        case .text: .string
        case .number: .int
        case .flag: .bool
        case .list: .list(.dyn)
        case .anything: nil
        case .attributes: record(name, attributes.map { $0.split(separator: ".").map(String.init)[...] })
        }
    }

    /// Of names with dots those behind the same first part are one record.
    private static func record(_ name: String, _ paths: [ArraySlice<String>]) -> CELType {
        var order: [String] = []
        var below: [String: [ArraySlice<String>]] = [:]
        for path in paths {
            guard let first = path.first else { continue }
            if below[first] == nil { order.append(first) }
            below[first, default: []].append(path.dropFirst())
        }
        let fields = order.map { field in
            let deeper = (below[field] ?? []).filter { !$0.isEmpty }
            return ObjectType.Field(name: field, type: deeper.isEmpty ? .dyn : record("\(name).\(field)", deeper))
        }
        return .object(ObjectType(name: name, fields: fields, whenAbsent: .error))
    }
}
