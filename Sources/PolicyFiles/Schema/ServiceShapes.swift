internal import CSV
internal import IdentityModel
internal import Planning

/// `birthright.yaml`.
enum ServiceShapes {
    /// The keys; what stands under those of adapters is theirs to say.
    static let file = root(.none)

    static func root(_ kinds: AdapterShapes) -> MappingShape {
        MappingShape("Store, user schema, sources and guards.", shapes(kinds))
    }

    private static func shapes(_ kinds: AdapterShapes) -> [KeyShape] {
        [
            KeyShape("store", AdapterReader.shape("The store.", kinds.stores), "Where plans, accounts and events are kept."),
            KeyShape("policyMaps", .text, "The folder of the policy maps, relative to this file; PolicyMaps without it."),
            KeyShape("events", AdapterReader.shape("Sinks for events.", kinds.sinks), "Where completed provisioning is announced."),
            KeyShape(
                "user",
                .dictionary(names: ValueShape.identifier, .either([.choice(UserSchema.ValueType.self), .mapping(userAttribute)])),
                "Attributes of users beside the built-in ones, with their types."),
            KeyShape("guards", .mapping(guards), "Effects above which a plan is held until somebody approves it."),
            KeyShape("sources", .dictionary(names: nil, .mapping(source)), "Where users come from, by name."),
        ]
    }

    static let userAttribute = MappingShape(
        "An attribute of users, with settings.",
        [
            KeyShape("type", .choice(UserSchema.ValueType.self), "What it holds.", isRequired: true),
            KeyShape("sensitive", .flag, "Its values are secret, and dots wherever they would be shown."),
        ])

    // MARK: Guards

    static let guards = MappingShape(
        "Limits per run, and per rolling window.",
        limits + [
            KeyShape("quarantinedRows", .mapping(limit), "How many rows of a file may be set aside that were not before."),
            KeyShape("failedEvaluations", .mapping(limit), "How many accounts may newly fail to be computed."),
            KeyShape("window", .mapping(window), "Limits over several days, this run included; twice those of a run without it."),
        ])

    static let window = MappingShape(
        "Limits over a rolling window.",
        limits + [KeyShape("days", .integer(1...366), "How many days the window has.")])

    private static let limits = Effect.allCases.map {
        KeyShape($0.rawValue, .mapping(limit), "How many effects of the kind '\($0.rawValue)' are allowed.")
    }

    static let limit = MappingShape(
        "A limit; whichever of the two is exceeded first holds the plan.",
        [
            KeyShape(
                "percent", .either([.integer(0...100), .percentage("%")]),
                "Of the enabled accounts of the system (or of rows, or accounts computed)."),
            KeyShape("count", .integer(0...1_000_000_000), "Accounts."),
        ])

    // MARK: Sources

    static let source = MappingShape(
        "A source: HR's files, and how their rows become users.",
        [
            KeyShape("files", .text, "Which files, relative to this file: hr/*.csv", isRequired: true),
            KeyShape(
                "take", .choice(SourceConfiguration.Take.self),
                "The last file by name, or all in the order of their names, each content once."),
            KeyShape(
                "complete", .choice(SourceConfiguration.Completion.self),
                "When a file is whole: its size no longer changes, or FILE.done stands beside it."),
            KeyShape("format", .mapping(format), "How the file is written; detected and reported without it."),
            KeyShape("timeZone", .text, "Whose midnight a date means, such as Europe/Oslo; UTC without it."),
            KeyShape("schedule", .text, "When it runs: minute, hour, day, month, weekday. Not acted on yet."),
            KeyShape(
                "type", .choice(SourceConfiguration.Kind.self), "Whether every file lists everybody, or only those who changed."),
            KeyShape("key", .expression, "What tells one row from another: row.EMPLOYEE_ID", isRequired: true),
            KeyShape("correlation", .list(.text), "User attributes by which a row finds its user, in order."),
            KeyShape("contract", .mapping(contract), "What a file has to look like before anything in it is believed."),
            KeyShape("validate", .list(.mapping(check)), "Checks of each row; one that fails sets the row aside."),
            KeyShape(
                "map", .dictionary(names: nil, .expression),
                "User attributes, and what they are made of. row.X is \"\" when empty, row.?X is none.",
                isRequired: true),
            KeyShape("owns", .list(.text), "The attributes this source may set, 'status' among them; without it, all it maps."),
            KeyShape("yields", .list(.text), "Attributes whose absence here is no decision: the next source has its say."),
            KeyShape("missing", .choice(SourceConfiguration.Missing.self), "What becomes of users who are not in a complete file."),
            KeyShape(
                "creates", .flag, "Whether a row of somebody nobody knows makes a user; false: it waits until another source brings them."),
            KeyShape("claims", .expression, "False for a row that is to be taken as absent: row.STATUS != \"Terminated\""),
        ])

    static let format = MappingShape(
        "How a file is written.",
        [
            KeyShape("delimiter", .text, "auto, tab, or one character."),
            KeyShape("encoding", .choice(["auto"] + encodings), "The encoding of the text."),
        ])

    /// As they are known, and as they are mostly written.
    private static let encodings = TextEncoding.allCases.flatMap { [$0.rawValue, $0.rawValue.uppercased()] } + ["Windows-1252"]

    static let contract = MappingShape(
        "A breach holds the file; it can be accepted with a reason.",
        [
            KeyShape("columns", .list(.text), "Columns that must be there."),
            KeyShape("optionalColumns", .list(.text), "Columns that may be missing."),
            KeyShape(
                "maxRowCountChange", .percentage("%"),
                "In both directions, against the last applied file; 20% without it, for complete files."),
            KeyShape("maxNullRateChange", .percentage("pp"), "Per column, in percentage points: 10pp"),
            KeyShape("mayBeEmpty", .flag, "Whether a complete file may have no rows; one that has none is refused otherwise."),
        ])

    static let check = MappingShape(
        "A check of a row.",
        [
            KeyShape("check", .expression, "True for a good row.", isRequired: true),
            KeyShape("reason", .text, "Why a row is set aside when the check is false.", isRequired: true),
        ])
}
