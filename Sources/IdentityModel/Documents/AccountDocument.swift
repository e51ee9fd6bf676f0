extension Account: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            if let deprovisionedAt {
                writer.name("deprovisionedAt")
                writer.int(deprovisionedAt.milliseconds)
            }
            if let doubt {
                writer.name("doubt")
                doubt.write(to: &writer)
            }
            writer.member("id", ifPresent: id?.text)
            writer.member("isDisabledByDialect", ifTrue: isDisabledByDialect)
            writer.member("isSwitchedOff", ifTrue: isSwitchedOff)
            writer.member("memberships", ifAny: memberships.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            writer.member("name", ifPresent: name?.text)
            writer.member("nameBases", ifAny: nameBases)
            writer.member("realm", ifPresent: realm?.text)
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
            case "doubt": account.doubt = try AccountDoubt(reading: &reader)
            case "id": account.id = try reader.identifier(AccountID.self)
            case "isDisabledByDialect": account.isDisabledByDialect = try reader.bool()
            case "isSwitchedOff": account.isSwitchedOff = try reader.bool()
            case "memberships": account.memberships = Set(try reader.strings())
            case "name": account.name = try reader.identifier(AccountName.self)
            case "nameBases": account.nameBases = try reader.stringsByName()
            case "realm": account.realm = try reader.identifier(Realm.self)
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
            realm: account.realm, name: account.name, version: account.version, written: account.written, memberships: account.memberships,
            nameBases: account.nameBases, deprovisionedAt: account.deprovisionedAt, doubt: account.doubt,
            isSwitchedOff: account.isSwitchedOff, isDisabledByDialect: account.isDisabledByDialect)
    }
}

extension AccountDoubt: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("attributes", ifAny: attributes.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            writer.member("correlation", ifAny: correlation)
            writer.member("formerNames", ifAny: formerNames.sorted().map(\.text))
            writer.member("isElsewhere", ifTrue: isElsewhere)
            writer.member("memberships", ifAny: memberships.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        self.init()
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "attributes": attributes = Set(try reader.strings())
            case "correlation": correlation = try reader.stringsByName()
            case "formerNames": formerNames = Set(try reader.strings().map { AccountName($0) })
            case "isElsewhere": isElsewhere = try reader.bool()
            case "memberships": memberships = Set(try reader.strings())
            default: try reader.skip()
            }
        }
    }
}
