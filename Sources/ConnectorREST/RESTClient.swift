internal import Contracts
internal import Foundation
internal import HTTPTransport
internal import IdentityModel

/// Speaks JSON with one service: where it is, who we are, and what its answers mean to whoever asked.
///
/// An answer "not now" (429, or 503 that says when) holds every request of the client back, and the same request is sent again: it was not carried out. After
/// `patience` it is given up, and is transient.
final class RESTClient: Sendable {
    struct Answer: Sendable {
        let status: Int
        let body: JSONValue?
        let etag: String?
    }

    private let base: String
    private let authorization: RESTAuthorization
    private let contentType: String
    private let transport: HTTPTransport
    private let pause = ServicePause()
    /// For how long a service may say "not now" to one request, in seconds.
    private let patience: Double

    /// `base`: `https://app.example.com/scim/v2`, with or without a slash at its end.
    init(
        base: String, authorization: RESTAuthorization, contentType: String, _ settings: HTTPSettings, patience: Double = 120
    ) throws(ConnectorFailure) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.authorization = authorization
        self.contentType = contentType
        self.patience = patience
        do throws(HTTPFailure) {
            transport = try HTTPTransport(settings)
        } catch {
            throw ConnectorFailure(.unavailable, error.message)
        }
    }

    /// The answer to a request that was carried out (2xx), that found nothing (404), or whose status the caller knows what to do with (`accepting`); throws what
    /// any other means.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, headers: [(name: String, value: String)] = [],
        accepting: Set<Int> = []
    ) async throws(ConnectorFailure) -> Answer {
        var waited = 0.0
        var refused: Sensitive<String>?
        while true {
            waited += try await pause.wait()
            let key = try await authorization.header(over: transport, refused: refused)
            let response = try await exchange(method, path, body, headers, key)
            if response.status == 401, authorization.renews, refused == nil {
                refused = key
                continue
            }
            if accepting.contains(response.status) {
                return Answer(status: response.status, body: try? JSONValue(parsing: response.body), etag: response.header("ETag"))
            }
            guard let seconds = RESTClient.holdsBack(response, attempt: waited) else { return try answer(response, method, path) }
            guard waited + seconds <= patience else {
                throw ConnectorFailure(
                    .transient, "\(method.rawValue) \(path): the service is busy", serverText: RESTClient.words(response))
            }
            await pause.hold(seconds)
        }
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, _ headers: [(name: String, value: String)],
        _ key: Sensitive<String>?
    ) async throws(ConnectorFailure) -> HTTPResponse {
        var request = HTTPRequest(method, base + path, headers: headers, body: body?.bytes)
        request.headers.append(("Accept", contentType))
        if body != nil { request.headers.append(("Content-Type", contentType)) }
        if let key { request.headers.append(("Authorization", key.reveal())) }
        do throws(HTTPFailure) {
            return try await transport.send(request)
        } catch {
            throw RESTClient.failure(error, method, path)
        }
    }

    // MARK: What it means

    private static func failure(_ failure: HTTPFailure, _ method: HTTPRequest.Method, _ path: String) -> ConnectorFailure {
        let what = "\(method.rawValue) \(path): \(failure.message)"
        switch failure.kind {
        case .unreachable: return ConnectorFailure(.unavailable, what)
        case .invalid: return ConnectorFailure(.permanent, what)
        // What only reads was not carried out, whatever became of it.
        case .lost, .tooLarge: return ConnectorFailure(method == .get ? .transient : .unknown, what)
        }
    }

    private func answer(_ response: HTTPResponse, _ method: HTTPRequest.Method, _ path: String) throws(ConnectorFailure) -> Answer {
        let isRead = method == .get
        let words = RESTClient.words(response)
        func failure(_ errorClass: ErrorClass, _ message: String) -> ConnectorFailure {
            ConnectorFailure(errorClass, "\(method.rawValue) \(path): \(message)", serverText: words)
        }
        switch response.status {
        case 200...299, 404:
            guard !response.body.isEmpty, response.status != 404 else {
                return Answer(status: response.status, body: nil, etag: response.header("ETag"))
            }
            do throws(JSONValue.Malformed) {
                return Answer(status: response.status, body: try JSONValue(parsing: response.body), etag: response.header("ETag"))
            } catch {
                throw failure(isRead ? .transient : .unknown, "the answer is no JSON")
            }
        case 401: throw failure(.unavailable, "the service does not know us: is the token right?")
        case 407, 511: throw failure(.unavailable, "something between us and the service wants us to sign in")
        case 409: throw failure(.conflict, "refused, something else is in the way")
        case 408, 412, 425, 429: throw failure(.transient, "refused for now")
        case 300...399: throw failure(.permanent, "the service sends us elsewhere; the url of the policy map should name that place")
        case 400...499: throw failure(.permanent, "refused")
        // 500, 502, 504: it may have been carried out all the same.
        default: throw failure(isRead ? .transient : .unknown, "the service failed")
        }
    }

    /// What the service itself says: RFC 7644 3.12, RFC 9457, or the beginning of whatever it is.
    static func words(_ response: HTTPResponse) -> String {
        let said = try? JSONValue(parsing: response.body)
        let detail = ["detail", "title", "message", "error_description", "error"].lazy.compactMap { said?.member($0)?.text }.first
        let type = said?.member("scimType")?.text.map { " (\($0))" } ?? ""
        let text = detail ?? String(String(decoding: response.body.prefix(600), as: UTF8.self).prefix(200))
        return "HTTP \(response.status)" + (text.isEmpty ? "" : ": ") + text + type
    }

    // MARK: Not now

    /// For how many seconds every request is to wait; nil: the answer is one.
    private static func holdsBack(_ response: HTTPResponse, attempt waited: Double) -> Double? {
        let said = response.header("Retry-After").flatMap { seconds($0, now: Date()) }
        switch response.status {
        // Where it does not say when, twice as long as was waited already.
        case 429: return said ?? max(0.5, waited)
        case 503: return said
        default: return nil
        }
    }

    /// RFC 9110, 10.2.3: seconds, or a date.
    static func seconds(_ text: String, now: Date) -> Double? {
        if let seconds = Int(text.trimmingCharacters(in: .whitespaces)) { return seconds < 0 ? nil : Double(seconds) }
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
    }
}

/// One pause for a whole service.
actor ServicePause {
    private var end = ContinuousClock.now

    func hold(_ seconds: Double) { end = max(end, ContinuousClock.now + .seconds(seconds)) }

    /// Returns once nobody is held back, and for how many seconds that was.
    func wait() async throws(ConnectorFailure) -> Double {
        let began = ContinuousClock.now
        while end > .now {
            do {
                try await Task.sleep(until: end, clock: .continuous)
            } catch {
                throw ConnectorFailure(.transient, "cancelled")
            }
        }
        return (ContinuousClock.now - began) / .seconds(1)
    }
}
