import CEL
import Foundation

/// One case of the public suite, as `cel/*.json` holds it: values are tagged, `{"int":"1"}`.
struct CELConformanceCase {
    let id: String
    let file: String
    let expression: String
    let container: String
    let isChecked: Bool
    let isCheckOnly: Bool
    let deduced: String?
    let expected: Any?
    let declarations: [[String: Any]]
    let bindings: [String: Any]

    init?(_ json: Any) {
        guard let json = json as? [String: Any], let id = json["id"] as? String, let expression = json["expr"] as? String else {
            return nil
        }
        self.id = id
        file = json["file"] as? String ?? ""
        self.expression = expression
        container = json["container"] as? String ?? ""
        isChecked = !(json["disable_check"] as? Bool ?? false)
        isCheckOnly = json["check_only"] as? Bool ?? false
        deduced = json["deduced"] as? String
        expected = json["expect"]
        declarations = json["env"] as? [[String: Any]] ?? []
        bindings = json["bindings"] as? [String: Any] ?? [:]
    }

    var expectsError: Bool { (expected as? [String: Any])?["error"] != nil }

    /// nil when the case holds, else what happened.
    func failure() -> String? {
        let environment = environment()
        let program: Program
        switch environment.compile(expression) {
        case .failure(let diagnostics):
            return expectsError && !isCheckOnly ? nil : "does not compile: \(diagnostics.map(\.text).joined(separator: "; "))"
        case .program(let compiled): program = compiled
        }
        if let deduced, program.resultType != Self.type(deduced) { return "deduced \(program.resultType), expected \(deduced)" }
        if isCheckOnly { return nil }
        let activation = Activation(environment)
        for (name, json) in bindings {
            guard let slot = environment.slot(of: name), let value = Self.value(json) else { return "the binding of \(name) is unreadable" }
            activation.set(slot, .value(value))
        }
        do {
            let value = try program.evaluate(activation)
            if expectsError { return "gave \(value.shown), expected an error" }
            guard let expected else { return "the case expects nothing" }
            return Self.matches(value, expected) ? nil : "gave \(value), expected \(expected)"
        } catch {
            return expectsError ? nil : "failed: \(error.message)"
        }
    }

    private func environment() -> Environment {
        var variables: [(name: String, type: CELType)] = []
        var functions: [HostFunction] = []
        for declaration in declarations {
            guard let name = declaration["name"] as? String else { continue }
            if let type = declaration["type"] as? String { variables.append((name, Self.type(type))) }
            for overload in declaration["overloads"] as? [[String: Any]] ?? [] {
                functions.append(
                    HostFunction(
                        name: name, isReceiverStyle: overload["receiver"] as? Bool ?? false,
                        parameters: (overload["params"] as? [String] ?? []).map(Self.type),
                        result: Self.type(overload["result"] as? String ?? "dyn")
                    ) { (_) throws(CELError) in throw CELError(.noOverload, "only declared") })
            }
        }
        for name in bindings.keys.sorted() where !variables.contains(where: { $0.name == name }) { variables.append((name, .dyn)) }
        return Environment(variables: variables, functions: functions, container: container, isChecked: isChecked)
    }

    static func type(_ text: String) -> CELType {
        if text.hasPrefix("$") { return .parameter(text) }
        guard let open = text.firstIndex(of: "("), text.hasSuffix(")") else { return plainType(text) }
        let arguments = split(text[text.index(after: open)...].dropLast()).map(type)
        switch (String(text[..<open]), arguments.count) {
        case ("list", 1): return .list(arguments[0])
        case ("map", 2): return .map(arguments[0], arguments[1])
        case ("optional_type", 1): return .optional(arguments[0])
        case ("type", _): return .type(.dyn)
        case (let name, _): return .applied(name, arguments)
        }
    }

    private static func plainType(_ text: String) -> CELType {
        let known: [CELType] = [.dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration]
        let words = ["timestamp": CELType.timestamp, "duration": .duration, "null": .null]
        return known.first { $0.description == text } ?? words[text] ?? .opaque(text)
    }

    /// At commas outside parentheses.
    private static func split(_ text: Substring) -> [String] {
        var parts = [""]
        var depth = 0
        for character in text {
            if character == "(" { depth += 1 }
            if character == ")" { depth -= 1 }
            if character == ",", depth == 0 { parts.append("") } else { parts[parts.count - 1].append(character) }
        }
        return parts.map { $0.trimmingCharacters(in: .whitespaces) }
    }

    static func value(_ json: Any) -> Value? {
        guard let tagged = json as? [String: Any], tagged.count == 1, let (tag, content) = tagged.first else { return nil }
        let text = content as? String ?? ""
        switch tag {
        case "null": return .null
        case "bool": return (content as? Bool).map(Value.bool)
        case "int": return Int64(text).map(Value.int)
        case "uint": return UInt64(text).map(Value.uint)
        case "double": return number(text).map(Value.double)
        case "string": return .string(text)
        case "bytes": return Data(base64Encoded: text).map { .bytes(Array($0)) }
        case "list": return (content as? [Any]).map { .list($0.compactMap(value)) }
        case "map":
            let pairs = (content as? [[Any]] ?? []).compactMap { pair in value(pair[0]).flatMap { key in value(pair[1]).map { (key, $0) } }
            }
            return .map(MapValue(pairs))
        case "timestamp", "duration":
            guard case .program(let program) = Environment(variables: []).compile("\(tag)('\(text)')") else { return nil }
            return program.constant
        default: return nil
        }
    }

    private static func number(_ text: String) -> Double? {
        switch text {
        case "NaN": .nan
        case "Infinity": .infinity
        case "-Infinity": -.infinity
        default: Double(text)
        }
    }

    /// Of one type and equal; NaN is NaN and minus zero is minus zero.
    private static func matches(_ value: Value, _ expected: Any) -> Bool {
        if case .type(let type) = value, let name = (expected as? [String: Any])?["type"] as? String {
            return type.description.prefix { $0 != "(" } == name
        }
        return Self.value(expected).map { isSame(value, $0) } ?? false
    }

    private static func isSame(_ left: Value, _ right: Value) -> Bool {
        switch (left, right) {
        case (.double(let a), .double(let b)): (a.isNaN && b.isNaN) || (a == b && a.sign == b.sign)
        case (.list(let a), .list(let b)): a.count == b.count && zip(a, b).allSatisfy(isSame)
        case (.map(let a), .map(let b)):
            a.count == b.count && zip(a.keys, a.values).allSatisfy { key, value in b[key].map { isSame(value, $0) } ?? false }
        default: left.type == right.type && left == right
        }
    }
}
