package import Contracts
internal import IdentityModel

extension LDAPConnector {
    /// `type: ldap`.
    package static let kind = ConnectorKind(
        ConnectorShape(
            type: "ldap",
            keys: [
                ConnectorShape.Key("url", .text, "Where the server is: ldaps://directory.example.com:636", isRequired: true),
                ConnectorShape.Key("startTLS", .flag, "Whether ldap:// is made safe with StartTLS."),
                ConnectorShape.Key("bindDN", .text, "The account that Birthright signs in with."),
                ConnectorShape.Key("password", .secret, "Its password, from the environment or a file."),
                ConnectorShape.Key("caFile", .text, "Whose signature the server's certificate has to carry: a PEM file."),
                ConnectorShape.Key("base", .text, "The DN below which accounts are looked for."),
                ConnectorShape.Key(
                    "dialect", .word(Dialect.allCases.map(\.rawValue)), "The product, where it differs from others of its kind."),
                ConnectorShape.Key("connections", .number(1...64), "How many connections are opened."),
                ConnectorShape.Key("window", .number(1...256), "How many requests are under way on one connection."),
                ConnectorShape.Key("timeout", .number(1...3_600), "Seconds after which an answer is no longer waited for."),
                ConnectorShape.Key(
                    "maintainsReferences", .flag,
                    "Whether the server itself repairs member and manager when an entry is renamed (OpenLDAP: refint; 389-ds: Referential Integrity): false, for activeDirectory true"
                ),
            ],
            // The names of directories are paths, and by these attributes the products know a disabled account.
            traits: SystemTraits(
                names: .path, membershipAttribute: "memberOf",
                disablingAttributes: ["useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "logindisabled"],
                // RFC 4517, 3.3.3.
                flags: FlagWords(yes: "TRUE", no: "FALSE")))
    ) { setup in LDAPConnector(LDAPSettings(setup)) }
}

extension LDAPSettings {
    fileprivate init(_ setup: ConnectorSetup) {
        self.init(
            url: setup.values["url"] ?? "", startTLS: setup.flag("startTLS") ?? false, bindDN: setup.values["bindDN"] ?? "",
            password: setup.secrets["password"] ?? Sensitive(""), caFile: setup.path("caFile"), base: setup.values["base"] ?? "",
            dialect: setup.values["dialect"].flatMap(Dialect.init) ?? .openLDAP, connections: setup.number("connections"),
            window: setup.number("window"), timeoutSeconds: setup.number("timeout"), maintainsReferences: setup.flag("maintainsReferences"))
        lookedForBy = setup.lookedForBy
    }
}
