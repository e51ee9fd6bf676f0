internal import CEL
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
    var isMarkedSensitive = false

    var unique: UniqueText? {
        if case .unique(let unique) = value { unique } else { nil }
    }
}

struct UniqueText {
    let places: Set<UniqueRule.Place>
    let scope: UniqueRule.Scope
    let match: UniqueRule.Match
    let candidates: [CandidateText]
    /// All of them could be read.
    let isWhole: Bool
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

/// A policy map with what it was made from, for whoever looks at it as a whole.
struct CheckedMap {
    let file: ConfigurationFile
    let section: Section
    /// What counts, written or not.
    let onDelete: OnDelete
    let lets: [LetText]
    let attributes: [AttributeText]
    let result: MapCompiler.Result
    let tables: ObjectValue
    /// Nil when anything was reported that leaves no usable map.
    let map: PolicyMap?

    /// A compiled expression with its text.
    struct Part {
        let expression: Expression
        let source: ExpressionSource
        let attribute: Int?
        let isCondition: Bool
    }

    var parts: [Part] {
        var parts: [Part] = []
        for (text, compiled) in zip(lets, result.lets) {
            guard let source = text.source, let compiled else { continue }
            parts.append(Part(expression: compiled.expression, source: source, attribute: nil, isCondition: false))
        }
        for (index, (text, rule)) in zip(attributes, result.attributes).enumerated() {
            guard let rule else { continue }
            if let source = text.when, let when = rule.when {
                parts.append(Part(expression: when, source: source, attribute: index, isCondition: true))
            }
            parts += values(text, rule).map { Part(expression: $0, source: $1, attribute: index, isCondition: false) }
        }
        return parts
    }

    private func values(_ text: AttributeText, _ rule: AttributeRule) -> [(Expression, ExpressionSource)] {
        switch (text.value, rule.value) {
        case (.expression(let source), .expression(let expression)): [(expression, source)]
        case (.unique(let texts), .unique(let unique)): zip(unique.candidates, texts.candidates).map { ($0.expression, $1.source) }
        case (.literals, _), (.refused, _), (.expression, _), (.unique, _): []
        }
    }
}
