internal import COpenLDAP
internal import Foundation
internal import IdentityModel

extension Connection {
    /// Connects, starts TLS with verification, and binds. What it throws is `.unavailable` and says what a person can do about it.
    ///
    /// The socket is made here and not by libldap, for two reasons: why it could not be made is known, and a TLS handshake with a server that hangs can be
    /// ended (libldap's own time limit makes the socket non-blocking, on which its GnuTLS code spins without an end).
    static func open(_ settings: LDAPSettings) throws(ConnectorFailure) -> Connection {
        try refuseUnsafe(settings)
        let descriptor = try connectedSocket(settings)
        var handle: OpaquePointer?
        // LDAP_PROTO_TCP
        guard ldap_init_fd(descriptor, 1, settings.url, &handle) == LDAP_SUCCESS, let handle else {
            close(descriptor)
            throw ConnectorFailure(.unavailable, "'\(settings.url)' is not the URL of an LDAP server (ldaps://host:port)")
        }
        var isOurs = true
        defer { if isOurs { ldap_unbind_ext(handle, nil, nil) } }
        configure(handle, settings)
        let limit = SocketLimit(descriptor, seconds: settings.connectSeconds)
        let started = settings.startTLS ? ldap_start_tls_s(handle, nil, nil) : ldap_install_tls(handle)
        let isLate = limit.end()
        guard started == LDAP_SUCCESS, !isLate else { throw tlsRefusal(started, isLate: isLate, handle, settings) }
        try bind(handle, settings)
        isOurs = false
        return Connection(handle: handle, dialect: settings.dialect)
    }

    private static func connectedSocket(_ settings: LDAPSettings) throws(ConnectorFailure) -> Int32 {
        guard let place = Sockets.place(of: settings.url) else {
            throw ConnectorFailure(.unavailable, "'\(settings.url)' is not the URL of an LDAP server (ldaps://host:port)")
        }
        let attempt = "cannot connect to \(settings.url)"
        switch Sockets.connect(host: place.host, port: place.port, seconds: settings.connectSeconds) {
        case .connected(let descriptor):
            Sockets.limit(descriptor, seconds: settings.timeoutSeconds)
            return descriptor
        case .unknownHost: throw ConnectorFailure(.unavailable, "\(attempt): the host name '\(place.host)' is not known")
        case .refused:
            throw ConnectorFailure(.unavailable, "\(attempt): connection refused: is the server running at \(place.host):\(place.port)?")
        case .failed(let why): throw ConnectorFailure(.unavailable, "\(attempt): \(why)")
        }
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
        guard sent == LDAP_SUCCESS else { throw ConnectorFailure(.unavailable, "\(settings.url) closed the connection before the bind") }
        var message: OpaquePointer?
        let type = cldap_result(handle, messageID, 1, Int32(clamping: settings.connectSeconds * 1_000), &message)
        guard type != 0 else { throw silence(settings) }
        guard type > 0, let message else { throw ConnectorFailure(.unavailable, "\(settings.url) closed the connection during the bind") }
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

    private static func tlsRefusal(_ code: Int32, isLate: Bool, _ handle: OpaquePointer, _ settings: LDAPSettings) -> ConnectorFailure {
        if isLate { return silence(settings) }
        if code > 0 {
            let text = handle.text(LDAP_OPT_DIAGNOSTIC_MESSAGE) ?? ""
            return ConnectorFailure(.unavailable, "\(settings.url) refused StartTLS", serverText: ResultCode.serverText(code, text))
        }
        let authorities = settings.caFile.map { "CA file \($0)" } ?? "the system's CA certificates"
        return ConnectorFailure(
            .unavailable,
            "cannot verify the server's certificate of \(settings.url) with \(authorities): wrong CA, another host name in the certificate, expired, or no TLS there",
            serverText: "LDAP \(code): \(String(cString: ldap_err2string(code)))")
    }

    private static func silence(_ settings: LDAPSettings) -> ConnectorFailure {
        ConnectorFailure(.unavailable, "\(settings.url) accepts connections but does not answer within \(settings.connectSeconds) seconds")
    }
}
