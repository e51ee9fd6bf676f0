internal import CCurl
internal import Foundation

/// One request under way: what libcurl needs of it, and what has come of its answer. Touched by the transport's thread alone, but for what is constant.
final class Transfer: @unchecked Sendable {
    typealias Reply = CheckedContinuation<Result<HTTPResponse, HTTPFailure>, Never>

    let number: Int
    private let request: HTTPRequest
    private let settings: HTTPSettings
    private let reply: Reply
    private var handle: UnsafeMutableRawPointer?
    private var headerList: UnsafeMutablePointer<curl_slist>?
    private var status = 0
    private var headers: [(name: String, value: String)] = []
    private var headerBytes = 0
    private var body: [UInt8] = []
    private var isTooLarge = false
    /// Times that it was about to be sent.
    private var sendings = 0

    init(_ request: HTTPRequest, _ number: Int, _ settings: HTTPSettings, _ reply: Reply) {
        self.request = request
        self.number = number
        self.settings = settings
        self.reply = reply
    }

    // MARK: Making

    /// Sets a handle up for this request. It refers to the transfer until `finish`.
    func prepare(_ handle: UnsafeMutableRawPointer) throws(HTTPFailure) {
        self.handle = handle
        guard !request.headers.contains(where: { HTTPTransport.isBroken($0.name) || HTTPTransport.isBroken($0.value) }) else {
            throw HTTPFailure(.invalid, "a header holds a line break")
        }
        let context = Unmanaged.passUnretained(self).toOpaque()
        ccurl_set_pointer(handle, CURLOPT_PRIVATE, context)
        try check(ccurl_set_string(handle, CURLOPT_URL, request.url))
        ccurl_set_string(handle, CURLOPT_PROTOCOLS_STR, "http,https")
        ccurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0)
        ccurl_set_long(handle, CURLOPT_NOSIGNAL, 1)
        ccurl_set_long(handle, CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
        ccurl_set_long(handle, CURLOPT_TCP_KEEPALIVE, 1)
        ccurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, settings.connectTimeout)
        ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, settings.timeout)
        ccurl_set_string(handle, CURLOPT_USERAGENT, settings.userAgent)
        // Proxies are no business of the environment's: what is sent may be secret.
        ccurl_set_string(handle, CURLOPT_PROXY, "")
        try trust(handle)
        try say(handle)
        ccurl_set_receive(handle, CURLOPT_WRITEFUNCTION) { bytes, size, count, context in
            Transfer.of(context)?.received(bytes, size * count) ?? 0
        }
        ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context)
        ccurl_set_receive(handle, CURLOPT_HEADERFUNCTION) { bytes, size, count, context in
            Transfer.of(context)?.receivedHeader(bytes, size * count) ?? 0
        }
        ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context)
        // libcurl sends a request again by itself when a connection that it used before was closed without a word. The server may have carried it out.
        ccurl_set_before(handle) { context, _, _, _, _ in
            Transfer.of(context)?.mayBeSent() == true ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
        }
        ccurl_set_pointer(handle, CURLOPT_PREREQDATA, context)
    }

    private func trust(_ handle: UnsafeMutableRawPointer) throws(HTTPFailure) {
        ccurl_set_long(handle, CURLOPT_SSL_VERIFYPEER, 1)
        ccurl_set_long(handle, CURLOPT_SSL_VERIFYHOST, 2)
        if let file = settings.caFile {
            try check(ccurl_set_string(handle, CURLOPT_CAINFO, file))
            try check(ccurl_set_string(handle, CURLOPT_CAPATH, nil))
        }
        if let file = settings.certificateFile { try check(ccurl_set_string(handle, CURLOPT_SSLCERT, file)) }
        if let file = settings.keyFile { try check(ccurl_set_string(handle, CURLOPT_SSLKEY, file)) }
    }

    private func say(_ handle: UnsafeMutableRawPointer) throws(HTTPFailure) {
        ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        if let body = request.body {
            ccurl_set_long(handle, CURLOPT_POST, 1)
            try check(body.withUnsafeBytes { ccurl_set_body(handle, $0.baseAddress, $0.count) })
        } else if request.method == .post || request.method == .put || request.method == .patch {
            ccurl_set_long(handle, CURLOPT_POST, 1)
            try check(ccurl_set_body(handle, "", 0))
        } else {
            ccurl_set_long(handle, CURLOPT_HTTPGET, 1)
            ccurl_set_string(handle, CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        // No "100 Continue" before a body: it costs a round trip, and servers that do not know it a second.
        for line in ["Expect:"] + request.headers.map({ "\($0.name): \($0.value)" }) { headerList = curl_slist_append(headerList, line) }
        ccurl_set_list(handle, CURLOPT_HTTPHEADER, headerList)
    }

    private func check(_ code: CURLcode) throws(HTTPFailure) {
        if code != CURLE_OK { throw HTTPFailure(.invalid, String(cString: curl_easy_strerror(code))) }
    }

    private static func of(_ context: UnsafeMutableRawPointer?) -> Transfer? {
        context.map { Unmanaged<Transfer>.fromOpaque($0).takeUnretainedValue() }
    }

    /// Whose transfer a handle carries out.
    static func carried(by handle: UnsafeMutableRawPointer) -> Transfer? {
        var context: UnsafeMutablePointer<CChar>?
        ccurl_get_pointer(handle, CURLINFO_PRIVATE, &context)
        return of(UnsafeMutableRawPointer(context))
    }

    // MARK: While it is under way

    private func mayBeSent() -> Bool {
        sendings += 1
        return sendings == 1 || request.method == .get
    }

    private func received(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        guard body.count + count <= settings.largestBody else {
            isTooLarge = true
            return 0
        }
        body.append(contentsOf: UnsafeRawBufferPointer(start: bytes, count: count))
        return count
    }

    private func receivedHeader(_ bytes: UnsafeMutablePointer<CChar>?, _ count: Int) -> Int {
        headerBytes += count
        guard headerBytes <= settings.largestHeaders else {
            isTooLarge = true
            return 0
        }
        let line = String(decoding: UnsafeRawBufferPointer(start: bytes, count: count), as: UTF8.self)
        if line.hasPrefix("HTTP/") {
            // Of answers that come before the one that counts (100, 103) nothing is kept.
            headers = []
        } else if let colon = line.firstIndex(of: ":") {
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespacesAndNewlines)
            headers.append((String(line[..<colon]), value))
        }
        return count
    }

    // MARK: Its end

    /// The handle may be used for another transfer afterwards.
    func finish(_ code: CURLcode) {
        var result: Result<HTTPResponse, HTTPFailure>
        if code == CURLE_OK, let handle {
            var status = 0
            ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
            result = .success(HTTPResponse(status: status, headers: headers, body: body))
        } else {
            result = .failure(failure(code))
        }
        end(with: result)
    }

    func end(with result: Result<HTTPResponse, HTTPFailure>) {
        curl_slist_free_all(headerList)
        headerList = nil
        handle = nil
        reply.resume(returning: result)
    }

    private func failure(_ code: CURLcode) -> HTTPFailure {
        let words = String(cString: curl_easy_strerror(code))
        if isTooLarge {
            return HTTPFailure(
                .tooLarge, "the answer has more than \(settings.largestBody) bytes, or its headers more than \(settings.largestHeaders)")
        }
        switch code {
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CACERT_BADFILE:
            return HTTPFailure(.invalid, words)
        default:
            // Before it was about to be sent for the first time nothing of it left this machine.
            guard sendings > 0 else { return HTTPFailure(.unreachable, words) }
            return HTTPFailure(.lost, sendings > 1 ? "the connection was closed before an answer came" : words)
        }
    }
}
