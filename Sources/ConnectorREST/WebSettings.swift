internal import Contracts
internal import HTTPTransport
package import IdentityModel

/// What every service over HTTP needs to be told: where it is, how we sign in, how much at once.
package struct WebSettings: Sendable {
    package var url: String
    package var realm: String
    var authorization = RESTAuthorization.none
    var http = HTTPSettings()
    /// For how many seconds the service may say "not now" to one request.
    var patience = 120.0
    /// Seconds after which whoever was made is found by searches.
    var settlingSeconds = 5

    package init(url: String, realm: String, token: Sensitive<String>? = nil, connections: Int = 8) {
        self.url = url
        self.realm = realm
        if let token { authorization = .bearer(token) }
        http.connections = connections
    }

    static func keys(example: String) -> [ConnectorShape.Key] {
        [
            ConnectorShape.Key("url", .text, "Where the service is: \(example)", isRequired: true),
            ConnectorShape.Key(
                "realm", .text, "What this service is, whatever its address is: example-suite-production. A test service is another one.",
                isRequired: true),
            ConnectorShape.Key("token", .secret, "The token that Birthright shows, from the environment or a file."),
            ConnectorShape.Key("tokenHeader", .text, "In which header, where it is not 'Authorization: Bearer': X-API-Key"),
            ConnectorShape.Key("user", .text, "The account that Birthright signs in with, where there is no token."),
            ConnectorShape.Key("password", .secret, "Its password, from the environment or a file."),
            ConnectorShape.Key(
                "tokenURL", .text, "Where tokens are fetched (OAuth 2.0 client credentials): https://login.example.com/token"),
            ConnectorShape.Key("clientID", .text, "Who fetches them."),
            ConnectorShape.Key("clientSecret", .secret, "With what, from the environment or a file."),
            ConnectorShape.Key("scope", .text, "For what, where the service wants to know."),
            ConnectorShape.Key("caFile", .text, "Whose signature the server's certificate has to carry: a PEM file."),
            ConnectorShape.Key("certificateFile", .text, "The certificate that Birthright shows (mutual TLS): a PEM file."),
            ConnectorShape.Key("keyFile", .text, "Its key: a PEM file."),
            ConnectorShape.Key("connections", .number(1...64), "How many requests are under way at once: 8"),
            ConnectorShape.Key(
                "visibleAfter", .number(0...600),
                "Seconds after which the service finds somebody whom it made: 5. Counts where an answer was lost."),
            ConnectorShape.Key("timeout", .number(1...3_600), "Seconds after which an answer is no longer waited for: 60"),
        ]
    }

    init(_ setup: ConnectorSetup) {
        self.init(url: setup.values["url"] ?? "", realm: setup.values["realm"] ?? "")
        if let token = setup.secrets["token"] {
            authorization = setup.values["tokenHeader"].map { .key(header: $0, token) } ?? .bearer(token)
        } else if let url = setup.values["tokenURL"] {
            authorization = .client(
                ClientCredentials(
                    url: url, id: setup.values["clientID"] ?? "", secret: setup.secrets["clientSecret"] ?? Sensitive(""),
                    scope: setup.values["scope"]))
        } else if let user = setup.values["user"] {
            authorization = .basic(user: user, password: setup.secrets["password"] ?? Sensitive(""))
        }
        http.caFile = setup.path("caFile")
        http.certificateFile = setup.path("certificateFile")
        http.keyFile = setup.path("keyFile")
        if let connections = setup.number("connections") { http.connections = connections }
        if let seconds = setup.number("visibleAfter") { settlingSeconds = seconds }
        if let seconds = setup.number("timeout") { http.timeout = seconds * 1_000 }
    }

    func client(_ contentType: String, wordsAt place: JSONPlace? = nil) throws(ConnectorFailure) -> RESTClient {
        try RESTClient(base: url, authorization: authorization, contentType: contentType, http, patience: patience, wordsAt: place)
    }
}
