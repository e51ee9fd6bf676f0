internal import COpenLDAP
internal import Foundation
internal import IdentityModel

extension Connection {
    /// Connects, starts TLS with verification, and binds. What it throws is `.unavailable` and says what a person can do about it.
    static func open(_ settings: LDAPSettings) throws(ConnectorFailure) -> Connection {
        try refuseUnsafe(settings)
        var handle: OpaquePointer?
        guard ldap_initialize(&handle, settings.url) == LDAP_SUCCESS, let handle else {
            throw ConnectorFailure(.unavailable, "'\(settings.url)' is not the URL of an LDAP server (ldaps://host:port)")
        }
        var isOurs = true
        defer { if isOurs { ldap_unbind_ext(handle, nil, nil) } }
        configure(handle, settings)
        let connected = ldap_connect(handle)
        guard connected == LDAP_SUCCESS else { throw explanation(of: connected, handle, settings) }
        if settings.startTLS {
            let started = ldap_start_tls_s(handle, nil, nil)
            guard started == LDAP_SUCCESS else { throw explanation(of: started, handle, settings) }
        }
        try bind(handle, settings)
        limitSending(handle, seconds: settings.timeoutSeconds)
        isOurs = false
        return Connection(handle: handle, dialect: settings.dialect)
    }

    private static func refuseUnsafe(_ settings: LDAPSettings) throws(ConnectorFailure) {
        let isEncrypted = settings.url.lowercased().hasPrefix("ldaps://") || settings.startTLS
        guard isEncrypted else {
            throw ConnectorFailure(
                .unavailable, "\(settings.url) would carry the password in the clear: use an ldaps:// URL, or ldap:// with startTLS: true")
        }
        // RFC 4513 section 5.1.2: servers answer an empty password with success, as anonymous.
        guard !settings.password.reveal().isEmpty else {
            throw ConnectorFailure(.unavailable, "the password for \(settings.bindDN) is empty")
        }
        if let file = settings.caFile, !FileManager.default.isReadableFile(atPath: file) {
            throw ConnectorFailure(.unavailable, "cannot read the CA file \(file)")
        }
    }

    private static func configure(_ handle: OpaquePointer, _ settings: LDAPSettings) {
        _ = cldap_set_int(handle, LDAP_OPT_PROTOCOL_VERSION, LDAP_VERSION3)
        _ = cldap_set_flag(handle, LDAP_OPT_REFERRALS, 0)
        _ = cldap_set_flag(handle, LDAP_OPT_RESTART, 1)
        _ = cldap_set_timeout(handle, LDAP_OPT_NETWORK_TIMEOUT, Int32(clamping: settings.connectSeconds * 1_000))
        _ = cldap_set_timeout(handle, LDAP_OPT_TIMEOUT, Int32(clamping: settings.connectSeconds * 1_000))
        _ = cldap_set_int(handle, LDAP_OPT_X_TLS_REQUIRE_CERT, LDAP_OPT_X_TLS_DEMAND)
        _ = cldap_set_int(handle, LDAP_OPT_X_TLS_PROTOCOL_MIN, cldap_tls_1_2())
        if let file = settings.caFile { _ = cldap_set_string(handle, LDAP_OPT_X_TLS_CACERTFILE, file) }
        // What is set after it has no effect.
        _ = cldap_apply_tls_options(handle)
    }

