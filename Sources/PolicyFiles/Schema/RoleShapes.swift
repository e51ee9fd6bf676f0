internal import IdentityModel

/// `Roles.yaml` and `Rules.yaml`.
enum RoleShapes {
    static let roles = MappingShape(
        "Roles: what each gives on which system.",
        [KeyShape("roles", .dictionary(names: nil, .mapping(role)), "Roles by name.", isRequired: true)])

    static let role = MappingShape(
        "A bundle of entitlements.",
        [KeyShape("entitlements", .list(.mapping(entitlement)), "An account on a system, and memberships there.", isRequired: true)])

    static let entitlement = MappingShape(
        "What a role gives on one system.",
        [
            KeyShape("system", .text, "The managed system, as its policy map names it.", isRequired: true),
            KeyShape("groups", .list(.text), "Memberships: names of groups, DNs in a directory."),
        ])

    static let rules = MappingShape(
        "Business rules: who is born with which role.",
        [KeyShape("rules", .dictionary(names: nil, .mapping(rule)), "Rules by name.", isRequired: true)])

    static let rule = MappingShape(
        "A condition, and the roles it gives.",
        [
            KeyShape(
                "when", .expression, "Whom it is for, such as user.department == \"Finance\"; \"true\" for everybody.", isRequired: true),
            KeyShape("unless", .expression, "Whom it is not for; it beats 'when'."),
            KeyShape("roles", .list(.text, isEmptyAllowed: false), "The roles it gives.", isRequired: true),
            KeyShape(
                "statuses", .list(.choice(UserStatus.self), isEmptyAllowed: false), "Whom it looks at; active and leave without it."),
            KeyShape("from", .date, "The first day it gives its roles."),
            KeyShape("until", .date, "The last day it gives its roles."),
        ])
}
