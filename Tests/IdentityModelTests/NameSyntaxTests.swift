import IdentityModel
import Testing

struct NameSyntaxTests {
    @Test(arguments: [
        ("cn=Berg,ou=People", "ou=People"), ("cn=Berg\\, Anna,ou=People", "ou=People"), ("cn=a\\\\,ou=P", "ou=P"), ("cn=Berg", ""),
        ("", ""),
        ("cn=Berg\\2C Anna,ou=People,dc=x", "ou=People,dc=x"),
    ]) func `a path stands in what follows its first comma`(name: String, container: String) {
        #expect(NameSyntax.path.container(of: AccountName(name)) == container)
        #expect(NameSyntax.flat.container(of: AccountName(name)) == "")
    }

    @Test func `groups are one however a path is spelled, and a text is what it is`() {
        let spellings = ["cn=All Staff,ou=Groups", "CN=all staff , OU = Groups", " cn=All Staff,ou=Groups"]
        #expect(Set(spellings.map(NameSyntax.path.groupKey)).count == 1)
        #expect(Set(spellings.map(NameSyntax.flat.groupKey)).count == 3)
        #expect(NameSyntax.path.groupKey("cn=a\\ ,ou=G") != NameSyntax.path.groupKey("cn=a,ou=G"))
        // No path, although paths are what names are here: an id, a number.
        #expect(NameSyntax.path.groupKey("Staff") == "Staff")
    }

    @Test(arguments: [
        ("cn=Aa\\, Bb,ou=G", "cn=aa\\2c Bb,ou=G", true), ("cn=Führung,ou=G", "cn=F\\c3\\bchrung,ou=G", true),
        ("cn=Führung,ou=G", "cn=Fu\u{308}hrung,ou=G", true), ("cn=Aa Bb,ou=G", "cn=Aa  Bb,ou=G", true),
        ("cn=Aa Bb,ou=G", "cn=Aa\\20Bb,ou=G", true), ("cn=a\\=b,ou=G", "cn=a=b,ou=G", true), ("cn=a\\5cb,ou=G", "cn=a\\\\b,ou=G", true),
        ("cn=Aa\\,Bb,ou=G", "cn=Aa,Bb,ou=G", false), ("cn=a\\+b,ou=G", "cn=a+b,ou=G", false), ("cn=AaBb,ou=G", "cn=Aa Bb,ou=G", false),
        ("cn=\\ a,ou=G", "cn=a,ou=G", false), ("cn=\\ a,ou=G", "cn=\\20a,ou=G", true), ("cn=a\\20,ou=G", "cn=a\\ , ou=G", true),
    ]) func `a group is one in whatever way its name is escaped`(one: String, other: String, isSame: Bool) {
        #expect((NameSyntax.path.groupKey(one) == NameSyntax.path.groupKey(other)) == isSame)
    }

    @Test(arguments: [
        ("cn=Berg,ou=People", "cn=Berg, OU=people", true), ("cn=berg,ou=People", "cn=Berg,ou=People", false),
        ("cn=Berg\\2C Anna,ou=P", "cn=Berg\\, Anna,ou=P", true), ("cn=Berg,ou=IT", "cn=Berg,ou=People", false),
    ]) func `capitals count in an entry's own part, and not in what it stands in`(actual: String, wanted: String, isNamed: Bool) {
        #expect(NameSyntax.path.isNamed(AccountName(actual), AccountName(wanted)) == isNamed)
    }

    @Test func `a flat name is compared as it is`() {
        #expect(NameSyntax.flat.isNamed(AccountName("a,b"), AccountName("a,b")))
        #expect(!NameSyntax.flat.isNamed(AccountName("a, b"), AccountName("a,b")))
        #expect(!NameSyntax.flat.isNamed(AccountName("Berg"), AccountName("berg")))
    }
}
