/// A contradiction or a slip that is no error: the configuration can be used, but probably does not do what was meant.
///
/// A lint is a warning with a name. `# allow NAME: reason` on its line silences it. What is said here is printed by
/// `birthright check --lints`, and stands in PolicyMaps/README.md.
package struct Lint: Sendable, Hashable {
    package let name: String
    package let finds: String
    /// Why one should care.
    package let matters: String
    package let remedy: String

    private init(_ name: String, finds: String, matters: String, remedy: String) {
        self.name = name
        self.finds = finds
        self.matters = matters
        self.remedy = remedy
    }

    /// Nil when no lint has the name.
    package init?(named name: String) {
        guard let lint = Lint.all.first(where: { $0.name == name }) else { return nil }
        self = lint
    }

    /// Whether it says something about where the command runs, and not about the files. Such a lint does not fail a strict check, and an
    /// allowance of it is not called unused: another machine has other variables.
    package var isAboutEnvironment: Bool { self == .unsetSetting }

    /// How to say that it is meant that way.
    package var silencing: String {
        self == .unusedAllow ? "remove the comment; this one cannot be allowed" : "# allow \(name): why it is meant that way"
    }

    package static func == (left: Lint, right: Lint) -> Bool { left.name == right.name }
    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension Lint {
    /// In the order of their names.
    package static let all: [Lint] = [
        .attributeNeverMapped, .attributeNeverWritten, .candidateNumberCut, .candidateTooLong, .columnNotInContract,
        .constantCondition, .cutByComment, .deleteWhileGranted, .graceWithoutDisable, .keyNotActedOn, .lookUpWithoutDefault,
        .neverRead, .requestNeverSent, .roleNotGiven, .sharedAttribute, .statusTwice, .uniqueWithoutNumber, .unsetSetting, .unusedAllow,
    ]

    package static let attributeNeverMapped = Lint(
        "attribute-never-mapped",
        finds: "an attribute of users that no source maps although an expression reads it, or birthright.yaml declares it.",
        matters: "nobody ever has it: what reads it fails, or falls back to its default for everybody.",
        remedy: "map it in a source, or take out what reads it and its line under 'user'.")

    package static let attributeNeverWritten = Lint(
        "attribute-never-written",
        finds: "an attribute rule whose 'when' is false whatever the user.",
        matters: "the rule applies to nobody, so the attribute is left alone in every account.",
        remedy: "correct the condition, or remove the rule.")

    package static let candidateNumberCut = Lint(
        "candidate-number-cut",
        finds: "a numbered candidate that gives one value for two numbers when names have 40 letters.",
        matters: "the number is cut off with the name, so namesakes with long names run out of candidates and get no account.",
        remedy: "cut the name to make room for the number: user.lastName.left(20 - size(string(n))) + string(n).")

    package static let candidateTooLong = Lint(
        "candidate-too-long",
        finds: "a candidate that is longer than 'maxLength' when names have 40 letters.",
        matters: "a longer value is an error and never cut, so people with long names get no account.",
        remedy: "bound each part of the candidate with left(...), counting the number's digits: left(20 - size(string(n))).")

    package static let columnNotInContract = Lint(
        "column-not-in-contract",
        finds: "a column that an expression of a source reads, but its contract does not list.",
        matters: "a file without that column is not refused: everybody's value is empty then.",
        remedy: "list it under 'columns', or under 'optionalColumns' when files may lack it.")

    package static let constantCondition = Lint(
        "constant-condition",
        finds:
            "a condition, or a part of one, that is true or false whatever the input: in 'when', 'unless', 'check', before '?' and in filters; "
            + "or whatever the status of those the rule looks at. \"true\" alone as the 'when' of a rule says \"everybody\", and is none.",
        matters:
            "what looks like a decision decides nothing: a rule gives its roles to everybody or to nobody, a branch is never taken.",
        remedy: "compare with an attribute, or write down the only outcome there is.")

    package static let cutByComment = Lint(
        "cut-by-comment",
        finds: "an unquoted value that ends at ' #' although it looks as if it went on.",
        matters: "YAML takes the rest for a comment, silently.",
        remedy: "put the value in quotes, or in a block after |-; write '# text' with a space if it is a comment.")

    package static let deleteWhileGranted = Lint(
        "delete-while-granted",
        finds:
            "a rule that gives terminated users a role with an account on a system whose policy map deletes accounts: onDelete: DELETE, or DISABLE with grace.",
        matters:
            "an account is withdrawn when the last role that grants it ends. This role does not end when people leave, so the account is never deleted, whatever onDelete says.",
        remedy: "take 'terminated' out of the rule's statuses, or write onDelete: DISABLE.")

    package static let graceWithoutDisable = Lint(
        "grace-without-disable",
        finds: "'grace' in a policy map whose onDelete is not DISABLE.",
        matters: "grace begins when an account is disabled: DELETE deletes at once, and UPDATE never deletes.",
        remedy: "write onDelete: DISABLE, or remove 'grace'.")

    package static let keyNotActedOn = Lint(
        "key-not-acted-on",
        finds: "a key that is read and checked, but does nothing in this version.",
        matters: "somebody could rely on it.",
        remedy: "remove it, or allow it until a version acts on it.")

    package static let lookUpWithoutDefault = Lint(
        "look-up-without-default",
        finds:
            "tables.t[key] without a default, or tables.t[?key].value(); not where 'key in tables.t' guards it, or 'onError: skip' stands.",
        matters: "the account of everybody whose key is not in the table fails.",
        remedy: "write tables.t[?key].orValue(\"...\"), or leave out .orValue where no value is right.")

    package static let neverRead = Lint(
        "never-read",
        finds: "a name under 'let', or a table, that no expression of its policy map reads.",
        matters: "it looks as if it had an effect; often another name was meant where it should be read.",
        remedy: "read it, or remove it.")

    package static let requestNeverSent = Lint(
        "request-never-sent",
        finds: "a request that a connector describes, and that nothing of its policy map can lead to.",
        matters: "it looks as if accounts were deleted, or renamed, and they are not.",
        remedy: "remove the request, or correct 'onDelete' or 'enforce'.")

    package static let roleNotGiven = Lint(
        "role-not-given",
        finds: "a role that no rule gives.",
        matters:
            "nobody is born with it. A role can also be assigned by hand; then it stays until somebody takes it away, also from people who leave.",
        remedy: "write a rule that gives it, remove it, or allow it: by hand only.")

    package static let sharedAttribute = Lint(
        "shared-attribute",
        finds: "an attribute that two sources may set.",
        matters:
            "the first source decides for everybody it has a row of, with an absent value too: what the other one says of them counts for nothing.",
        remedy: "name under 'owns' what a source is to set, or under 'yields' of the first one what the other may add.")

    package static let statusTwice = Lint(
        "status-twice",
        finds: "two sources that may set status, the first of which has no 'claims'.",
        matters: "the first one decides alone: whom it calls terminated has left, although the other one has them active.",
        remedy: "say with 'claims' which rows of the first one count: claims: row.STATUS != \"Terminated\".")

    package static let uniqueWithoutNumber = Lint(
        "unique-without-number",
        finds: "'unique' with no numbered candidate, unless a candidate is made of another unique name.",
        matters: "when every candidate is taken, the account fails.",
        remedy: "add a last candidate with a counter: for: { n: [2, 99999] }.")

    package static let unsetSetting = Lint(
        "unset-setting",
        finds: "a connector's setting from an environment variable that is not set, or from a file that cannot be read.",
        matters:
            "commands that open the connector end with this as an error. Others need no secret: check, explain and the lists run without. It does not fail a strict check.",
        remedy: "set the variable where plans are made and applied.")

    package static let unusedAllow = Lint(
        "unused-allow",
        finds: "an '# allow' comment where nothing is to be silenced. Only said when there are no errors.",
        matters: "it would hide the next finding of that name, which nobody has looked at.",
        remedy: "remove the comment.")
}
