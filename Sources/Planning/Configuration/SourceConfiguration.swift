package import CEL
package import IdentityModel

/// One synchronization configuration (product.md section 2.1).
package struct SourceConfiguration: Sendable {
    package enum Take: String, Sendable, CaseIterable { case latest, all }
    package enum Completion: String, Sendable, CaseIterable { case stable, marker }
    package enum Kind: String, Sendable, CaseIterable { case complete, incremental }
    package enum Missing: String, Sendable, CaseIterable { case terminate, ignore }

    package struct Contract: Sendable, Hashable {
        /// Must be in every file.
        package let columns: [String]
        /// May be absent although expressions read them.
        package let optionalColumns: [String]
        /// Percent, both directions, against the last applied file; nil = not checked.
        package let maxRowCountChange: Int?
        /// Percentage points per column.
        package let maxNullRateChange: Int?
        /// A complete source may bring a file without rows.
        package let mayBeEmpty: Bool
        package init(
            columns: [String], optionalColumns: [String], maxRowCountChange: Int?, maxNullRateChange: Int?, mayBeEmpty: Bool = false
        ) {
            self.mayBeEmpty = mayBeEmpty
            self.columns = columns
            self.optionalColumns = optionalColumns
            self.maxRowCountChange = maxRowCountChange
            self.maxNullRateChange = maxNullRateChange
        }
    }

    package struct Validation: Sendable {
        package let check: Expression
        package let reason: String
        package init(check: Expression, reason: String) {
            self.check = check
            self.reason = reason
        }
    }

    package struct Mapping: Sendable {
        /// Name of a user attribute, or `status`.
        package let attribute: String
        package let expression: Expression
        package init(attribute: String, expression: Expression) {
            self.attribute = attribute
            self.expression = expression
        }
    }

    package let name: SourceName
    /// Glob, relative to the configuration directory.
    package let files: String
    package let take: Take
    package let completion: Completion
    /// One character, nil = auto.
    package let delimiter: String?
    /// `utf-8`, `utf-16`, `windows-1252`; nil = auto.
    package let encoding: String?
    package let timeZone: String
    package let schedule: String?
    package let kind: Kind
    package let key: Expression
    package let correlation: [String]
    package let contract: Contract
    package let validations: [Validation]
    package let mappings: [Mapping]
    package let owns: Set<String>
    package let missing: Missing
    /// False as if the row were absent; nil: every row claims its person.
    package let claims: Expression?
    /// Whether a row of somebody whom no other source knows makes a user, or waits until there is one.
    package let creates: Bool
    /// Attributes whose absence is no decision: the next source has its say.
    package let yields: Set<String>
    /// `row` as the expressions were compiled against it; its fields are the columns they may read.
    package let rowType: ObjectType
    package var columns: [String] { rowType.fields.map(\.name) }

    /// Keeps people alive by having a row of them, and terminates them by losing it (law.md, presence).
    package var keepsAlive: Bool { kind == .complete && missing == .terminate && creates }
    /// Its files do not say everything again each time, so its rows are kept.
    package var keepsRows: Bool { kind == .incremental || take == .all }
    /// What it maps and owns, `status` included.
    package var settable: Set<String> { owns.intersection(mappings.map(\.attribute)) }
    package let position: TextPosition

    package init(
        name: SourceName, files: String, take: Take, completion: Completion, delimiter: String?, encoding: String?, timeZone: String,
        schedule: String?, kind: Kind, key: Expression, correlation: [String], contract: Contract, validations: [Validation],
        mappings: [Mapping], owns: Set<String>, missing: Missing, claims: Expression? = nil, creates: Bool = true,
        yields: Set<String> = [], rowType: ObjectType, position: TextPosition
    ) {
        self.name = name
        self.files = files
        self.take = take
        self.completion = completion
        self.delimiter = delimiter
        self.encoding = encoding
        self.timeZone = timeZone
        self.schedule = schedule
        self.kind = kind
        self.key = key
        self.correlation = correlation
        self.contract = contract
        self.validations = validations
        self.mappings = mappings
        self.owns = owns
        self.missing = missing
        self.claims = claims
        self.creates = creates
        self.yields = yields
        self.rowType = rowType
        self.position = position
    }
}
