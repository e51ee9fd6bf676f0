/// LDAP result codes in words.
enum ResultCode {
    /// Names of RFC 4511 appendix A and of the registry that follows it.
    static func name(_ code: Int32) -> String {
        names[code] ?? "other code"
    }

    /// `LDAP 19 constraintViolation: some attributes not unique`: the server's own code and text.
    static func serverText(_ code: Int32, _ text: String) -> String {
        "LDAP \(code) \(name(code))" + (text.isEmpty ? "" : ": " + text)
    }

    private static let names: [Int32: String] = [
        0: "success", 1: "operationsError", 2: "protocolError", 3: "timeLimitExceeded", 4: "sizeLimitExceeded", 7: "authMethodNotSupported",
        8: "strongerAuthRequired", 10: "referral", 11: "adminLimitExceeded", 12: "unavailableCriticalExtension",
        13: "confidentialityRequired",
        16: "noSuchAttribute", 17: "undefinedAttributeType", 18: "inappropriateMatching", 19: "constraintViolation",
        20: "attributeOrValueExists",
        21: "invalidAttributeSyntax", 32: "noSuchObject", 33: "aliasProblem", 34: "invalidDNSyntax", 48: "inappropriateAuthentication",
        49: "invalidCredentials", 50: "insufficientAccessRights", 51: "busy", 52: "unavailable", 53: "unwillingToPerform", 54: "loopDetect",
        64: "namingViolation", 65: "objectClassViolation", 66: "notAllowedOnNonLeaf", 67: "notAllowedOnRDN", 68: "entryAlreadyExists",
        69: "objectClassModsProhibited", 71: "affectsMultipleDSAs", 80: "other",
    ]
}
