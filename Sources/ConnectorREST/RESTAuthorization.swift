internal import Foundation
internal import HTTPTransport
internal import IdentityModel

/// How we sign in.
enum RESTAuthorization: Sendable {
    /// By nothing, or by our certificate.
    case none
    case bearer(Sensitive<String>)
    /// In a header of its own.
    case key(header: String, Sensitive<String>)
    /// RFC 7617.
    case basic(user: String, password: Sensitive<String>)
    /// OAuth 2.0 client credentials (RFC 6749, 4.4).
    case client(ClientCredentials)

    /// Where it says who we are.
    var headerName: String { if case .key(let header, _) = self { header } else { "Authorization" } }
    var renews: Bool { if case .client = self { true } else { false } }

    /// What the header says. `refused`: what it said before.
    func header(over transport: HTTPTransport, refused: Sensitive<String>?) async throws(ConnectorFailure) -> Sensitive<String>? {
        switch self {
        case .none: nil
        case .bearer(let token): Sensitive("Bearer " + token.reveal())
        case .key(_, let token): token
        case .basic(let user, let password): Sensitive("Basic " + Data("\(user):\(password.reveal())".utf8).base64EncodedString())
        case .client(let credentials): try await credentials.header(over: transport, refused: refused)
        }
    }
}

/// Fetches tokens, one at a time, and a new one before the present one ends.
actor ClientCredentials {
    private let url: String
    private let id: String
    private let secret: Sensitive<String>
    private let scope: String?
    private var token: (header: Sensitive<String>, end: ContinuousClock.Instant)?
    private var underWay: Task<Result<Void, ConnectorFailure>, Never>?
    /// A token is renewed so many seconds before its end: a request takes time, and clocks differ.
    private static let margin = 30.0

    init(url: String, id: String, secret: Sensitive<String>, scope: String?) {
        (self.url, self.id, self.secret, self.scope) = (url, id, secret, scope)
    }

    func header(over transport: HTTPTransport, refused: Sensitive<String>?) async throws(ConnectorFailure) -> Sensitive<String> {
        if let refused, token?.header == refused { token = nil }
        while true {
            if let token, token.end > .now { return token.header }
            let task = underWay ?? Task { await fetch(over: transport) }
            underWay = task
            let result = await task.value
            if underWay == task { underWay = nil }
            try result.get()
        }
    }

    private func fetch(over transport: HTTPTransport) async -> Result<Void, ConnectorFailure> {
        func failed(_ errorClass: ErrorClass, _ why: String, _ words: String? = nil) -> Result<Void, ConnectorFailure> {
            .failure(ConnectorFailure(errorClass, "no token from \(url): \(why)", serverText: words))
        }
        var form = "grant_type=client_credentials"
        if let scope { form += "&scope=" + scope.queryEscaped }
        // RFC 6749, 2.3.1: both are escaped as in a form before they are encoded.
        let key = Data("\(id.queryEscaped):\(secret.reveal().queryEscaped)".utf8).base64EncodedString()
        let headers = [
            ("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json"), ("Authorization", "Basic " + key),
        ].map { (name: $0.0, value: $0.1) }
        do throws(HTTPFailure) {
            let response = try await transport.send(HTTPRequest(.post, url, headers: headers, body: Array(form.utf8)))
            guard response.status == 200 else {
                return failed(.unavailable, "are client and secret right?", RESTClient.words(response))
            }
            guard let said = try? JSONValue(parsing: response.body), let text = said.member("access_token")?.text else {
                return failed(.unavailable, "the answer holds no access_token")
            }
            var seconds = 300.0
            if let lasts = said.member("expires_in")?.text.flatMap(Double.init) { seconds = lasts }
            // One that lasts no longer than the margin is used once.
            let end = ContinuousClock.now + .seconds(max(seconds - Self.margin, seconds / 2, 0.5))
            token = (Sensitive("Bearer " + text), end)
            return .success(())
        } catch {
            return failed(.unavailable, error.message)
        }
    }
}

extension String {
    /// For the query of a URL, or a form: everything but what RFC 3986, 2.3, leaves as it is.
    var queryEscaped: String { addingPercentEncoding(withAllowedCharacters: .unreserved) ?? "" }
}

extension CharacterSet {
    fileprivate static let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
}
