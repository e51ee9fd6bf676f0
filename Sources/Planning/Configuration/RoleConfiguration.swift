package import IdentityModel

/// What a role gives on one system: an account there, and memberships.
package struct Entitlement: Sendable, Hashable {
    package let system: SystemName
    /// Names of the groups (DNs in a directory).
    package let groups: [String]
    package init(system: SystemName, groups: [String]) {
        self.system = system
        self.groups = groups
    }
}

package struct Role: Sendable, Hashable {
    package let name: RoleName
    package let entitlements: [Entitlement]
    package let position: TextPosition
    package init(name: RoleName, entitlements: [Entitlement], position: TextPosition) {
        self.name = name
        self.entitlements = entitlements
        self.position = position
    }
}

/// Condition -> roles.
package struct BusinessRule: Sendable {
    package let name: String
    package let when: Expression
    package let unless: Expression?
    package let roles: [RoleName]
    /// The users it applies to; default: active and on leave.
    package let statuses: Set<UserStatus>
    package let from: CivilDate?
    /// The last day it gives its roles.
    package let until: CivilDate?
    package let position: TextPosition

    package init(
        name: String, when: Expression, unless: Expression?, roles: [RoleName], statuses: Set<UserStatus> = [.active, .leave],
        from: CivilDate? = nil, until: CivilDate? = nil, position: TextPosition
    ) {
        self.name = name
        self.when = when
        self.unless = unless
        self.roles = roles
        self.statuses = statuses
        self.from = from
        self.until = until
        self.position = position
    }
}
