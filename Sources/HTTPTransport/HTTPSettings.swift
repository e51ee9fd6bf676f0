/// How requests are made. Times are milliseconds.
package struct HTTPSettings: Sendable {
    /// Connections that are opened at most; a further request waits for one.
    package var connections = 8
    /// For the name, the connection and the handshake together.
    package var connectTimeout = 10_000
    /// From the beginning to the end of the answer.
    package var timeout = 60_000
    /// Bytes of an answer's body, and of its headers.
    package var largestBody = 16 << 20
    package var largestHeaders = 64 << 10
    /// PEM: whose signature the server's certificate has to carry; nil: those that this machine trusts.
    package var caFile: String?
    /// PEM: by what we show who we are (mutual TLS).
    package var certificateFile: String?
    package var keyFile: String?
    package var userAgent = "birthright"

    package init() {}
}
