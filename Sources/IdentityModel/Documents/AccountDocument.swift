extension Account: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            if let deprovisionedAt {
                writer.name("deprovisionedAt")
                writer.int(deprovisionedAt.milliseconds)
            }
            writer.member("id", ifPresent: id?.text)
            writer.member("memberships", ifAny: memberships.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            writer.member("name", ifPresent: name?.text)
            writer.member("nameBases", ifAny: nameBases)
            writer.member("state", state.rawValue)
            writer.member("system", system.text)
            writer.member("user", user.text)
            writer.member("version", version)
            if !written.isEmpty {
                writer.name("written")
                writer.object { writer in
                    for (name, values) in written.inByteOrder {
                        writer.name(name)
                        values.write(to: &writer)
                    }
                }
            }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var account = Account(user: UserID(""), system: SystemName(""))
        var user: UserID?
        var system: SystemName?
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "deprovisionedAt": account.deprovisionedAt = Instant(milliseconds: try reader.int())
            case "id": account.id = try reader.identifier(AccountID.self)
            case "memberships": account.memberships = Set(try reader.strings())
            case "name": account.name = try reader.identifier(AccountName.self)
            case "nameBases": account.nameBases = try reader.stringsByName()
            case "state": account.state = try reader.raw(AccountState.self)
            case "system": system = try reader.identifier(SystemName.self)
            case "user": user = try reader.identifier(UserID.self)
            case "version": account.version = Int(try reader.int())
            case "written":
                try reader.object { reader, attribute throws(DocumentError) in
                    account.written[attribute] = try [AccountValue](reading: &reader)
                }
            default: try reader.skip()
            }
        }
        self.init(
            user: try user.required("user"), system: try system.required("system"), state: account.state, id: account.id,
            name: account.name,
            version: account.version, written: account.written, memberships: account.memberships, nameBases: account.nameBases,
            deprovisionedAt: account.deprovisionedAt)
    }
}
