import IdentityModel
import Testing

@Suite struct SensitiveAttributesTests {
    @Test(arguments: [
        "userPassword", "USERPASSWORD", "userPassword;x-hash", "unicodePwd", "unicodePwd;binary", "dBCSPwd", "password", "ntPassword",
        "lmPassword", "clearPassword", "authPassword", "sambaNTPassword", "sambaLMPassword", "sambaPasswordHistory", "krb5Key",
        "krbPrincipalKey", "krbPrincipalKey;binary", "supplementalCredentials", "ntPwdHistory", "ms-Mcs-AdmPwd", "msLAPS-EncryptedPassword",
        "initialPassword",
    ])
    func `names that vendors give to secrets are known, however they are written`(name: String) {
        #expect(SensitiveAttributes.contains(name))
    }

    @Test(arguments: [
        "pwdLastSet", "badPasswordTime", "pwdAccountLockedTime", "passwordExpirationTime", "userMustChangePassword", "title", "sn", "key",
        "secretary", "x;password", "",
    ])
    func `dates, flags and everything else that only speaks of passwords is shown`(name: String) {
        #expect(!SensitiveAttributes.contains(name))
    }

    @Test func `what the configuration calls sensitive stands in the request, and only that is written`() throws {
        let plain = AttributeRequest(name: "badge", operation: .set, before: [.text("4711")], after: [.text("4712")])
        #expect(!plain.isSensitive && plain.shownAfter == [.text("4712")])
        let marked = AttributeRequest(
            name: "badge", operation: .set, before: [.text("4711")], after: [.text("4712"), .text("4713")], isMarkedSensitive: true)
        #expect(marked.shownBefore == [.text("••••••")] && marked.shownAfter == [.text("••••••"), .text("••••••")])
        #expect(
            marked.documentText
                == #"{"after":["4712","4713"],"before":["4711"],"name":"badge","operation":"Set","sensitive":true}"#)
        #expect(!plain.documentText.contains("sensitive"))
        #expect(try AttributeRequest(documentText: marked.documentText) == marked)
        let byName = AttributeRequest(name: "sambaNTPassword", operation: .set, before: [], after: [.text("8846F7EA")])
        #expect(byName.isSensitive && !byName.documentText.contains("sensitive"))
    }

    @Test func `whoever asks for other values of a sensitive attribute keeps it sensitive`() {
        let marked = AttributeRequest(name: "badge", operation: .set, before: [], after: [.text("4712")], isMarkedSensitive: true)
        let asked = marked.asking(.add, before: [.text("4711")], after: [.text("4713")])
        #expect(asked.isMarkedSensitive && asked.name == "badge" && asked.operation == .add && asked.after == [.text("4713")])
    }
}
