internal import CEL
package import IdentityModel

/// What policy tests have reached of one policy map: each rule, and each way in which its expressions can go.
package struct MapCoverage: Sendable {
    package struct Branch: Sendable {
        package let position: TextPosition
        /// What stands there.
        package let source: String
        /// What to say when no test takes it: `the default is never taken`.
        package let words: String
        /// How many tests took it.
        package fileprivate(set) var tests = 0
        fileprivate let point: CoveragePoint
        /// The part of the expression that nobody evaluates unless the branch is taken.
        fileprivate var guarded: Range<Int>?

        /// What stands inside of a part that is never evaluated is not worth a line of its own.
        fileprivate func isImplied(by other: Branch) -> Bool {
            guard let part = other.guarded, case .part(let expression, let observed, _) = point,
                case .part(let outer, _, _) = other.point, expression == outer
            else { return false }
            return point != other.point && part.lowerBound <= observed.lowerBound && observed.upperBound <= part.upperBound
        }
    }

    /// A line of `let` or of `attributes`, with how many tests had it come out which way.
    package struct Rule: Sendable {
        package enum Kind: String, Sendable {
            case define = "let"
            case attribute
        }

        package let name: String
        package let kind: Kind
        package let position: TextPosition
        package fileprivate(set) var evaluated = 0
        /// The stored value was kept.
        package fileprivate(set) var kept = 0
        package fileprivate(set) var leftAlone = 0
        package fileprivate(set) var failed = 0
        /// In the order of the file.
        package fileprivate(set) var branches: [Branch]
        package var taken: Int { branches.count { $0.tests > 0 } }
    }

    package let system: SystemName
    package let file: String
    /// How many tests have run.
    package private(set) var tests = 0
    /// In the order of the file.
    package private(set) var rules: [Rule]
    package var branchCount: Int { rules.reduce(0) { $0 + $1.branches.count } }
    package var takenCount: Int { rules.reduce(0) { $0 + $1.taken } }
    /// Without what follows from another one.
    package var neverTaken: [(rule: Rule, branch: Branch)] {
        rules.flatMap { rule in
            let missing = rule.branches.filter { $0.tests == 0 }
            return missing.filter { branch in !missing.contains { branch.isImplied(by: $0) } }.map { (rule, $0) }
        }
    }

    init(_ map: PolicyMap) {
        system = map.system
        file = map.file
        let lets = map.lets.map { rule in
            Rule(
                name: rule.name, kind: .define, position: rule.expression.position,
                branches: [rule.expression.evaluated] + rule.expression.coverageBranches)
        }
        let attributes = map.attributes.map { rule in
            Rule(name: rule.name, kind: .attribute, position: rule.position, branches: rule.coverageBranches)
        }
        rules = (lets + attributes).sorted { ($0.position.line, $0.position.column) < ($1.position.line, $1.position.column) }
    }

    /// One more test has run.
    mutating func add(_ observation: MapObservation, _ evaluation: AccountEvaluation?) {
        tests += 1
        if let evaluation { observation.noteNames(evaluation) }
        for index in rules.indices {
            for branch in rules[index].branches.indices where observation.points.contains(rules[index].branches[branch].point) {
                rules[index].branches[branch].tests += 1
            }
            guard rules[index].kind == .attribute else {
                if let isFailure = observation.lets[rules[index].position] {
                    if isFailure { rules[index].failed += 1 } else { rules[index].evaluated += 1 }
                }
                continue
            }
            switch evaluation?.outcome(of: rules[index].name) {
            case .values?: rules[index].evaluated += 1
            case .stored?: rules[index].kept += 1
            case .leftAlone?: rules[index].leftAlone += 1
            case .failed?: rules[index].failed += 1
            case nil: break
            }
        }
    }
}

