package import CEL
package import IdentityModel

/// Turns users into the record `user` that rules and policy maps read. Not for several threads at once.
package final class UserReader {
    package let record: RecordBuffer
    private let schema: UserSchema
    /// The field that followed each field when attributes were last read, the first behind all: a guess that spares most look-ups, since
    /// the users of a run have much the same attributes.
    @exclusivity(unchecked) private var successors: [Int]

    package init(schema: UserSchema) {
        self.schema = schema
        record = RecordBuffer(schema.objectType)
        successors = Array(repeating: 0, count: schema.attributes.count + 1)
    }

    /// Makes the user the content of `record`.
    package func load(_ user: User) { record.load(slots(of: user)) }

    package func object(of user: User) -> ObjectValue { ObjectValue(type: schema.objectType, slots: slots(of: user)) }

    private func slots(of user: User) -> [Slot] {
        let count = schema.attributes.count
        var slots = [Slot](repeating: .absent, count: count + 1)
        var previous = count
        for (name, value) in user.attributes {
            var field = successors[previous]
            if field >= count || schema.attributes[field].name != name {
                guard let found = schema.index[name] else { continue }
                field = found
                successors[previous] = found
            }
            slots[field] = .value(value.expressionValue)
            previous = field
        }
        slots[count] = .value(.string(user.status.rawValue))
        return slots
    }
}

extension UserValue {
    /// The value as expressions see it.
    package var expressionValue: Value {
        switch self {
        case .string(let text): .string(text)
        case .int(let number): .int(number)
        case .bool(let flag): .bool(flag)
        case .date(let date): .timestamp(Timestamp(seconds: Int64(date.days) * 86_400))
        case .list(let elements): .strings(elements)
        case .reference(let user): .opaque(OpaqueValue(typeName: "ref", payload: user.key.text, context: user.source?.text))
        }
    }
}

/// User -> role assignments, each with its origin. Not for several threads at once.
package final class RuleEvaluation {
    /// A rule could not be decided for a user: the user is set aside instead of being given or refused roles by accident.
    package struct Failure: Error, Sendable, Hashable {
        package let rule: String
        package let message: String
    }

    private let rules: [BusinessRule]
    private let reader: UserReader
    private let activation: Activation

    package init(rules: [BusinessRule], schema: UserSchema) {
        self.rules = rules
        reader = UserReader(schema: schema)
        activation = Activation(Vocabulary.ruleEnvironment(schema))
        activation.bind(0, record: reader.record)
    }

    /// The assignments the user holds from now on, sorted. Assignments of other origins stay; exactly those of rules that no longer match end.
    package func assignments(of user: User, held: [RoleAssignment], today: CivilDate) throws(Failure) -> [RoleAssignment] {
        reader.load(user)
        var assignments = held.filter { assignment in
            if case .rule = assignment.origin { false } else { true }
        }
        for rule in rules where applies(rule, to: user, today: today) {
            if try matches(rule) {
                assignments.append(contentsOf: rule.roles.map { RoleAssignment(role: $0, origin: .rule(rule.name)) })
            }
        }
        return assignments.sorted()
    }

    private func applies(_ rule: BusinessRule, to user: User, today: CivilDate) -> Bool {
        if let from = rule.from, today < from { return false }
        if let until = rule.until, today > until { return false }
        return rule.statuses.contains(user.status)
    }

    /// `unless` beats `when`. A `when` that reads an attribute the user lacks does not match; an `unless` that does is a failure:
    /// an exclusion that cannot be decided must not be taken for "not excluded".
    private func matches(_ rule: BusinessRule) throws(Failure) -> Bool {
        do {
            guard try rule.when.program.evaluate(activation).asBool == true else { return false }
        } catch {
            if case .absentField = error.kind { return false }
            throw Failure(rule: rule.name, message: "\(rule.when.position): rule \(rule.name), when: \(error.message)")
        }
        guard let unless = rule.unless else { return true }
        do {
            return try unless.program.evaluate(activation).asBool != true
        } catch {
            throw Failure(rule: rule.name, message: "\(unless.position): rule \(rule.name), unless: \(error.message)")
        }
    }
}