    private static func bind(_ handle: OpaquePointer, _ settings: LDAPSettings) throws(ConnectorFailure) {
        var messageID: Int32 = 0
        var password = settings.password.reveal()
        let sent = password.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { cldap_simple_bind(handle, settings.bindDN, $0.baseAddress, bytes.count, &messageID) }
        }
        guard sent == LDAP_SUCCESS else { throw explanation(of: sent, handle, settings) }
        var message: OpaquePointer?
        let type = cldap_result(handle, messageID, 1, Int32(clamping: settings.connectSeconds * 1_000), &message)
        guard type > 0, let message else {
            throw explanation(
                of: type == 0 ? LDAP_TIMEOUT : cldap_get_int(handle, LDAP_OPT_RESULT_CODE, LDAP_SERVER_DOWN), handle, settings)
        }
        var code: Int32 = 0
        var text: UnsafeMutablePointer<CChar>?
        guard ldap_parse_result(handle, message, &code, nil, &text, nil, nil, 1) == LDAP_SUCCESS else {
            throw ConnectorFailure(.unavailable, "the answer of \(settings.url) to the bind cannot be read")
        }
        defer { ldap_memfree(text) }
        guard code == LDAP_SUCCESS else { throw bindRefusal(code, text.map { String(cString: $0) } ?? "", settings) }
    }

    private static func bindRefusal(_ code: Int32, _ text: String, _ settings: LDAPSettings) -> ConnectorFailure {
        let server = ResultCode.serverText(code, text)
        return switch code {
        case LDAP_INVALID_CREDENTIALS:
            ConnectorFailure(
                .unavailable, "\(settings.url) refused the bind: wrong password or bindDN (\(settings.bindDN))", serverText: server)
        case LDAP_STRONG_AUTH_REQUIRED, LDAP_CONFIDENTIALITY_REQUIRED:
            ConnectorFailure(
                .unavailable, "\(settings.url) wants an encrypted connection: use ldaps:// or startTLS: true", serverText: server)
        default: ConnectorFailure(.unavailable, "\(settings.url) refused the bind as \(settings.bindDN)", serverText: server)
        }
    }

    /// A server that stops reading must not hold the thread for ever.
    private static func limitSending(_ handle: OpaquePointer, seconds: Int) {
        var limit = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(cldap_descriptor(handle), SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    // MARK: Explaining

    /// libldap tells hardly more than "cannot contact" for everything from an unknown host to a bad certificate; a plain TCP connection tells them apart.
    private static func explanation(of code: Int32, _ handle: OpaquePointer, _ settings: LDAPSettings) -> ConnectorFailure {
        let library = "LDAP \(code): \(String(cString: ldap_err2string(code)))"
        let url = settings.url
        if code > 0 {
            let text = handle.text(LDAP_OPT_DIAGNOSTIC_MESSAGE) ?? ""
            return ConnectorFailure(.unavailable, "\(url) refused StartTLS", serverText: ResultCode.serverText(code, text))
        }
        guard let place = SocketProbe.place(of: url) else {
            return ConnectorFailure(.unavailable, "cannot connect to \(url)", serverText: library)
        }
        switch SocketProbe.connect(host: place.host, port: place.port, seconds: settings.connectSeconds) {
        case .unknownHost: return ConnectorFailure(.unavailable, "cannot connect to \(url): the host name '\(place.host)' is not known")
        case .refused:
            return ConnectorFailure(
                .unavailable, "cannot connect to \(url): connection refused: is the server running at \(place.host):\(place.port)?")
        case .failed(let why): return ConnectorFailure(.unavailable, "cannot connect to \(url): \(why)")
        case .connected where code == LDAP_TIMEOUT:
            return ConnectorFailure(
                .unavailable, "\(url) accepts connections but does not answer within \(settings.connectSeconds) seconds")
        case .connected:
            let authorities = settings.caFile.map { "CA file \($0)" } ?? "the system's CA certificates"
            return ConnectorFailure(
                .unavailable,
                "cannot verify the server's certificate of \(url) with \(authorities): wrong CA, another host name in the certificate, expired, or no TLS there",
                serverText: library)
        }
    }
}

/// Tries a plain TCP connection, to say why another one failed.
enum SocketProbe {
    enum Outcome {
        case connected, refused, unknownHost
        case failed(String)
    }

    static func place(of url: String) -> (host: String, port: Int)? {
        guard let parts = URLComponents(string: url), let host = parts.host, !host.isEmpty else { return nil }
        return (host, parts.port ?? (parts.scheme?.lowercased() == "ldaps" ? 636 : 389))
    }

    static func connect(host: String, port: Int, seconds: Int) -> Outcome {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let bare = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        guard getaddrinfo(bare, String(port), &hints, &found) == 0, let first = found else { return .unknownHost }
        defer { freeaddrinfo(found) }
        var outcome = Outcome.failed("no address of \(host) can be reached")
        var next: UnsafeMutablePointer<addrinfo>? = first
        while let address = next {
            outcome = connect(address.pointee, seconds: seconds)
            if case .connected = outcome { return outcome }
            next = address.pointee.ai_next
        }
        return outcome
    }

    private static func connect(_ address: addrinfo, seconds: Int) -> Outcome {
        let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_NONBLOCK.rawValue), address.ai_protocol)
        guard descriptor >= 0 else { return .failed(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        if Foundation.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return .connected }
        guard errno == EINPROGRESS else { return verdict(errno) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, Int32(clamping: seconds * 1_000)) > 0 else { return .failed("no answer within \(seconds) seconds") }
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return verdict(code)
    }

    private static func verdict(_ code: Int32) -> Outcome {
        switch code {
        case 0: .connected
        case ECONNREFUSED: .refused
        default: .failed(String(cString: strerror(code)))
        }
    }
}
