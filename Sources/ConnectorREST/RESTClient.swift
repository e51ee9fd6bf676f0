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
        /// Where what was made is, as the service says it (RFC 9110, 10.2.2).
        var location: String?

        init(_ response: HTTPResponse, body: JSONValue?) {
            status = response.status
            self.body = body
            etag = response.header("ETag")
            location = response.header("Location")
        }

        init(status: Int, body: JSONValue?) {
            self.status = status
            self.body = body
            etag = nil
        }

        /// Of somebody who is not there.
        static let gone = Answer(status: 404, body: nil)
    }

    /// What an answer means, where whoever asked knows better than the standard.
    enum Meaning: String, CaseIterable, Sendable {
        /// Carried out.
        case success
        /// There is nobody; told as 404.
        case gone
        case conflict, transient, permanent
    }

    private let base: String
    private let authorization: RESTAuthorization
    private let contentType: String
    private let transport: HTTPTransport
    private let pause = ServicePause()
    /// For how long a service may say "not now" to one request, in seconds.
    private let patience: Double
    /// Where the service's own words are in an answer that refuses; nil: at the usual places.
    let wordsAt: JSONPlace?

    /// `base`: `https://app.example.com/scim/v2`, with or without a slash at its end.
    init(
        base: String, authorization: RESTAuthorization, contentType: String, _ settings: HTTPSettings, patience: Double = 120,
        wordsAt: JSONPlace? = nil
    ) throws(ConnectorFailure) {
        self.base = base.hasSuffix("/") ? String(base.dropLast()) : base
        self.authorization = authorization
        self.contentType = contentType
        self.patience = patience
        self.wordsAt = wordsAt
        do throws(HTTPFailure) {
            transport = try HTTPTransport(settings)
        } catch {
            throw ConnectorFailure(.unavailable, error.message)
        }
    }

    /// The answer to a request that was carried out (2xx), that found nothing (404), or whose status the caller knows what to do with (`accepting`); throws what
    /// any other means. `meaning` comes before all that.
    func send(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue? = nil, headers: [(name: String, value: String)] = [],
        accepting: Set<Int> = [], meaning: (@Sendable (Int, JSONValue?) -> Meaning?)? = nil
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
            if accepting.contains(response.status) { return Answer(response, body: try? JSONValue(parsing: response.body)) }
            if let meaning, let answer = try meant(response, method, path, meaning) { return answer }
            guard let seconds = RESTClient.holdsBack(response, attempt: waited) else { return try answer(response, method, path) }
            guard waited + seconds <= patience else {
                throw ConnectorFailure(
                    .transient, "\(method.rawValue) \(path): the service is busy", serverText: RESTClient.words(response, at: wordsAt))
            }
            await pause.hold(seconds)
        }
    }

    /// What a link of the service is behind our url; nil: it is no link. One that leads elsewhere is not followed.
    func path(of link: String) throws(ConnectorFailure) -> String? {
        if link.hasPrefix(base) { return String(link.dropFirst(base.count)) }
        guard link.hasPrefix("/") || link.contains("://") else { return nil }
        let root = base.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false).prefix(3).joined(separator: "/")
        guard link.hasPrefix("/"), (root + link).hasPrefix(base) else {
            throw ConnectorFailure(.permanent, "the service's next page is elsewhere: \(link)")
        }
        return String((root + link).dropFirst(base.count))
    }

    private func exchange(
        _ method: HTTPRequest.Method, _ path: String, _ body: JSONValue?, _ headers: [(name: String, value: String)],
        _ key: Sensitive<String>?
    ) async throws(ConnectorFailure) -> HTTPResponse {
        var request = HTTPRequest(method, base + path, headers: headers, body: body?.bytes)
        request.headers.append(("Accept", contentType))
        if body != nil, !headers.contains(where: { $0.name.lowercased() == "content-type" }) {
            request.headers.append(("Content-Type", contentType))
        }
        if let key { request.headers.append((authorization.headerName, key.reveal())) }
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

    /// Nil: the answer means what it usually does.
    private func meant(
        _ response: HTTPResponse, _ method: HTTPRequest.Method, _ path: String, _ meaning: (Int, JSONValue?) -> Meaning?
    ) throws(ConnectorFailure) -> Answer? {
        let body = try? JSONValue(parsing: response.body)
        func failure(_ errorClass: ErrorClass) -> ConnectorFailure {
            ConnectorFailure(
                errorClass, "\(method.rawValue) \(path): refused", serverText: RESTClient.words(response, at: wordsAt))
        }
        switch meaning(response.status, body) {
        case nil: return nil
        case .success:
            if method == .get, body == nil { throw ConnectorFailure(.transient, "\(method.rawValue) \(path): the answer is no JSON") }
            return Answer(response, body: body)
        case .gone: return .gone
        case .conflict: throw failure(.conflict)
        case .transient: throw failure(.transient)
        case .permanent: throw failure(.permanent)
        }
    }

    private func answer(_ response: HTTPResponse, _ method: HTTPRequest.Method, _ path: String) throws(ConnectorFailure) -> Answer {
        let isRead = method == .get
        let words = RESTClient.words(response, at: wordsAt)
        func failure(_ errorClass: ErrorClass, _ message: String) -> ConnectorFailure {
            ConnectorFailure(errorClass, "\(method.rawValue) \(path): \(message)", serverText: words)
        }
        switch response.status {
        case 200...299, 404:
            guard !response.body.isEmpty, response.status != 404 else {
                return Answer(response, body: nil)
            }
            do throws(JSONValue.Malformed) {
                return Answer(response, body: try JSONValue(parsing: response.body))
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
    static func words(_ response: HTTPResponse, at place: JSONPlace? = nil) -> String {
        let said = try? JSONValue(parsing: response.body)
        let own = place.flatMap { said?[$0]?.text }
        let detail = own ?? ["detail", "title", "message", "error_description", "error"].lazy.compactMap { said?.member($0)?.text }.first
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
