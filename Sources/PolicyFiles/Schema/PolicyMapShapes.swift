internal import IdentityModel
internal import Planning

/// `PolicyMaps/*.yaml`.
enum PolicyMapShapes {
    /// The file, whatever kinds of connector there are.
    static let file = root([])

    static func root(_ connectors: [ConnectorShape]) -> MappingShape {
        MappingShape("How one person's account has to look in one managed system.", keys(connectors))
    }

    private static func keys(_ connectors: [ConnectorShape]) -> [KeyShape] {
        [
            KeyShape("managedSystem", .text, "The system's name, as roles call it.", isRequired: true),
            KeyShape("connector", ConnectorReader.shape(connectors), "How the system is reached.", isRequired: true),
            KeyShape(
                "correlation", .list(.text, isEmptyAllowed: false),
                "Attributes by which an account is found before one is created; written on every Create.", isRequired: true),
            KeyShape("accountName", .text, "The rule that names the account; not sent as an attribute.", isRequired: true),
            KeyShape(
                "onDelete", .choice(OnDelete.self), "What becomes of the account when nothing grants it any more; DELETE without it."),
            KeyShape("grace", .mapping(grace), "Deletes disabled accounts later. Not acted on yet."),
            KeyShape("requires", .list(.text), "Managed systems whose orders come first."),
            KeyShape(
                "tables", .dictionary(names: ValueShape.identifier, .text),
                "CSV files with two columns, what is looked up and what is found: tables.NAME[?key].orValue(\"...\")"),
            KeyShape(
                "let", .dictionary(names: ValueShape.identifier, .expression), "Named expressions, computed once per person and never sent."
            ),
            KeyShape(
                "attributes", .dictionary(names: nil, .either([.expression, .list(.text), .mapping(attribute)])),
                "The account's attributes: an expression, a list of texts, or a mapping.", isRequired: true),
        ]
    }

    static let grace = MappingShape(
        "When a disabled account is deleted.",
        [
            KeyShape(
                "deleteAfter", .form(pattern: "^P[0-9]+[DW]$", example: "P30D"), "How long after it was disabled: P30D", isRequired: true)
        ])

    static let attribute = MappingShape(
        "A rule with settings. It has a value, or candidates for a unique one.",
        [
            KeyShape("value", .either([.expression, .list(.text)]), "The value; none or an empty list removes what we wrote."),
            KeyShape("unique", .mapping(unique), "A value that nobody else may have."),
            KeyShape("when", .expression, "The rule applies only where this is true; elsewhere the attribute is left alone."),
            KeyShape(
                "enforce", .choice(Enforcement.self),
                "When it is sent: when it changes, also when it has drifted, only into an empty attribute, or only on Create."),
            KeyShape(
                "onError", .choice(AttributesReader.OnError.self),
                "Fail the account (without it), or leave the attribute alone with a warning."),
            KeyShape("sensitive", .flag, "The value is a secret, and dots wherever it would be shown."),
            KeyShape("maxLength", .integer(1...65_536), "In characters; a longer value is an error, never cut."),
        ])

    static let unique = MappingShape(
        "The first candidate that is free is taken, and reserved in the same moment.",
        [
            KeyShape("in", .list(.choice(UniqueRule.Place.self), isEmptyAllowed: false), "Who is asked; both without it."),
            KeyShape("scope", .choice(UniqueRule.Scope.self), "Nobody in the system has it, or nobody in the same container."),
            KeyShape("match", .choice(UniqueRule.Match.self), "How names are compared."),
            KeyShape(
                "candidates", .list(.either([.expression, .mapping(candidate)]), isEmptyAllowed: false),
                "Tried in order; the last one with a number.", isRequired: true),
        ])

    static let candidate = MappingShape(
        "A numbered candidate.",
        [
            KeyShape(
                "for", .dictionary(names: ValueShape.identifier, .list(.integer(0...999_999_999), isEmptyAllowed: false)),
                "One counter, with its first and last number: { n: [2, 99999] }", isRequired: true),
            KeyShape("value", .expression, "The candidate; it uses the counter.", isRequired: true),
        ])

    /// Where a scalar comes from, if it does not stand in the file.
    static let outside = MappingShape(
        "A value from outside: { env: NAME, default: VALUE } or { file: PATH }.",
        [
            KeyShape("env", .literal, "The environment variable that holds it."),
            KeyShape("default", .literal, "What counts where the variable is not set; not for secrets."),
            KeyShape("file", .literal, "The file that holds it, relative to the configuration directory."),
        ])
}
