internal import Foundation

/// Sends requests over HTTP/1.1 and HTTP/2, many at a time, on connections that are used again.
///
/// Certificates are checked; no redirect is followed, no proxy of the environment used, and nothing is sent twice: a request whose answer did not come is `lost`,
/// and whoever sent it looks what became of it. One thread runs libcurl's multi interface; nobody else is kept waiting.
package final class HTTPTransport: Sendable {
    private let settings: HTTPSettings
    private let loop: TransferLoop

    package init(_ settings: HTTPSettings) throws(HTTPFailure) {
        self.settings = settings
        loop = try TransferLoop(connections: settings.connections)
    }

    deinit { loop.end() }

    /// The answer, whatever its status is. Cancelled, it throws what is known of the request: `unreachable` where nothing was sent.
    package func send(_ request: HTTPRequest) async throws(HTTPFailure) -> HTTPResponse {
        let number = loop.nextNumber()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { reply in loop.begin(Transfer(request, number, settings, reply)) }
        } onCancel: {
            loop.cancel(number)
        }
        return try result.get()
    }

    /// A line break in a header would begin another one (RFC 9110, 5.5).
    static func isBroken(_ text: String) -> Bool { text.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 } }
}