/// Something a test can reach.
enum CoveragePoint: Hashable, Sendable {
    /// A way in which a part of the expression that stands at the position can go.
    case part(TextPosition, Range<Int>, CEL.Branch.Condition)
    /// The expression of a candidate at the position gave the name.
    case chosen(TextPosition)
    case literals(String)
    case skipped(String)
}

/// What one test reaches, as it is evaluated.
final class MapObservation {
    private(set) var points: Set<CoveragePoint> = []
    /// Whether the `let` at the position failed.
    private(set) var lets: [TextPosition: Bool] = [:]
    private var texts: [TextPosition: Set<String>] = [:]
    private let conditions: [CEL.Branch.Condition] = [.reached, .gives, .refuses, .present, .absent, .filled, .empty]

    func note(_ expression: Expression, _ part: Range<Int>, _ result: Result<Value, CELError>) {
        for condition in conditions where condition.isMet(by: result) { points.insert(.part(expression.position, part, condition)) }
        guard part == expression.program.range else { return }
        switch result {
        case .success(let value):
            lets[expression.position] = false
            if let text = value.unwrapped?.text { texts[expression.position, default: []].insert(text) }
        case .failure: lets[expression.position] = true
        }
    }

    /// Which candidates gave the names, and what does not show in expressions.
    func noteNames(_ evaluation: AccountEvaluation) {
        for (rule, outcome) in zip(evaluation.map.attributes, evaluation.outcomes) {
            switch (rule.value, outcome) {
            case (.literals, .values?): points.insert(.literals(rule.name))
            case (.unique(let unique), .values(let values)?):
                guard let name = values.first?.text else { continue }
                let chosen = unique.candidates.first { texts[$0.expression.position]?.contains(name) == true }
                if let chosen { points.insert(.chosen(chosen.expression.position)) }
            case (_, .leftAlone(_?)?): points.insert(.skipped(rule.name))
            case (.expression, _), (.literals, _), (.unique, _): break
            }
        }
    }
}

extension Expression {
    fileprivate func branch(
        _ part: Range<Int>, _ condition: CEL.Branch.Condition, shows range: Range<Int>, _ words: String
    ) -> MapCoverage.Branch {
        MapCoverage.Branch(
            position: self.position(ofOffset: range.lowerBound),
            source: String(decoding: Array(program.source.utf8)[range], as: UTF8.self), words: words,
            point: .part(position, part, condition), guarded: range != part || condition == .reached ? range : nil)
    }

    fileprivate var evaluated: MapCoverage.Branch { branch(program.range, .reached, shows: program.range, "is never evaluated") }

    fileprivate var coverageBranches: [MapCoverage.Branch] {
        program.branches.map { branch($0.observed, $0.condition, shows: $0.range, $0.words) }
    }
}

extension AttributeRule {
    fileprivate var coverageBranches: [MapCoverage.Branch] {
        var branches: [MapCoverage.Branch] = []
        if let when {
            branches.append(when.branch(when.program.range, .gives, shows: when.program.range, "is never true"))
            branches.append(when.branch(when.program.range, .refuses, shows: when.program.range, "is never false"))
            let whole = Set(branches.map(\.point))
            branches += when.coverageBranches.filter { !whole.contains($0.point) }
        }
        switch value {
        case .expression(let expression):
            if when == nil { branches.append(expression.evaluated) }
            branches += expression.coverageBranches
        case .literals:
            if when == nil {
                branches.append(
                    MapCoverage.Branch(position: position, source: name, words: "is never computed", point: .literals(name)))
            }
        case .unique(let unique):
            for candidate in unique.candidates {
                let expression = candidate.expression
                branches.append(
                    MapCoverage.Branch(
                        position: expression.position, source: expression.program.source, words: "is never the name that is chosen",
                        point: .chosen(expression.position)))
                branches += expression.coverageBranches
            }
        }
        if skipsOnError {
            branches.append(
                MapCoverage.Branch(
                    position: position, source: name, words: "has no error that 'onError: skip' skips", point: .skipped(name)))
        }
        return branches
    }
}
