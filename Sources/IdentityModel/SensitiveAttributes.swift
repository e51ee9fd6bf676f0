/// Attributes that hold a secret, whatever the configuration says of them: the one list of their names. Others are named there (`sensitive: true`).
public enum SensitiveAttributes {
    /// What stands in place of such a value, wherever one is shown.
    public static let dots = Sensitive("").description

    /// userPassword, unicodePwd, sambaNTPassword, krb5Key ... but not pwdLastSet or badPasswordTime, which hold dates. Compared folded and without
    /// options (`userPassword;binary`).
    public static func contains(_ attribute: String) -> Bool {
        let name = attribute.utf8.prefix { $0 != UInt8(ascii: ";") }
        // Asked for every attribute of every event: nearly none ends in the letter that one of these ends in.
        guard let last = name.last, endings.contains(last | 0x20) else { return false }
        let folded = String(Substring(name)).lowercased()
        return names.contains(folded) || suffixes.contains(where: folded.hasSuffix) && !permissions.contains(where: folded.hasSuffix)
    }

    private static let endings = names.union(suffixes).reduce(into: Endings()) { $0.insert($1.utf8.last) }

    /// Letters, by their bits.
    private struct Endings {
        private var bits: UInt32 = 0
        mutating func insert(_ letter: UInt8?) { if let letter { bits |= 1 << (UInt32(letter) & 31) } }
        func contains(_ letter: UInt8) -> Bool { bits & 1 << (UInt32(letter) & 31) != 0 }
    }

    /// The values as people may see them.
    public static func shown(_ values: [AccountValue], isSensitive: Bool) -> [AccountValue] {
        isSensitive ? values.map { _ in .text(dots) } : values
    }

    /// userPassword, clearPassword, ntPassword, dBCSPwd, initialPassword: vendors make new ones.
    private static let suffixes = ["password", "passwd", "pwd", "passphrase"]
    /// mustChangePassword is a flag.
    private static let permissions = ["changepassword", "changepwd"]
    private static let names: Set<String> = [
        // Active Directory's hashes, histories and managed passwords ([MS-ADA1] to [MS-ADA3]).
        "supplementalcredentials", "ntpwdhistory", "lmpwdhistory", "mslaps-encryptedpasswordhistory", "msds-managedpassword",
        "mslaps-encrypteddsrmpassword", "mslaps-encrypteddsrmpasswordhistory",
        // Samba, Kerberos (Heimdal, MIT) and password policy.
        "sambapasswordhistory", "sambacleartextpassword", "sambapreviouscleartextpassword", "krb5key", "krbprincipalkey", "krbpwdhistory",
        "krbextradata", "krbmkey", "pwdhistory", "passwordhistory", "oathsecret", "ipatokenotpkey", "ipanthash", "clientsecret",
    ]
}
