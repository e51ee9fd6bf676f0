internal import COpenLDAP
internal import Foundation
internal import IdentityModel

/// One bound connection: the owner of libldap's handle. Not Sendable: it belongs to its session's thread.
///
/// Once it is lost its handle is not used again, because libldap would connect anew on its own, and unbound.
final class Connection {
    private let handle: OpaquePointer
    private let dialect: Dialect
    private let controls: RequestControls
    private let arena = ModificationArena()
    /// What is in flight, by message id.
    private(set) var outstanding: [Int32: InFlight] = [:]
    /// Why the connection ended; nil while it lives.
    private(set) var lossReason: String?
    /// What the server said it can do; set after the root entry was read.
    var traits = ServerTraits()

    struct InFlight {
        let tag: Int
        let sent: ContinuousClock.Instant
        let wantsNewID: Bool
    }

    /// Takes over a handle that is bound.
    init(handle: OpaquePointer, dialect: Dialect) {
        self.handle = handle
        self.dialect = dialect
        controls = RequestControls(idAttribute: dialect.idAttribute)
    }

    /// Says goodbye to the server, from whatever thread lets go of it last. To one that is gone or hangs there is nothing to say.
    deinit {
        if isLost { shutdown(descriptor, Int32(SHUT_RDWR)) }
        PipeSignal.blocked { ldap_unbind_ext(handle, nil, nil) }
    }

    var isLost: Bool { lossReason != nil }
    var descriptor: Int32 { cldap_descriptor(handle) }
    var tlsVersion: String? { handle.text(LDAP_OPT_X_TLS_VERSION) }

    /// Sends without waiting; the answer comes by `tag`. Throws when the request did not leave.
    func send(_ request: WireRequest, tag: Int) throws(ConnectorFailure) {
        if let lossReason { throw ConnectorFailure(.transient, lossReason) }
        var messageID: Int32 = 0
        let code = transmit(request, &messageID)
        guard code == LDAP_SUCCESS else {
            let why = String(cString: ldap_err2string(code))
            guard code == LDAP_SERVER_DOWN || code == LDAP_CONNECT_ERROR || code == LDAP_TIMEOUT else {
                throw ConnectorFailure(.permanent, "the request could not be encoded (\(why))")
            }
            lossReason = "the connection was lost (\(why))"
            throw ConnectorFailure(.transient, "not sent: the connection was lost (\(why))")
        }
        var wantsNewID = false
        if case .add = request { wantsNewID = traits.hasPostRead }
        outstanding[messageID] = InFlight(tag: tag, sent: .now, wantsNewID: wantsNewID)
    }

    private func transmit(_ request: WireRequest, _ messageID: inout Int32) -> Int32 {
        switch request {
        case .add(let name, let attributes):
            return arena.withModifications(attributes) {
                ldap_add_ext(handle, name, $0, traits.hasPostRead ? controls.postRead : nil, nil, &messageID)
            }
        case .modify(let name, let changes, let forgives):
            return arena.withModifications(changes) { list in
                ldap_modify_ext(handle, name, list, forgives && traits.hasPermissiveModify ? controls.permissive : nil, nil, &messageID)
            }
        case .rename(let name, let newRDN, let newParent, let keepsOld):
            return ldap_rename(handle, name, newRDN, newParent, keepsOld ? 0 : 1, nil, nil, &messageID)
        case .delete(let name): return ldap_delete_ext(handle, name, nil, nil, &messageID)
        case .search(let search): return transmit(search, &messageID)
        }
    }

    private func transmit(_ search: SearchRequest, _ messageID: inout Int32) -> Int32 {
        var attributes: [UnsafeMutablePointer<CChar>?] = search.attributes.map { strdup($0) } + [nil]
        defer { for attribute in attributes { free(attribute) } }
        var list: [UnsafeMutablePointer<LDAPControl>?] = [nil]
        if case .page(let size, var cookie) = search.paging {
            var control: UnsafeMutablePointer<LDAPControl>?
            let code = cookie.withUnsafeMutableBytes { bytes in
                var value = berval(bv_len: ber_len_t(bytes.count), bv_val: bytes.baseAddress?.assumingMemoryBound(to: CChar.self))
                return ldap_create_page_control(handle, ber_int_t(size), &value, 1, &control)
            }
            guard code == LDAP_SUCCESS else { return code }
            list = [control, nil]
        }
        defer { if let control = list[0] { ldap_control_free(control) } }
        let scope =
            switch search.scope {
            case .base: LDAP_SCOPE_BASE
            case .oneLevel: LDAP_SCOPE_ONELEVEL
            case .subtree: LDAP_SCOPE_SUBTREE
            }
        return list.withUnsafeMutableBufferPointer { controls in
            ldap_search_ext(
                handle, search.base, ber_int_t(scope), search.filter, &attributes, 0, controls[0] == nil ? nil : controls.baseAddress, nil,
                nil, Int32(clamping: search.sizeLimit), &messageID)
        }
    }

    /// Takes every answer that is there by now. TLS may hold bytes that poll cannot see, so this goes on until libldap has nothing more.
    func drain(_ receive: (Int, WireOutcome) -> Void) {
        while lossReason == nil {
            var message: OpaquePointer?
            let type = cldap_result(handle, LDAP_RES_ANY, 1, 0, &message)
            if type == 0 { return }
            guard type > 0, let message else {
                lossReason =
                    "the connection was lost (\(String(cString: ldap_err2string(cldap_get_int(handle, LDAP_OPT_RESULT_CODE, LDAP_SERVER_DOWN)))))"
                break
            }
            defer { ldap_msgfree(message) }
            guard let waiting = outstanding.removeValue(forKey: ldap_msgid(message)) else { continue }
            receive(waiting.tag, answer(in: message, wantsNewID: waiting.wantsNewID))
        }
        if isLost { failOutstanding(receive) }
    }

