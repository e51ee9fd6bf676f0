internal import IdentityModel

/// The shapes of a file as JSON Schema, draft 7: what yaml-language-server knows best.
struct JSONSchema {
    private static let dialect = "http://json-schema.org/draft-07/schema#"

    /// The schema of a whole file.
    static func document(_ title: String, _ root: MappingShape) -> JSON {
        let head = [JSON.Member("$schema", .string(dialect)), JSON.Member("title", .string(title))]
        let definitions = JSON.object([JSON.Member("outside", mapping(PolicyMapShapes.outside, extra: anyOf(["env"], ["file"])))])
        return .object(head + (mapping(root).members ?? []) + [JSON.Member("definitions", definitions)])
    }

    private static func mapping(_ shape: MappingShape, extra: [JSON.Member] = []) -> JSON {
        var members = [JSON.Member("description", .string(shape.about)), JSON.Member("type", .string("object"))]
        let required = shape.keys.filter(\.isRequired).map(\.name)
        if !required.isEmpty { members.append(JSON.Member("required", .strings(required))) }
        members.append(
            JSON.Member("properties", .object(shape.keys.map { JSON.Member($0.name, described(value($0.value), $0.about)) })))
        members.append(JSON.Member("additionalProperties", .bool(false)))
        return .object(members + extra)
    }

    /// At least one of these sets of keys.
    private static func anyOf(_ sets: [String]...) -> [JSON.Member] {
        [JSON.Member("anyOf", .array(sets.map { .object([JSON.Member("required", .strings($0))]) }))]
    }

    /// What a key is for stands above what its value is.
    private static func described(_ schema: JSON, _ about: String) -> JSON {
        .object([JSON.Member("description", .string(about))] + (schema.members ?? []).filter { $0.name != "description" })
    }

    // MARK: Values

    private static func value(_ shape: ValueShape) -> JSON {
        switch shape {
        case .text: return orOutside(scalar)
        case .literal, .expression: return scalar
        case .secret: return secret
        case .flag: return orOutside(object(("enum", .array([.bool(true), .bool(false)]))))
        case .integer(let range): return integer(range)
        case .choice(let words): return orOutside(object(("enum", .strings(words))))
        case .form(let pattern, let example):
            return orOutside(
                object(("type", .string("string")), ("pattern", .string(pattern)), ("examples", .strings([example]))))
        case .list(let element, let isEmptyAllowed): return list(element, isEmptyAllowed: isEmptyAllowed)
        case .mapping(let shape): return mapping(shape)
        case .dictionary(let names, let element): return dictionary(names, element)
        case .anything: return .object([])
        case .either(let shapes): return object(("anyOf", .array(shapes.map(value))))
        }
    }

    /// YAML reads 512 as a number and true as a truth value; here both are texts.
    private static let scalar = object(("type", .strings(["string", "number", "boolean"])))

    private static let secret = object(
        ("type", .string("object")),
        (
            "properties",
            .object([
                JSON.Member("env", described(scalar, "The environment variable that holds it.")),
                JSON.Member("file", described(scalar, "The file that holds it.")),
            ])
        ), ("additionalProperties", .bool(false)), ("minProperties", .int(1)), ("maxProperties", .int(1)))

    private static func orOutside(_ schema: JSON) -> JSON {
        object(("anyOf", .array([schema, object(("$ref", .string("#/definitions/outside")))])))
    }

    private static func integer(_ range: ClosedRange<Int>) -> JSON {
        orOutside(
            object(
                ("type", .string("integer")), ("minimum", .int(Int64(range.lowerBound))), ("maximum", .int(Int64(range.upperBound)))))
    }

    private static func list(_ element: ValueShape, isEmptyAllowed: Bool) -> JSON {
        let size: [(String, JSON)] = isEmptyAllowed ? [] : [("minItems", .int(1))]
        return .object(([("type", .string("array")), ("items", value(element))] + size).map { JSON.Member($0.0, $0.1) })
    }

    private static func dictionary(_ names: String?, _ element: ValueShape) -> JSON {
        guard let names else { return object(("type", .string("object")), ("additionalProperties", value(element))) }
        return object(
            ("type", .string("object")), ("patternProperties", .object([JSON.Member(names, value(element))])),
            ("additionalProperties", .bool(false)))
    }

    private static func object(_ members: (String, JSON)...) -> JSON { .object(members.map { JSON.Member($0.0, $0.1) }) }
}
