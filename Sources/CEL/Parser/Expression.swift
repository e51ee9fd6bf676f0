/// A parsed expression. Macros of the language are kinds of their own, not calls.
final class Expression: Sendable {
    struct Element: Sendable {
        let value: Expression
        /// `[?x]`: left out when x is none.
        let isOptional: Bool
    }

    struct Entry: Sendable {
        let key: Expression
        let value: Expression
        let isOptional: Bool
    }

    enum Kind: Sendable {
        case literal(Value)
        /// `isRooted` for `.name`, which skips local variables and the container.
        case identifier(String, isRooted: Bool)
        case select(Expression, field: String, isOptional: Bool)
        case has(Expression, field: String)
        case index(Expression, Expression, isOptional: Bool)
        case call(String, target: Expression?, [Expression])
        case list([Element])
        case map([Entry])
        case and([Expression])
        case or([Expression])
        case conditional(Expression, Expression, Expression)
        case comprehension(Comprehension)
        case bind(String, Expression, Expression)
        /// `optMap` and `optFlatMap`.
        case optionalMap(Expression, variable: String, Expression, isFlat: Bool)
    }

    let id: Int
    let kind: Kind
    /// UTF-8 range of the whole expression.
    let range: Range<Int>
    /// UTF-8 range of what a message points at: a name, an operator.
    let focus: Range<Int>
    /// Nesting below and including this one.
    let depth: Int

    init(id: Int, kind: Kind, range: Range<Int>, focus: Range<Int>, depth: Int) {
        self.id = id
        self.kind = kind
        self.range = range
        self.focus = focus
        self.depth = depth
    }
}

/// A macro over the elements of a list or the entries of a map.
struct Comprehension: Sendable {
    enum Style: Sendable {
        case all, exists, existsOne, map, filter, transformMap, transformMapEntry, sortBy
    }

    let style: Style
    let range: Expression
    let variable: String
    /// Two-variable forms: index and element, or key and value.
    let second: String?
    let condition: Expression?
    let body: Expression
}

extension Expression.Kind {
    var children: [Expression] {
        switch self {
        case .literal, .identifier: []
        case .select(let operand, _, _), .has(let operand, _): [operand]
        case .index(let operand, let index, _): [operand, index]
        case .call(_, let target, let arguments): (target.map { [$0] } ?? []) + arguments
        case .list(let elements): elements.map(\.value)
        case .map(let entries): entries.flatMap { [$0.key, $0.value] }
        case .and(let operands), .or(let operands): operands
        case .conditional(let condition, let yes, let no): [condition, yes, no]
        case .comprehension(let comprehension):
            [comprehension.range] + (comprehension.condition.map { [$0] } ?? []) + [comprehension.body]
        case .bind(_, let value, let body): [value, body]
        case .optionalMap(let operand, _, let body, _): [operand, body]
        }
    }
}
