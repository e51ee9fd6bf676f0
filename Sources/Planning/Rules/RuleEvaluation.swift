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
        for rule in rules {
            switch verdict(rule, user.status, today: today) {
            case .matches: assignments.append(contentsOf: rule.roles.map { RoleAssignment(role: $0, origin: .rule(rule.name)) })
            case .undecided(let failure): throw failure
            case .otherStatus, .notYet, .over, .noMatch, .excluded: break
            }
        }
        return assignments.sorted()
    }

    /// What one rule comes to for a user.
    package enum Verdict: Sendable, Hashable {
        /// The rule does not look at users of this status.
        case otherStatus
        case notYet(from: CivilDate)
        case over(until: CivilDate)
        /// `absent`: in words, the attribute that `when` reads and the user lacks.
        case noMatch(absent: String?)
        /// `when` matches, and so does `unless`.
        case excluded
        case matches
        case undecided(Failure)
    }

    /// The same evaluation that gives roles, for whoever has to say why.
    package func verdict(_ rule: BusinessRule, of user: User, today: CivilDate) -> Verdict {
        reader.load(user)
        return verdict(rule, user.status, today: today)
    }

    /// `unless` beats `when`. A `when` that reads an attribute the user lacks does not match; an `unless` that does is a failure:
    /// an exclusion that cannot be decided must not be taken for "not excluded".
    private func verdict(_ rule: BusinessRule, _ status: UserStatus, today: CivilDate) -> Verdict {
        guard rule.statuses.contains(status) else { return .otherStatus }
        if let from = rule.from, today < from { return .notYet(from: from) }
        if let until = rule.until, today > until { return .over(until: until) }
        do {
            guard try rule.when.program.evaluate(activation).asBool == true else { return .noMatch(absent: nil) }
        } catch {
            if case .absentField = error.kind { return .noMatch(absent: error.message) }
            return .undecided(
                Failure(rule: rule.name, message: "\(rule.when.position): rule \(rule.name), when: \(error.message)"))
        }
        guard let unless = rule.unless else { return .matches }
        do {
            return try unless.program.evaluate(activation).asBool == true ? .excluded : .matches
        } catch {
            return .undecided(
                Failure(rule: rule.name, message: "\(unless.position): rule \(rule.name), unless: \(error.message)"))
        }
    }
}
