internal import IdentityModel
internal import Planning

/// A line of `let`, not yet compiled.
struct LetText {
    let name: String
    let entry: YAMLEntry
    /// Nil when YAML holds none; that was reported.
    let source: ExpressionSource?
}

/// A line of `attributes`, not yet compiled.
struct AttributeText {
    enum Value {
        case expression(ExpressionSource)
        case literals([String])
        case unique(UniqueText)
        /// Reported; nothing to compile.
        case refused
    }

    let name: String
    let entry: YAMLEntry
    let value: Value
    let when: ExpressionSource?
    let enforce: Enforcement
    let skipsOnError: Bool
    let maxLength: Int?

    var unique: UniqueText? {
        if case .unique(let unique) = value { unique } else { nil }
    }
}

struct UniqueText {
    let places: Set<UniqueRule.Place>
    let scope: UniqueRule.Scope
    let match: UniqueRule.Match
    let candidates: [CandidateText]
    /// Where the list of candidates begins.
    let point: SourcePoint
}

struct CandidateText {
    struct Counter {
        let variable: String
        let from: Int
        let to: Int
    }

    let source: ExpressionSource
    let counter: Counter?
}
