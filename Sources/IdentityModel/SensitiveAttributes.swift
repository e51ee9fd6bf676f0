/// Attributes that hold a secret, whatever the configuration says of them: the one list of their names. Others are named there (`sensitive: true`).
public enum SensitiveAttributes {
    /// What stands in place of such a value, wherever one is shown.
    public static let dots = Sensitive("").description

    /// userPassword, unicodePwd, sambaNTPassword, krb5Key ... but not pwdLastSet or badPasswordTime, which hold dates. Compared folded and without
    /// options (`userPassword;binary`).
    public static func contains(_ attribute: String) -> Bool {
        // Asked for every attribute of every event.
        let name = attribute.utf8.prefix { $0 != UInt8(ascii: ";") }
        let folded = String(Substring(name)).lowercased()
        return names.contains(folded) || suffixes.contains(where: folded.hasSuffix) && !permissions.contains(where: folded.hasSuffix)
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
