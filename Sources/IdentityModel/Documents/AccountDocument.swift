extension Account: MemberwiseDocument {
    public static var blank: Account { Account(user: UserID(""), system: SystemName("")) }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("deprovisionedAt", &deprovisionedAt)
        try members.member("doubt", &doubt)
        try members.member("id", &id)
        try members.member("isDisabledByDialect", &isDisabledByDialect, blank: false)
        try members.member("isSwitchedOff", &isSwitchedOff, blank: false)
        try members.member("memberships", &memberships, blank: [])
        try members.member("name", &name)
        try members.member("nameBases", &nameBases, blank: [:])
        try members.member("realm", &realm)
        try members.member("state", &state, older: .none)
        try members.member("system", &system)
        try members.member("user", &user)
        try members.member("version", &version, older: 0)
        try members.member("written", &written, blank: [:])
    }
}

extension AccountDoubt: MemberwiseDocument {
    public static var blank: AccountDoubt { AccountDoubt() }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("attributes", &attributes, blank: [])
        try members.member("correlation", &correlation, blank: [:])
        try members.member("formerNames", &formerNames, blank: [])
        try members.member("isElsewhere", &isElsewhere, blank: false)
        try members.member("memberships", &memberships, blank: [])
    }
}
