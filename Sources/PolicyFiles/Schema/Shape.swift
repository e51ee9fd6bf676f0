/// A mapping in a YAML file: its keys, and what each of them holds.
///
/// Readers take the names of their keys from here, and the JSON Schema is written from it, so that neither knows a key the other does not.
struct MappingShape: Sendable {
    let about: String
    let keys: [KeyShape]

    init(_ about: String, _ keys: [KeyShape]) {
        self.about = about
        self.keys = keys
    }

    var names: [String] { keys.map(\.name) }
}

struct KeyShape: Sendable {
    let name: String
    let value: ValueShape
    let about: String
    let isRequired: Bool

    init(_ name: String, _ value: ValueShape, _ about: String, isRequired: Bool = false) {
        self.name = name
        self.value = value
        self.about = about
        self.isRequired = isRequired
    }
}

/// What stands behind a key. Every scalar but a secret and an expression can also be `{env: NAME, default: VALUE}` or `{file: PATH}`.
indirect enum ValueShape: Sendable {
    case text
    /// A text that is taken as it stands: neither from the environment nor from a file.
    case literal
    /// From the environment or a file only.
    case secret
    case flag
    case integer(ClosedRange<Int>)
    case choice([String])
    /// A text of a form, given as a regular expression that editors understand, and an example.
    case form(pattern: String, example: String)
    case expression
    case list(ValueShape, isEmptyAllowed: Bool)
    case mapping(MappingShape)
    /// Keys that the author chooses. `names` is what a key has to look like; nil: anything.
    case dictionary(names: String?, ValueShape)
    case either([ValueShape])
    /// Whatever YAML can say.
    case anything

    static func list(_ element: ValueShape) -> ValueShape { .list(element, isEmptyAllowed: true) }
    static func choice<Choice: RawRepresentable<String> & CaseIterable>(_ type: Choice.Type) -> ValueShape {
        .choice(Choice.allCases.map(\.rawValue))
    }

    /// What expressions can name (`String.isIdentifier`).
    static let identifier = "^[A-Za-z_][A-Za-z0-9_]*$"
    static let date = ValueShape.form(pattern: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$", example: "2026-03-31")

    static func percentage(_ unit: String) -> ValueShape { .form(pattern: "^[0-9]+\(unit)$", example: "20\(unit)") }
}