    private func failOutstanding(_ receive: (Int, WireOutcome) -> Void) {
        let lost = outstanding.values.map(\.tag).sorted()
        outstanding = [:]
        for tag in lost { receive(tag, .lost(lossReason ?? "the connection was lost")) }
    }

    /// Gives up requests that were sent before `limit`. When none was answered that was sent since, the server hangs: the connection counts as lost.
    func expire(sentBefore limit: ContinuousClock.Instant, seconds: Int, _ receive: (Int, WireOutcome) -> Void) {
        let late = outstanding.filter { $0.value.sent < limit }
        guard !late.isEmpty else { return }
        for (messageID, waiting) in late.sorted(by: { $0.key < $1.key }) {
            ldap_abandon_ext(handle, messageID, nil, nil)
            outstanding[messageID] = nil
            receive(waiting.tag, .lost("no answer within \(seconds) seconds"))
        }
        lossReason = "the server did not answer within \(seconds) seconds"
        failOutstanding(receive)
    }

    /// Whether an idle connection still stands: a server that closed it has left an end of file to be read.
    func checkLife() { drain { _, _ in } }

    // MARK: Reading messages

    private func answer(in message: OpaquePointer, wantsNewID: Bool) -> WireOutcome {
        var entries: [DirectoryEntry] = []
        var part = ldap_first_message(handle, message)
        while let current = part {
            let type = ber_tag_t(bitPattern: Int(ldap_msgtype(current)))
            if type == LDAP_RES_SEARCH_ENTRY {
                entries.append(entry(current))
            } else if type != LDAP_RES_SEARCH_REFERENCE {
                return result(current, entries: entries, wantsNewID: wantsNewID)
            }
            part = ldap_next_message(handle, current)
        }
        return .lost("the answer holds no result")
    }

    private func result(_ message: OpaquePointer, entries: [DirectoryEntry], wantsNewID: Bool) -> WireOutcome {
        var code: Int32 = 0
        var matched: UnsafeMutablePointer<CChar>?
        var text: UnsafeMutablePointer<CChar>?
        var controls: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>?
        guard ldap_parse_result(handle, message, &code, &matched, &text, nil, &controls, 0) == LDAP_SUCCESS else {
            return .lost("the answer cannot be read")
        }
        defer {
            ldap_memfree(matched)
            ldap_memfree(text)
            ldap_controls_free(controls)
        }
        var answer = Answer(code: code, entries: entries)
        if let text, text.pointee != 0 { answer.text = String(cString: text) }
        if let matched, matched.pointee != 0 { answer.matchedName = String(cString: matched) }
        guard let controls else { return .answered(answer) }
        if wantsNewID, let control = ldap_control_find(LDAP_CONTROL_POST_READ, controls, nil) {
            answer.newID = BERElement.firstValue(ofEntry: Array(control.pointee.ldctl_value.bytes)).flatMap(dialect.idText)
        }
        if let control = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, nil) { answer.cookie = cookie(in: control) }
        return .answered(answer)
    }

    private func cookie(in control: UnsafeMutablePointer<LDAPControl>) -> [UInt8] {
        var estimate: ber_int_t = 0
        var value = berval()
        guard ldap_parse_pageresponse_control(handle, control, &estimate, &value) == LDAP_SUCCESS else { return [] }
        defer { ldap_memfree(value.bv_val) }
        return Array(value.bytes)
    }

    private func entry(_ message: OpaquePointer) -> DirectoryEntry {
        var element: OpaquePointer?
        var name = berval()
        ldap_get_dn_ber(handle, message, &element, &name)
        defer { ber_free(element, 0) }
        var attributes: [(name: String, values: [String])] = []
        while true {
            var type = berval()
            var values: UnsafeMutablePointer<berval>?
            guard ldap_get_attribute_ber(handle, message, element, &type, &values) == LDAP_SUCCESS, type.bv_val != nil else { break }
            defer { ber_memfree(values) }
            let attribute = String(decoding: type.bytes, as: UTF8.self)
            // Nothing that reads accounts has a use for a secret.
            if SensitiveAttributes.contains(attribute) { continue }
            var texts: [String] = []
            var index = 0
            while let value = values?[index], value.bv_val != nil {
                texts.append(dialect.text(of: attribute, value.bytes))
                index += 1
            }
            attributes.append((attribute, texts))
        }
        return DirectoryEntry(name: DistinguishedName.canonical(String(decoding: name.bytes, as: UTF8.self)), attributes: attributes)
    }

    /// Who the server says we are (RFC 4532); nil where it has no such operation.
    func whoAmI() -> String? {
        var identity: UnsafeMutablePointer<berval>?
        guard ldap_whoami_s(handle, &identity, nil, nil) == LDAP_SUCCESS, let identity else { return nil }
        defer { ber_bvfree(identity) }
        return String(decoding: identity.pointee.bytes, as: UTF8.self)
    }
}

extension berval {
    /// Valid as long as libldap keeps what it points at.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bv_val, count: bv_val == nil ? 0 : Int(bv_len)) }
}

extension OpaquePointer {
    /// A text option of an LDAP handle.
    func text(_ option: Int32) -> String? {
        guard let text = cldap_copy_string(self, option) else { return nil }
        defer { ldap_memfree(text) }
        return String(cString: text)
    }
}
