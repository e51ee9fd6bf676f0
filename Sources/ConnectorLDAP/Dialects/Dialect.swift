internal import IdentityModel

/// Product deviations of LDAP: where the account's id stands, how errors sort, what disabling means.
package enum Dialect: String, Sendable, CaseIterable {
    case openLDAP, ds389, activeDirectory

    /// The attribute with the immutable id that the server gives an entry.
    var idAttribute: String {
        switch self {
        case .openLDAP: "entryUUID"
        case .ds389: "nsUniqueId"
        case .activeDirectory: "objectGUID"
        }
    }

    /// The attribute that names an entry cannot be written, not even with the value that it has (MS-ADTS 3.1.1.5.3.2: notAllowedOnRDN).
    var changesNamesByRenameOnly: Bool {
        switch self {
        case .openLDAP, .ds389: false
        case .activeDirectory: true
        }
    }

    /// The attribute that names an account's groups, where the server keeps one.
    var membershipAttribute: String { "memberOf" }

    /// How an id is written as text; nil for bytes that are none.
    func idText(_ bytes: [UInt8]) -> String? {
        switch self {
        case .openLDAP, .ds389: String(validating: bytes, as: UTF8.self)
        case .activeDirectory: ActiveDirectory.identifierText(bytes)
        }
    }

    /// The assertion value of a filter that finds the id.
    func idFilter(_ id: AccountID) -> String? {
        switch self {
        case .openLDAP, .ds389: SearchFilter.equal(idAttribute, id.text)
        case .activeDirectory: ActiveDirectory.identifierFilter(id.text).map { "(" + idAttribute + "=" + $0 + ")" }
        }
    }

    /// A value as text.
    func text(of attribute: String, _ bytes: UnsafeRawBufferPointer) -> String {
        if self == .activeDirectory, attribute.lowercased() == "objectguid" { return idText(Array(bytes)) ?? "" }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// What the caller does next about a server's refusal of a write.
    func errorClass(_ code: Int32, text: String) -> ErrorClass {
        switch code {
        // timeLimitExceeded, adminLimitExceeded, busy, unavailable
        case 3, 11, 51, 52: return .transient
        // entryAlreadyExists
        case 68: return .conflict
        case 19: return isDuplicate(text) ? .conflict : .permanent
        default: return .permanent
        }
    }

    /// Whether a constraintViolation means that a value must be unique and is taken.
    private func isDuplicate(_ text: String) -> Bool {
        let text = text.lowercased()
        return switch self {
        case .openLDAP: OpenLDAP.saysNotUnique(text)
        case .ds389: DS389.saysNotUnique(text)
        case .activeDirectory: ActiveDirectory.saysNotUnique(text)
        }
    }

    /// What a refused change of a single membership means.
    enum MembershipVerdict { case done, look, failed }

    func membershipVerdict(_ code: Int32, adding: Bool) -> MembershipVerdict {
        switch (self, code, adding) {
        // attributeOrValueExists; noSuchAttribute
        case (_, 20, true), (_, 16, false): .done
        // AD and Samba use codes that also mean other things, so a read-back decides.
        case (.activeDirectory, 68, true), (.activeDirectory, 53, false): .look
        default: .failed
        }
    }

    /// Whether one bad value refuses the whole modify, so that splitting it saves the others. The other codes concern the group itself.
    func concernsSingleMembers(_ code: Int32) -> Bool {
        switch code {
        // noSuchAttribute, constraintViolation, attributeOrValueExists, invalidAttributeSyntax, objectClassViolation
        case 16, 19, 20, 21, 65: true
        // noSuchObject (an unknown member), unwillingToPerform, entryAlreadyExists
        case 32, 53, 68: self == .activeDirectory
        default: false
        }
    }

    /// Attributes that the dialect's own disabling writes; lower case.
    var disabling: Set<String> {
        switch self {
        case .openLDAP: ["pwdaccountlockedtime"]
        case .ds389: ["nsaccountlock"]
        case .activeDirectory: ["useraccountcontrol"]
        }
    }

    /// Whether such a server repairs references when an entry is renamed, where nobody says it. Links of Active Directory follow their entries always.
    /// OpenLDAP does it with the refint overlay, 389-ds with the Referential Integrity plug-in: neither is on unless somebody turned it on.
    package var maintainsReferences: Bool { self == .activeDirectory }

    /// What `onDelete: DISABLE`, or Enable after it, adds to a map that does not say it itself. `values`: what `readsBefore` names, as read just before.
    func switching(enabled: Bool, values: [String], server: ServerTraits) -> [Modification] {
        switch self {
        case .openLDAP: server.hasPasswordPolicy ? OpenLDAP.switching(enabled: enabled) : []
        case .ds389: DS389.switching(enabled: enabled)
        case .activeDirectory: ActiveDirectory.switching(enabled: enabled, values: values)
        }
    }

    /// The attribute whose present value `switching` needs.
    var readsBefore: String? { self == .activeDirectory ? ActiveDirectory.controlAttribute : nil }

    /// What Unlock adds: undoes the lock that too many wrong passwords brought.
    func unlocking(_ server: ServerTraits) -> [Modification] {
        switch self {
        case .openLDAP: server.hasPasswordPolicy ? OpenLDAP.unlocking : []
        case .ds389: DS389.unlocking
        case .activeDirectory: ActiveDirectory.unlocking
        }
    }
}

/// What a server's root entry says it can do.
struct ServerTraits: Hashable {
    var product = "unknown server"
    var hasPostRead = false
    var hasPermissiveModify = false
    var hasPaging = false
    var hasPasswordPolicy = false
    var hasTransactions = false
    var namingContexts: [String] = []

    init() {}

    init(root: DirectoryEntry) {
        let controls = Set(root.values(of: "supportedControl"))
        hasPostRead = controls.contains("1.3.6.1.1.13.2")
        // slapd honours it and does not list it (SLAP_CTRL_HIDE in its controls.c).
        hasPermissiveModify = controls.contains("1.2.840.113556.1.4.1413") || root.values(of: "objectClass").contains("OpenLDAProotDSE")
        hasPaging = controls.contains("1.2.840.113556.1.4.319")
        // draft-behera-ldap-password-policy: listed by slapd where the ppolicy overlay is loaded.
        hasPasswordPolicy = controls.contains("1.3.6.1.4.1.42.2.27.8.5.1")
        hasTransactions = root.values(of: "supportedExtension").contains("1.3.6.1.1.21.1")
        namingContexts = root.values(of: "namingContexts")
        product = ServerTraits.product(root)
    }

    private static func product(_ root: DirectoryEntry) -> String {
        let named = [root.values(of: "vendorName").first, root.values(of: "vendorVersion").first].compactMap { $0 }
        if !named.isEmpty { return named.joined(separator: " ") }
        if root.values(of: "objectClass").contains("OpenLDAProotDSE") { return "OpenLDAP" }
        if !root.values(of: "rootDomainNamingContext").isEmpty { return "Active Directory" }
        return "unknown server"
    }
}
