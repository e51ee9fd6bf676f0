package import CEL
package import IdentityModel

/// A place in a configuration file, lines and columns from 1 (columns in characters).
package struct TextPosition: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let line: Int
    package let column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    package var description: String { "\(file):\(line):\(column)" }
}

/// A compiled expression and where it stands.
/// A reference, so that passing it on costs one count and not one for each of its parts.
package final class Expression: Sendable {
    /// From this code point of the expression on, one code point after the other stands in the file from `position` on.
    package struct Run: Sendable, Hashable {
        package let codePoint: Int
        package let position: TextPosition
        package init(codePoint: Int, position: TextPosition) {
            self.codePoint = codePoint
            self.position = position
        }
    }

    package let program: Program
    package let position: TextPosition
    /// Where quotes, indentation or a folded line interrupt the expression in its file, in order; without any it stands in one piece.
    private let runs: [Run]
    package init(program: Program, position: TextPosition, runs: [Run] = []) {
        self.program = program
        self.position = position
        self.runs = runs
    }

    /// As written.
    package var text: String { program.source }

    /// The place in the file of a UTF-8 offset in the expression.
    package func position(ofOffset offset: Int) -> TextPosition {
        let count = program.source.utf8.prefix(offset).count { $0 & 0xC0 != 0x80 }
        let run = runs.last { $0.codePoint <= count } ?? Run(codePoint: 0, position: position)
        return TextPosition(file: position.file, line: run.position.line, column: run.position.column + count - run.codePoint)
    }
}

/// Everything the configuration directory says, checked and compiled.
package struct Configuration: Sendable {
    package let service: ServiceSettings
    package let schema: UserSchema
    /// In the order of the file.
    package let sources: [SourceConfiguration]
    package let roles: [Role]
    package let rules: [BusinessRule]
    /// By system name.
    package let policyMaps: [PolicyMap]
    package let guards: GuardSettings
    /// SHA-256 (hexadecimal) over the bytes of every YAML file and lookup, each with its relative path, in sorted order, and over `outsideValues`.
    package let hash: String
    /// What `{env:}` and `{file:}` gave for whatever expressions, rules, roles, maps and tables read: a digest by name ("env REGION"). Neither secrets nor what
    /// only says where things are (store, files, events, connectors).
    package let outsideValues: [String: String]
    /// What stands in place of secrets in accounts and orders. Not part of the files: whoever has the key says it.
    package var secrets = SecretKeeping.inClear

    package init(
        service: ServiceSettings, schema: UserSchema, sources: [SourceConfiguration], roles: [Role], rules: [BusinessRule],
        policyMaps: [PolicyMap], guards: GuardSettings, hash: String, outsideValues: [String: String] = [:]
    ) {
        self.service = service
        self.schema = schema
        self.sources = sources
        self.roles = roles
        self.rules = rules
        self.policyMaps = policyMaps
        self.guards = guards
        self.hash = hash
        self.outsideValues = outsideValues
    }

    /// Names of values from outside that are others than those kept with a plan, in order. A name that only one of the two knows is an edit of the YAML.
    package func changedValues(since kept: [String: String]) -> [String] {
        kept.filter { name, digest in outsideValues[name].map { $0 != digest } ?? false }.keys.sorted()
    }

    /// Attributes of users and of accounts that the configuration calls `sensitive`.
    package var sensitiveAttributes: Set<String> {
        policyMaps.reduce(into: Set(schema.attributes.filter(\.isMarkedSensitive).map(\.name))) { $0.formUnion($1.sensitiveAttributes) }
    }

    /// The same configuration with one managed system.
    package func only(_ system: SystemName) -> Configuration {
        var one = Configuration(
            service: service, schema: schema, sources: sources, roles: roles, rules: rules,
            policyMaps: policyMaps.filter { $0.system == system }, guards: guards, hash: hash,
            outsideValues: outsideValues)
        one.secrets = secrets
        return one
    }

    /// The same configuration, with this in place of secrets.
    package func keeping(_ secrets: SecretKeeping) -> Configuration {
        var kept = self
        kept.secrets = secrets
        return kept
    }

    package func source(_ name: SourceName) -> SourceConfiguration? { sources.first { $0.name == name } }
    package func policyMap(_ system: SystemName) -> PolicyMap? { policyMaps.first { $0.system == system } }
}

package struct ServiceSettings: Sendable {
    /// Nil: the standard one.
    package let store: AdapterSettings?
    package let sinks: [AdapterSettings]

    package init(store: AdapterSettings?, sinks: [AdapterSettings] = []) {
        self.store = store
        self.sinks = sinks
    }
}

/// The settings of a store or a sink; what they mean is its own business.
package struct AdapterSettings: Sendable {
    package let type: String
    /// By key; flags are "true" or "false".
    package let values: [String: String]
    package let secrets: [String: Sensitive<String>]

    package init(type: String, values: [String: String], secrets: [String: Sensitive<String>] = [:]) {
        self.type = type
        self.values = values
        self.secrets = secrets
    }
}

