package import CEL
package import IdentityModel

/// How to reach a managed system: keys as the connector's type defines them, `{env:}` and `{file:}` already resolved.
package struct ConnectorSettings: Sendable {
    package let type: String
    package let traits: SystemTraits
    package let dialect: String?
    /// Plain settings by key.
    package let values: [String: String]
    /// Settings that must never be printed (password).
    package let secrets: [String: Sensitive<String>]
    package let position: TextPosition
    /// Settings that are not here, because the environment lacks them: with any of them the connector cannot be opened.
    package let missing: [MissingSetting]

    package init(
        type: String, traits: SystemTraits, dialect: String?, values: [String: String],
        secrets: [String: Sensitive<String>], position: TextPosition,
        missing: [MissingSetting] = []
    ) {
        self.missing = missing
        self.type = type
        self.traits = traits
        self.dialect = dialect
        self.values = values
        self.secrets = secrets
        self.position = position
    }
}

extension ConnectorSettings {
    package func lacking(_ missing: [MissingSetting]) -> ConnectorSettings {
        ConnectorSettings(
            type: type, traits: traits, dialect: dialect, values: values, secrets: secrets, position: position,
            missing: missing)
    }
}

/// A setting whose environment variable is not set, or whose file cannot be read.
package struct MissingSetting: Sendable, Hashable {
    package let key: String
    /// What is not there, in words.
    package let message: String
    package let position: TextPosition
    /// Characters from the position on.
    package let length: Int
    /// The line of the policy map.
    package let excerpt: String

    package init(key: String, message: String, position: TextPosition, length: Int, excerpt: String) {
        self.key = key
        self.message = message
        self.position = position
        self.length = length
        self.excerpt = excerpt
    }
}

package enum OnDelete: String, Sendable, CaseIterable {
    case delete = "DELETE"
    case disable = "DISABLE"
    case update = "UPDATE"
}

/// When a computed value is sent (product.md section 2.4).
package enum Enforcement: String, Sendable, CaseIterable { case onChange, always, ifEmpty, onCreate }

