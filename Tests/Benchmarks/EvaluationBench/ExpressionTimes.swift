import CEL
import IdentityModel
import Planning

/// Every expression of the map, one at a time, with the values it meets for the first person of the file who has all of them.
struct ExpressionTimes {
    struct Timed: Encodable {
        let name: String
        let source: String
        let nanoseconds: Double
        /// What it gives, as a text; nil where it has none.
        let value: String?
        let isOfMap: Bool
    }

    private let map: PolicyMap
    private let activation: Activation
    private let out: RecordBuffer
    private let user: Value
    private var letValues: [(String, Value)] = []

    init(_ company: Company) throws {
        map = company.map
        activation = Activation(map.environment)
        out = RecordBuffer(map.outType)
        let reader = UserReader(schema: company.configuration.schema)
        guard let person = company.users.max(by: { $0.attributes.count < $1.attributes.count }) else {
            throw Refusal("nobody is in the HR file")
        }
        reader.load(person)
        user = .object(reader.record.value)
        activation.set(0, .value(user))
        activation.set(1, .value(.object(ObjectValue(type: Vocabulary.accountType, slots: [.value(.bool(true))]))))
        activation.set(2, .value(.object(map.tables)))
        activation.bind(3, record: out)
        for step in map.steps { try take(step) }
    }

    private mutating func take(_ step: PolicyMap.Step) throws {
        switch step {
        case .define(let index):
            let value = try map.lets[index].expression.program.evaluate(activation)
            activation.set(map.lets[index].slot, .value(value))
            letValues.append((map.lets[index].name, value))
        case .compute(let index):
            switch map.attributes[index].value {
            case .literals(let texts): out.set(index, .value(.strings(texts)))
            case .expression(let expression):
                out.set(index, try expression.program.evaluate(activation).unwrapped.map { .value($0) } ?? .absent)
            case .unique(let unique): out.set(index, .value(try value(unique.candidates[0])))
            }
        }
    }

    private func value(_ candidate: UniqueRule.Candidate) throws -> Value {
        if let counter = candidate.counter { activation.set(counter.slot, .value(.int(Int64(counter.from)))) }
        return try candidate.expression.program.evaluate(activation)
    }

    func expressions() throws -> [Timed] {
        var all: [(String, Expression)] = map.lets.map { ("let \($0.name)", $0.expression) }
        for attribute in map.attributes {
            switch attribute.value {
            case .literals: break
            case .expression(let expression): all.append((attribute.name, expression))
            case .unique(let unique):
                for (number, candidate) in unique.candidates.enumerated() {
                    _ = try value(candidate)
                    all.append(("\(attribute.name), candidate \(number + 1)", candidate.expression))
                }
            }
        }
        return try all.map { name, expression in try timed(name, expression.program, activation, isOfMap: true) }
    }

    /// What the expressions read, by variable.
    func bindings() throws -> JSONValue {
        var all = Dictionary(
            letValues.compactMap { name, value in JSONValue(value).map { (name, $0) } }, uniquingKeysWith: { first, _ in first })
        all["user"] = JSONValue(user)
        all["account"] = .object(["enabled": .bool(true)])
        all["tables"] = JSONValue(.object(map.tables))
        all["out"] = JSONValue(.object(out.value))
        all["n"] = .int(2)
        return .object(all)
    }
}

func timed(_ name: String, _ program: Program, _ activation: Activation, isOfMap: Bool) throws -> ExpressionTimes.Timed {
    let value = try program.evaluate(activation)
    return ExpressionTimes.Timed(
        name: name, source: program.source, nanoseconds: try medianNanoseconds { _ = try program.evaluate(activation) },
        value: value.text, isOfMap: isOfMap)
}
