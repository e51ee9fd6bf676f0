import Foundation
import IdentityModel

/// Holds a value against a JSON Schema: as much of draft 7 as ours use. What it does not know is a finding, so that nothing is passed over.
struct SchemaValidation {
    let root: JSON
    private static let known: Set<String> = [
        "$schema", "title", "description", "type", "required", "properties", "additionalProperties", "patternProperties", "definitions",
        "$ref",
        "anyOf", "enum", "pattern", "examples", "minimum", "maximum", "items", "minItems", "minProperties", "maxProperties",
    ]

    /// Paths and reasons; empty for a value that fits.
    func findings(_ value: JSON) -> [String] { findings(value, root, "") }

    private func findings(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        guard let members = schema.members else { return ["\(path): the schema is no object"] }
        if case .string(let reference)? = schema["$ref"] {
            guard let target = root["definitions"]?[String(reference.split(separator: "/").last ?? "")] else {
                return ["\(path): no \(reference)"]
            }
            return findings(value, target, path)
        }
        var found = members.map(\.name).filter { !SchemaValidation.known.contains($0) }.map { "\(path): unknown keyword \($0)" }
        if let types = schema["type"], !types.allStrings.contains(where: value.hasType) { found.append("\(path): is no \(types.text)") }
        if let words = schema["enum"]?.arrayValue, !words.contains(value) {
            found.append("\(path): \(value.text) is none of \(words.map(\.text))")
        }
        if let options = schema["anyOf"]?.arrayValue {
            let all = options.map { findings(value, $0, path) }
            if !all.contains(where: \.isEmpty) { found.append("\(path): fits nothing: \(all.joined())") }
        }
        if let pattern = schema["pattern"]?.stringValue, let text = value.stringValue, !text.fits(pattern) {
            found.append("\(path): '\(text)' does not match \(pattern)")
        }
        if let number = value.intValue {
            if let minimum = schema["minimum"]?.intValue, number < minimum { found.append("\(path): \(number) is less than \(minimum)") }
            if let maximum = schema["maximum"]?.intValue, number > maximum { found.append("\(path): \(number) is more than \(maximum)") }
        }
        return found + elements(value, schema, path) + properties(value, schema, path)
    }

    private func elements(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        guard let elements = value.arrayValue else { return [] }
        var found: [String] = []
        if let minimum = schema["minItems"]?.intValue, elements.count < minimum { found.append("\(path): is too short") }
        guard let items = schema["items"] else { return found }
        return found + elements.enumerated().flatMap { findings($1, items, "\(path)[\($0)]") }
    }

    private func properties(_ value: JSON, _ schema: JSON, _ path: String) -> [String] {
        guard let members = value.members else { return [] }
        let given = Set(members.map(\.name))
        var found = (schema["required"]?.strings ?? []).filter { !given.contains($0) }.map { "\(path): '\($0)' is missing" }
        if let minimum = schema["minProperties"]?.intValue, members.count < minimum { found.append("\(path): has too few keys") }
        if let maximum = schema["maxProperties"]?.intValue, members.count > maximum { found.append("\(path): has too many keys") }
        for member in members {
            let place = "\(path).\(member.name)"
            let patterns = (schema["patternProperties"]?.members ?? []).filter { member.name.fits($0.name) }
            if let property = schema["properties"]?[member.name] {
                found += findings(member.value, property, place)
            } else if !patterns.isEmpty {
                found += patterns.flatMap { findings(member.value, $0.value, place) }
            } else if case .bool(false)? = schema["additionalProperties"] {
                found.append("\(place): unknown key")
            } else if let additional = schema["additionalProperties"] {
                found += findings(member.value, additional, place)
            }
        }
        return found
    }
}

extension JSON {
    fileprivate var allStrings: [String] { stringValue.map { [$0] } ?? strings }

    fileprivate func hasType(_ type: String) -> Bool {
        switch self {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .int: type == "integer" || type == "number"
        case .double: type == "number"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}

extension String {
    fileprivate func fits(_ pattern: String) -> Bool { range(of: pattern, options: .regularExpression) != nil }
}
