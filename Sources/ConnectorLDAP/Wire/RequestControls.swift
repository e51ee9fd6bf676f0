internal import COpenLDAP

/// The controls that requests carry, encoded once for the life of a connection.
final class RequestControls {
    /// RFC 4527: the answer to an add holds the new entry's id.
    let postRead: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>
    /// A value that is already there, or already gone, is no error (Microsoft's 1.2.840.113556.1.4.1413; OpenLDAP and AD have it).
    let permissive: UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>
    private var memory: [UnsafeMutableRawPointer] = []

    init(idAttribute: String) {
        // AttributeSelection ::= SEQUENCE OF LDAPString (RFC 4511 section 4.5.1); the attribute's name is short.
        let name = Array(idAttribute.utf8)
        let selection = [0x30, UInt8(truncatingIfNeeded: name.count + 2), 0x04, UInt8(truncatingIfNeeded: name.count)] + name
        var memory: [UnsafeMutableRawPointer] = []
        postRead = controlList(LDAP_CONTROL_POST_READ, selection, &memory)
        permissive = controlList(LDAP_CONTROL_X_PERMISSIVE_MODIFY, [], &memory)
        self.memory = memory
    }

    deinit {
        for block in memory { block.deallocate() }
    }
}

/// Two slots: the control and the end.
private func controlList(
    _ identifier: String, _ value: [UInt8], _ memory: inout [UnsafeMutableRawPointer]
) -> UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?> {
    let text = UnsafeMutablePointer<CChar>.allocate(capacity: identifier.utf8.count + 1)
    for (index, byte) in identifier.utf8.enumerated() { text[index] = CChar(bitPattern: byte) }
    text[identifier.utf8.count] = 0
    let content = UnsafeMutablePointer<CChar>.allocate(capacity: max(1, value.count))
    for (index, byte) in value.enumerated() { content[index] = CChar(bitPattern: byte) }
    let control = UnsafeMutablePointer<LDAPControl>.allocate(capacity: 1)
    let encoded = value.isEmpty ? berval(bv_len: 0, bv_val: nil) : berval(bv_len: ber_len_t(value.count), bv_val: content)
    control.initialize(to: LDAPControl(ldctl_oid: text, ldctl_value: encoded, ldctl_iscritical: 0))
    let list = UnsafeMutablePointer<UnsafeMutablePointer<LDAPControl>?>.allocate(capacity: 2)
    list[0] = control
    list[1] = nil
    memory += [
        UnsafeMutableRawPointer(text), UnsafeMutableRawPointer(content), UnsafeMutableRawPointer(control), UnsafeMutableRawPointer(list),
    ]
    return list
}