package struct UserSchema: Sendable {
    package enum ValueType: String, Sendable, CaseIterable {
        case string, int, bool, date
        case list = "list<string>"
        case reference = "ref"
    }

    package struct Attribute: Sendable, Hashable {
        package let name: String
        package let type: ValueType
        /// `{ type: string, sensitive: true }`: its values are never shown.
        package let isMarkedSensitive: Bool
        package init(name: String, type: ValueType, isMarkedSensitive: Bool = false) {
            self.isMarkedSensitive = isMarkedSensitive
            self.name = name
            self.type = type
        }
    }

    /// The built-in set of product.md section 2.2 (without `status`, which is a field of its own), then the configured ones.
    package let attributes: [Attribute]
    package let index: [String: Int]
    /// `user` as expressions see it: the attributes in order, then `status`.
    package let objectType: ObjectType

    package static let builtIn: [Attribute] = [
        Attribute(name: "employeeId", type: .string), Attribute(name: "firstName", type: .string),
        Attribute(name: "middleName", type: .string),
        Attribute(name: "lastName", type: .string), Attribute(name: "preferredName", type: .string),
        Attribute(name: "title", type: .string),
        Attribute(name: "department", type: .string), Attribute(name: "company", type: .string), Attribute(name: "location", type: .string),
        Attribute(name: "country", type: .string), Attribute(name: "employeeType", type: .string),
        Attribute(name: "manager", type: .reference),
        Attribute(name: "email", type: .string), Attribute(name: "phone", type: .string), Attribute(name: "mobile", type: .string),
        Attribute(name: "startDate", type: .date), Attribute(name: "endDate", type: .date),
    ]

    /// Its values are never shown.
    func isSensitive(_ name: String) -> Bool {
        index[name].map { attributes[$0].isMarkedSensitive } ?? false || SensitiveAttributes.contains(name)
    }

    /// `additional` are the attributes of `birthright.yaml`; a name that is already built in must not be among them.
    package init(additional: [Attribute]) {
        attributes = UserSchema.builtIn + additional
        index = Dictionary(attributes.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        let fields = attributes.map { ObjectType.Field(name: $0.name, type: $0.type.expressionType) }
        objectType = ObjectType(name: "user", fields: fields + [ObjectType.Field(name: "status", type: .string)], whenAbsent: .error)
    }
}

extension UserSchema.ValueType {
    /// Dates are timestamps at midnight UTC of that day in expressions.
    package var expressionType: CELType {
        switch self {
        case .string: .string
        case .int: .int
        case .bool: .bool
        case .date: .timestamp
        case .list: .list(.string)
        case .reference: Vocabulary.userReference
        }
    }
}

/// How much of a plan is too much (product.md section 3, law.md).
package struct GuardSettings: Sendable, Hashable {
    package struct Limit: Sendable, Hashable {
        package let count: Int?
        package let percent: Int?
        /// How many accounts the percentage means where there are fewer than fifty; nil for what is configured, which is taken as written.
        package let ofFew: Int?
        package init(count: Int?, percent: Int?, ofFew: Int? = nil) {
            self.count = count
            self.percent = percent
            self.ofFew = ofFew
        }

        /// For a window over several runs, unless one is configured.
        var doubled: Limit { Limit(count: count.map { $0 * 2 }, percent: percent.map { $0 * 2 }, ofFew: ofFew.map { $0 * 2 }) }
    }

    /// A rolling window that ends with the run.
    package struct Window: Sendable, Hashable {
        package let days: Int
        /// Effects that have a limit of their own here; the others have twice that of a run.
        package let limits: [Effect: Limit]
        package init(days: Int, limits: [Effect: Limit] = [:]) {
            self.days = days
            self.limits = limits
        }
    }

    /// Per run.
    package let limits: [Effect: Limit]
    package let windows: [Window]
    /// Of the rows of a file: those that are set aside, and were not before.
    package let quarantinedRows: Limit
    /// Of the accounts that were computed: those that could not be, and were not reported before.
    package let failedEvaluations: Limit

    package static let standard = GuardSettings(
        limits: [
            .disable: Limit(count: 100, percent: 5, ofFew: 5), .delete: Limit(count: 100, percent: 5, ofFew: 5),
            .enable: Limit(count: 100, percent: 5, ofFew: 5), .removeAccess: Limit(count: 500, percent: 10, ofFew: 5),
            .rename: Limit(count: nil, percent: 20, ofFew: 5), .adopt: Limit(count: 500, percent: 10, ofFew: 5),
            .recreate: Limit(count: 5, percent: 1, ofFew: 5), .dereference: Limit(count: 100, percent: 5, ofFew: 5),
        ], windows: [Window(days: 1), Window(days: 7)])

    package init(
        limits: [Effect: Limit], windows: [Window], quarantinedRows: Limit = Limit(count: nil, percent: 10, ofFew: 5),
        failedEvaluations: Limit = Limit(count: nil, percent: 5, ofFew: 5)
    ) {
        self.limits = limits
        self.windows = windows
        self.quarantinedRows = quarantinedRows
        self.failedEvaluations = failedEvaluations
    }
}
