package import IdentityModel

/// How to reach a directory, and how it differs from others.
package struct LDAPSettings: Sendable {
    /// `ldaps://host:port` or, with `startTLS`, `ldap://host:port`. Anything that would send the password in the clear is refused on connecting.
    package var url: String
    package var startTLS: Bool
    package var bindDN: String
    package var password: Sensitive<String>
    /// PEM file of the authorities that may sign the server's certificate; nil: those of the operating system. Verification cannot be turned off.
    package var caFile: String?
    /// Accounts are looked for below this entry.
    package var base: String
    package var dialect: Dialect
    /// What `enumerate` lists (RFC 4515).
    package var accountFilter: String
    /// The attribute of a group that holds its members' DNs.
    package var memberAttribute: String
    /// Connections that one batch is spread over; small batches use one.
    package var connections: Int
    /// Requests in flight on one connection: at most 256, because slapd drops a client with more than 1,000.
    package var window: Int
    /// How long one request may take before its outcome counts as unknown.
    package var timeoutSeconds: Int
    /// How long connecting, TLS and bind may take.
    package var connectSeconds: Int
    /// The directory's server repairs `member` and `manager` itself when an entry is renamed (AD links, OpenLDAP's refint). Where it is said to and does
    /// not, people who are renamed lose their groups; where it does and is said not to, some requests more are sent.
    package var maintainsReferences: Bool
    /// Attributes that accounts are looked for by; `test` measures how fast.
    package var lookedForBy: [String] = []

    package init(
        url: String, startTLS: Bool = false, bindDN: String, password: Sensitive<String>, caFile: String? = nil, base: String,
        dialect: Dialect = .openLDAP, accountFilter: String = "(objectClass=person)", memberAttribute: String = "member",
        connections: Int? = nil, window: Int? = nil, timeoutSeconds: Int? = nil,
        connectSeconds: Int = 10, maintainsReferences: Bool? = nil
    ) {
        self.url = url
        self.startTLS = startTLS
        self.bindDN = bindDN
        self.password = password
        self.caFile = caFile
        self.base = base
        self.dialect = dialect
        self.accountFilter = accountFilter
        self.memberAttribute = memberAttribute
        self.connections = max(1, connections ?? 2)
        self.window = min(max(1, window ?? 256), 256)
        self.timeoutSeconds = max(1, timeoutSeconds ?? 60)
        self.connectSeconds = max(1, connectSeconds)
        self.maintainsReferences = maintainsReferences ?? dialect.maintainsReferences
    }
}
