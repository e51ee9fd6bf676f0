import CEL
import IdentityModel
import Pages
import Planning
import PolicyFiles
import Provisioning

/// What an expression gave when it was tried.
struct TriedExpression {
    let expression: Expression
    let person: Person
    let isMadeUp: Bool
    /// Whose policy map the expression stood in.
    let system: SystemName?
    /// `account.enabled`, in a policy map.
    var isEnabled: Bool?
    /// How what the expression reads came about.
    var steps: [TracedExpression] = []
    private(set) var step: TracedExpression?
    private(set) var value: Value?
    private(set) var error: CELError?

    init(expression: Expression, person: Person, isMadeUp: Bool, system: SystemName?) {
        self.expression = expression
        self.person = person
        self.isMadeUp = isMadeUp
        self.system = system
    }

    /// `evaluate` tells the value of every part.
    mutating func take(_ evaluate: ((Range<Int>, Result<Value, CELError>) -> Void) throws(CELError) -> Value) {
        step = TracedExpression(title: "expression", expression, evaluate: evaluate)
        do throws(CELError) {
            value = try evaluate { _, _ in }
        } catch {
            self.error = error
        }
    }

    func text(_ ink: Ink) -> String {
        var facts = Facts()
        if let step { facts.add(error == nil ? "value" : "failed", error == nil ? "\(step.value) (\(type))" : error?.message) }
        if system != nil, let value { facts.add("sent as", sent(value)) }
        facts.add("user", who)
        if let plan = person.plan { facts.add("", "as plan \(PlanText.number(plan)) would have them; it is not applied yet") }
        if let system, let isEnabled { facts.add("account", "on \(system), account.enabled is \(isEnabled)") }
        var lines = facts.lines(indent: 0, least: 7, ink)
        let steps = steps + [step].compactMap { $0 }.filter { !$0.parts.isEmpty }
        if !steps.isEmpty { lines.append("") }
        for step in steps { lines += step.lines(ink) }
        return lines.joined(separator: "\n")
    }

    private var type: String { expression.program.resultType.word }

    private var who: String {
        let name = NameHolders.person(person.user.key.text, person.user.displayName)
        return "\(name) (\(person.user.status.rawValue)\(isMadeUp ? ", made up" : ""))"
    }

    /// What a system would be sent, were it the value of an attribute.
    private func sent(_ value: Value) -> String {
        guard let values = value.accountValues else { return "nothing: no system could hold such a value" }
        return values.isEmpty ? "no value" : values.map(\.text).joined(separator: " | ")
    }

    var json: JSON {
        .object([
            JSON.Member("expression", .string(expression.program.source)), JSON.Member("type", .string(type)),
            JSON.Member("value", value?.json ?? .null), JSON.Member("shown", PlanPage.text(error == nil ? step?.value : nil)),
            JSON.Member("error", error.map(failure) ?? .null), JSON.Member("user", .string(person.user.key.text)),
            JSON.Member("userName", .string(person.user.displayName)), JSON.Member("status", .string(person.user.status.rawValue)),
            JSON.Member("madeUp", .bool(isMadeUp)), JSON.Member("asPlanned", person.plan?.ordinal.map(PlanPage.number) ?? .null),
            JSON.Member("system", PlanPage.text(system?.text)), JSON.Member("accountEnabled", isEnabled.map(JSON.bool) ?? .null),
            JSON.Member("steps", .array((steps + [step].compactMap { $0 }).map(\.page))),
        ])
    }

    private func failure(_ error: CELError) -> JSON {
        let place = TypedExpression.diagnostic(error, in: expression.program.source)
        return .object([
            JSON.Member("message", .string(error.message)), JSON.Member("line", PlanPage.number(place.position.line)),
            JSON.Member("column", PlanPage.number(place.position.column)),
        ])
    }
}

extension Value {
    /// Numbers that JSON has none for (NaN, infinities), dates and references are texts; none is null; of a record its name is told.
    fileprivate var json: JSON {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let map): .object(zip(map.keys, map.values).map { JSON.Member($0.text ?? $0.shown, $1.json) })
        case .optional(let optional): optional.wrapped?.json ?? .null
        case .uint(let number): Int64(exactly: number).map(JSON.int) ?? .string(text ?? shown)
        case .double(let number): number.isFinite ? .double(number) : .string(shown)
        case .bytes, .timestamp, .duration, .type, .object, .opaque: .string(text ?? shown)
        }
    }
}
