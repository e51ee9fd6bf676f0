/// A request as it goes over the wire.
package struct HTTPRequest: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    package var method: Method
    /// Absolute, `https://` or `http://`, escaped (RFC 3986).
    package var url: String
    package var headers: [(name: String, value: String)]
    package var body: [UInt8]?

    package init(_ method: Method, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8]? = nil) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
    }
}

/// An answer, whatever its status is.
package struct HTTPResponse: Sendable {
    package let status: Int
    /// In the order in which they came; names as they were spelled.
    package let headers: [(name: String, value: String)]
    package let body: [UInt8]

    package init(status: Int, headers: [(name: String, value: String)], body: [UInt8]) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// The first header of this name, whatever its capitals are (RFC 9110, 5.1).
    package func header(_ name: String) -> String? {
        let wanted = name.lowercased()
        return headers.first { $0.name.lowercased() == wanted }?.value
    }
}

/// Why there is no answer.
package struct HTTPFailure: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Kind: Hashable, Sendable {
        /// Nothing was sent: no such host, nobody listens, no trust in the server's certificate.
        case unreachable
        /// The request, or a part of it, was sent: it may have been carried out.
        case lost
        /// The answer is more than is taken: the request was carried out, or refused, and nobody reads which.
        case tooLarge
        /// It was sent by nobody and never will be: a wrong URL, a header with a line break.
        case invalid
    }

    package let kind: Kind
    /// In libcurl's words; holds no header and no body.
    package let message: String
    package var description: String { message }

    package init(_ kind: Kind, _ message: String) {
        self.kind = kind
        self.message = message
    }
}