/// The rules that compute one managed system's accounts.
package final class PolicyMap: Sendable {
    /// One step of evaluation; steps stand in dependency order.
    package enum Step: Sendable, Hashable {
        /// Index into `lets`.
        case define(Int)
        /// Index into `attributes`.
        case compute(Int)
    }

    package final class Let: Sendable {
        package let name: String
        package let expression: Expression
        /// The variable's slot in `environment`.
        package let slot: Int
        package init(name: String, expression: Expression, slot: Int) {
            self.name = name
            self.expression = expression
            self.slot = slot
        }
    }

    package let system: SystemName
    package let file: String
    package let connector: ConnectorSettings
    /// Of the kind of system that it is.
    package let traits: SystemTraits
    package let correlation: [String]
    /// Name of the attribute rule that names the account; it is not sent as an attribute.
    package let accountName: String
    package let onDelete: OnDelete
    /// `grace: { deleteAfter: P30D }` in days.
    package let deleteAfterDays: Int?
    package let requires: [SystemName]
    package let lets: [Let]
    package let attributes: [AttributeRule]
    package let steps: [Step]
    /// Variables `user`, `account`, `tables`, `out`, then the lets and the counters of candidates.
    package let environment: Environment
    package let outType: ObjectType
    /// The value of `tables`, the same for every user.
    package let tables: ObjectValue
    /// How `out` shows each attribute.
    let outForms: [OutForm]
    /// The rule that names the account.
    let accountNameExpression: Expression?
    /// Attributes whose value stands in the account's name.
    package let attributesInName: Set<String>
    /// The places of the correlation attributes.
    let correlationIndices: [Int]
    private let indices: [String: Int]
    /// Attributes whose values are in no document: sensitive ones, but for those by which an entry is found or called (a name is no secret).
    package let secrets: Set<String>
    /// Attributes whose rule reads `account.enabled`, by itself or through `let` and `out`: what switches an account on and off.
    package let switchingAttributes: Set<String>
    /// Whether the account's name is chosen or kept, and not computed each time: then it counts as stored, although it is not written as an attribute.
    let keepsAccountName: Bool

    package init(
        system: SystemName, file: String, connector: ConnectorSettings, traits: SystemTraits, correlation: [String], accountName: String,
        onDelete: OnDelete, deleteAfterDays: Int?, requires: [SystemName], lets: [Let], attributes: [AttributeRule], steps: [Step],
        environment: Environment,
        outType: ObjectType, tables: ObjectValue
    ) {
        self.system = system
        self.file = file
        self.connector = connector
        self.traits = traits
        self.correlation = correlation
        self.accountName = accountName
        self.onDelete = onDelete
        self.deleteAfterDays = deleteAfterDays
        self.requires = requires
        self.lets = lets
        self.attributes = attributes
        self.steps = steps
        self.environment = environment
        self.outType = outType
        self.tables = tables
        outForms = outType.fields.map { OutForm($0.type) }
        let indices = Dictionary(attributes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        self.indices = indices
        switchingAttributes = Switching(steps: steps, lets: lets, attributes: attributes, accountName: accountName).attributes
        correlationIndices = correlation.compactMap { indices[$0] }
        let namer = indices[accountName].map { attributes[$0].value }
        let expression: Expression? = if case .expression(let expression)? = namer { expression } else { nil }
        accountNameExpression = expression
        let inName = Set(expression?.program.references.compactMap { $0.variable == "out" ? $0.field : nil } ?? [])
        attributesInName = inName
        let shown = inName.union(correlation).union([accountName])
        secrets = Set(attributes.filter { $0.isSensitive && !$0.isUnique && !shown.contains($0.name) }.map(\.name))
        keepsAccountName = attributes.contains { rule in
            guard rule.name == accountName else { return false }
            if case .unique = rule.value { return true }
            return rule.enforce == .onCreate
        }
    }

    /// Attributes that the map calls `sensitive`.
    package var sensitiveAttributes: Set<String> { Set(attributes.filter(\.isMarkedSensitive).map(\.name)) }

    /// Attributes that are lists, also with one value.
    package var listAttributes: Set<String> {
        let lists = zip(attributes, outType.fields).filter { rule, field in
            switch rule.value {
            case .literals: true
            case .expression: if case .list = field.type { true } else { false }
            case .unique: false
            }
        }
        return Set(lists.map(\.0.name))
    }

    /// What the values of an attribute are, where they are no texts.
    package var types: [String: ValueType] {
        let types = zip(attributes, outType.fields).map { rule, field in
            if case .expression = rule.value { (rule.name, ValueType(field.type)) } else { (rule.name, ValueType.text) }
        }
        return Dictionary(types.filter { $0.1 != .text }, uniquingKeysWith: { first, _ in first })
    }

    /// The place of an attribute rule.
    package func index(of attribute: String) -> Int? { indices[attribute] }
}

extension Account {
    /// What `enforce: onCreate` and kept names go by: the values we wrote, and the account's name where the map chooses it.
    package func storedValues(_ map: PolicyMap) -> [String: [AccountValue]] {
        guard map.keepsAccountName, let name else { return written }
        var values = written
        values[map.accountName] = [.text(name.text)]
        return values
    }
}

/// One line of a policy map's `attributes`.
package final class AttributeRule: Sendable {
    package enum Value: Sendable {
        case expression(Expression)
        /// A list of literal texts.
        case literals([String])
        case unique(UniqueRule)
    }

    package let name: String
    package let value: Value
    package let when: Expression?
    package let enforce: Enforcement
    /// `onError: skip` leaves the attribute alone; the default fails the account's order.
    package let skipsOnError: Bool
    /// In characters (code points).
    package let maxLength: Int?
    /// `sensitive: true`: its values are dots wherever they are shown, as those of `SensitiveAttributes` are.
    package let isMarkedSensitive: Bool
    package let position: TextPosition
    /// The values of a rule that is a list of literal texts; else none.
    let literalValues: [AccountValue]

    package init(
        name: String, value: Value, when: Expression? = nil, enforce: Enforcement = .onChange, skipsOnError: Bool = false,
        maxLength: Int? = nil, isMarkedSensitive: Bool = false, position: TextPosition
    ) {
        self.isMarkedSensitive = isMarkedSensitive
        self.name = name
        self.value = value
        self.when = when
        self.enforce = enforce
        self.skipsOnError = skipsOnError
        self.maxLength = maxLength
        self.position = position
        literalValues = if case .literals(let texts) = value { texts.map(AccountValue.text).withoutRepetitions } else { [] }
    }

    package var isSensitive: Bool { isMarkedSensitive || SensitiveAttributes.contains(name) }

    var isUnique: Bool { if case .unique = value { true } else { false } }
}

/// A value that nobody else may hold.
package final class UniqueRule: Sendable {
    package enum Scope: String, Sendable, CaseIterable { case system, container }
    package enum Match: String, Sendable, CaseIterable { case caseInsensitive, exact }
    package enum Place: String, Sendable, CaseIterable { case store, target }

    package struct Counter: Sendable, Hashable {
        package let variable: String
        package let slot: Int
        package let from: Int
        package let to: Int
        package init(variable: String, slot: Int, from: Int, to: Int) {
            self.variable = variable
            self.slot = slot
            self.from = from
            self.to = to
        }
    }

    package final class Candidate: Sendable {
        package let expression: Expression
        package let counter: Counter?
        package init(expression: Expression, counter: Counter?) {
            self.expression = expression
            self.counter = counter
        }
    }

    package let places: Set<Place>
    /// `container`: among accounts directly below the same parent; the parent is read off the account name rule, evaluated with the candidate.
    package let scope: Scope
    package let match: Match
    package let candidates: [Candidate]

    package init(places: Set<Place>, scope: Scope, match: Match, candidates: [Candidate]) {
        self.places = places
        self.scope = scope
        self.match = match
        self.candidates = candidates
    }
}
