/// One of the ways in which evaluating a part of an expression can go. A policy test that never goes it leaves it unproved.
package struct Branch: Sendable, Hashable {
    /// What the observed part has to give for the branch to count as taken.
    package enum Condition: Sendable, Hashable {
        /// Anything, an error included.
        case reached
        /// True.
        case gives
        /// False.
        case refuses
        /// An optional with a value; or none.
        case present, absent
        /// Anything but null, none and the empty text; or one of those.
        case filled, empty

        package func isMet(by result: Result<Value, CELError>) -> Bool {
            guard case .success(let value) = result else { return self == .reached }
            return switch self {
            case .reached: true
            case .gives: value.asBool == true
            case .refuses: value.asBool == false
            case .present: value.isPresent
            case .absent: !value.isPresent
            case .filled: value.unwrapped.map { !$0.isBlank } ?? false
            case .empty: value.unwrapped?.isBlank ?? true
            }
        }
    }

    /// UTF-8 range of the part whose result tells: the same as a traced evaluation reports.
    package let observed: Range<Int>
    package let condition: Condition
    /// UTF-8 range of the part a person has to look at: the arm of a `?:`, the default of an `orValue`.
    package let range: Range<Int>
    /// What to say when the branch was never taken: `the default is never taken`.
    package let words: String
}

extension Value {
    fileprivate var isPresent: Bool {
        if case .optional(let optional) = self { optional.wrapped != nil } else { true }
    }
}

extension Expression {
    /// The branches of the expression and of everything in it, in the order in which they stand; each once.
    var branches: [Branch] {
        var collection = BranchCollection()
        collection.walk(self, isObserved: false)
        return collection.branches.sorted {
            ($0.range.lowerBound, $0.range.upperBound, $0.words) < ($1.range.lowerBound, $1.range.upperBound, $1.words)
        }
    }
}

private struct BranchCollection {
    private(set) var branches: [Branch] = []
    private struct Key: Hashable {
        let observed: Range<Int>
        let condition: Branch.Condition
    }
    private var seen: Set<Key> = []

    /// A condition that decides a `?:` is itself true and false: it is not counted a second time.
    private mutating func add(_ observed: Expression, _ condition: Branch.Condition, shows shown: Expression, _ words: String) {
        guard seen.insert(Key(observed: observed.range, condition: condition)).inserted else { return }
        branches.append(Branch(observed: observed.range, condition: condition, range: shown.range, words: words))
    }

    /// `isObserved`: whoever holds this expression tells already whether it has a value.
    mutating func walk(_ expression: Expression, isObserved: Bool) {
        var observed: Set<Int> = []
        switch expression.kind {
        case .conditional(let test, let yes, let no):
            add(test, .gives, shows: yes, "what stands behind '?' is never taken")
            add(test, .refuses, shows: no, "what stands behind ':' is never taken")
        case .and(let operands): decide(expression, operands, by: .refuses, "&&")
        case .or(let operands): decide(expression, operands, by: .gives, "||")
        case .call("orValue", let target?, let arguments) where arguments.count == 1,
            .call("or", let target?, let arguments) where arguments.count == 1:
            add(target, .present, shows: target, "never has a value")
            add(target, .absent, shows: arguments[0], "the default is never taken")
            observed.insert(target.id)
        case .call("ifEmpty", let target?, let arguments) where arguments.count == 1:
            add(target, .filled, shows: target, "is always empty")
            add(target, .empty, shows: arguments[0], "the default is never taken")
        case .call("coalesce", nil, let arguments):
            for argument in arguments.dropLast() { add(argument, .filled, shows: argument, "never gives the value of coalesce()") }
            if let last = arguments.last { add(last, .reached, shows: last, "is never reached") }
        case .optionalMap(let operand, _, let body, let isFlat) where isFlat || !isObserved:
            add(operand, .present, shows: body, "is never reached: there is no value")
            add(operand, .absent, shows: operand, "is never none")
        case .list(let elements):
            for element in elements where element.isOptional { observed.insert(optional(element.value)) }
        case .map(let entries):
            for entry in entries where entry.isOptional { observed.insert(optional(entry.value)) }
        case .literal, .identifier, .select, .has, .index, .call, .comprehension, .bind, .optionalMap: break
        }
        for child in expression.kind.children { walk(child, isObserved: observed.contains(child.id)) }
    }

    private mutating func optional(_ element: Expression) -> Int {
        add(element, .present, shows: element, "never has a value")
        add(element, .absent, shows: element, "is never none")
        return element.id
    }

    /// Each operand may decide alone; and none may.
    private mutating func decide(_ whole: Expression, _ operands: [Expression], by condition: Branch.Condition, _ sign: String) {
        let decisive = condition == .gives
        for operand in operands { add(operand, condition, shows: operand, "is never \(decisive), which would decide the '\(sign)'") }
        add(whole, decisive ? .refuses : .gives, shows: whole, "is never \(!decisive) as a whole")
    }
}
