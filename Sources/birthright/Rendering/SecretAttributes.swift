import IdentityModel

/// Attributes that hold a password, whatever the policy map says of them: their values are dots wherever they are shown.
enum SecretAttributes {
    static let dots = Sensitive("").description

    /// userPassword, unicodePwd, dBCSPwd, sambaNTPassword ... but not pwdLastSet or badPasswordTime, which hold dates.
    static func isSecret(_ attribute: String) -> Bool {
        let name = attribute.lowercased()
        return name.hasSuffix("password") || name.hasSuffix("pwd") || name == "supplementalcredentials"
    }

    static func shown(_ values: [AccountValue], of attribute: String) -> [AccountValue] {
        isSecret(attribute) ? values.map { _ in .text(dots) } : values
    }
}
