internal import IdentityModel
internal import Planning

/// `PolicyMaps/*.tests.yaml`.
enum PolicyTestShapes {
    static let root = MappingShape(
        "What the policy map beside this file makes of people, one sentence each.",
        [
            KeyShape("defaults", .mapping(defaults), "What a test without the key goes by."),
            KeyShape("people", .dictionary(names: nil, user), "People by name, with the attributes they have."),
            KeyShape(
                "tests", .dictionary(names: nil, .mapping(test)), "Tests; the name is a sentence about what is expected.", isRequired: true),
        ])

    static let defaults = MappingShape(
        "What a test without the key goes by.",
        [
            KeyShape("person", .text, "One of 'people'."),
            KeyShape("roles", .list(.text), "The roles they hold; without it the business rules decide."),
            KeyShape("date", .date, "The day all this happens on: there is no clock in a test."),
        ])

    private static let user = ValueShape.dictionary(names: nil, .either([.literal, .list(.text), .mapping(PolicyMapShapes.outside)]))

    private static let situationKeys = [
        KeyShape("given", user, "Attributes that differ; none takes one away."),
        KeyShape("roles", .list(.text), "The roles they hold; without it the business rules decide."),
        KeyShape(
            "taken", .dictionary(names: nil, .either([.list(.text), .mapping(taken)])),
            "Names that somebody else has already, by attribute."),
        KeyShape("date", .date, "The day this happens on."),
    ]

    static let situation = MappingShape("How the person was when their account was made.", situationKeys)

    static let test = MappingShape(
        "A person, what is different about them, and what is expected.",
        [KeyShape("person", .text, "One of 'people'.")] + situationKeys + [
            KeyShape("before", .mapping(situation), "The account was made when the person was like this."),
            KeyShape(
                "account", .either([.choice(TestValues.State.self), .mapping(account)]),
                "The person has an account already, which this map has made."),
            KeyShape(
                "entry", .either([.choice(["none"]), .mapping(entry)]), "What the system holds: none, or an entry that belongs to nobody."),
            KeyShape("expect", .mapping(expectation), "What is not named is not compared.", isRequired: true),
        ])

    static let taken = MappingShape(
        "Who says that a name is taken.",
        UniqueRule.Place.allCases.map { KeyShape($0.rawValue, .list(.text), "Names that the \($0.rawValue) knows.") })

    static let account = MappingShape(
        "An account that is there.",
        [
            KeyShape("state", .choice(TestValues.State.self), "What became of it; enabled without it."),
            KeyShape("attributes", .dictionary(names: nil, values), "What differs from what the map would have written."),
            KeyShape("memberships", .list(.text), "The memberships it has."),
        ])

    static let entry = MappingShape(
        "An entry that belongs to nobody of ours.",
        [
            KeyShape("name", .text, "Its name, a DN in a directory.", isRequired: true),
            KeyShape("attributes", .dictionary(names: nil, values), "Its attributes."),
            KeyShape("memberships", .list(.text), "Its memberships."),
        ])

    static let expectation = MappingShape(
        "What is expected.",
        [
            KeyShape("operation", .choice(ExpectationReader.WantedOperation.self), "What is done with the account; none: nothing."),
            KeyShape(
                "attributes", .dictionary(names: nil, values), "Values by attribute; none: no value; left alone: the rule does not apply."),
            KeyShape("exactly", .flag, "The account has no attributes but these."),
            KeyShape("memberships", .either([.list(.text), .choice(["none"])]), "The memberships it has afterwards, all of them."),
            KeyShape("changes", .either([.list(.text), .choice(["none"])]), "The attributes that are written, all of them."),
            KeyShape(
                "requests", .either([.list(.mapping(request)), .choice(["none"])]),
                "The requests that change something, all of them, where the connector sends such (type: rest)."),
            KeyShape("error", .text, "A part of the message with which the account fails."),
        ])

    static let request = MappingShape(
        "A request: one method with its path, and what is sent.",
        ExpectationReader.RequestMethod.allCases.map { KeyShape($0.rawValue, .literal, "The path, as it reads: /people/id") }
            + [KeyShape("body", .anything, "The body, all of it; not compared without it. Numbers, flags and null are what JSON calls so.")]
    )

    private static let values = ValueShape.either([.literal, .list(.literal)])
}
