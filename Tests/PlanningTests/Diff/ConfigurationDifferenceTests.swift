import IdentityModel
import Planning
import Testing

/// What differs between two configurations, by name.
struct ConfigurationDifferenceTests {
    /// `Rules.yaml:3:3 rules: rule vpn changed`.
    private func differences(_ other: DiffCompany) throws -> [String] {
        ConfigurationDifference.between(try DiffCompany().load(), try other.load()).map { difference in
            let place = difference.position.map { "\($0) " } ?? ""
            let values = difference.values.map { " \($0.before) -> \($0.after)" } ?? ""
            return "\(place)\(difference.place.words): \(difference.part) \(difference.fate.rawValue)\(values)"
        }
    }

    @Test func `the same configuration differs in nothing, and neither does one with another comment`() throws {
        #expect(try differences(DiffCompany()).isEmpty)
        #expect(try differences(try DiffCompany().map("title: user.?title", "# the job\n  title:   user.?title   # as HR says")).isEmpty)
    }

    @Test func `a rule, a role and a guard are named`() throws {
        let other = try DiffCompany().changing("Rules.yaml", "\"Controller\"", "\"Accountant\"")
            .changing("Roles.yaml", "cn=VPN", "cn=Remote").changing("birthright.yaml", "count: 1", "count: 2")
        #expect(
            try differences(other) == [
                "service: guards changed", "Roles.yaml:3:3 roles: role VPN changed", "Rules.yaml:3:3 rules: rule vpn changed",
            ])
    }

    @Test func `parts that come and go are told from parts that change`() throws {
        let other = try DiffCompany().map("title: user.?title", "job: user.?title").map("onDelete: DISABLE", "onDelete: DELETE")
        #expect(
            try differences(other) == [
                "system(Directory): onDelete changed DISABLE -> DELETE",
                "PolicyMaps/directory.yaml:21:3 system(Directory): attribute job added",
                "PolicyMaps/directory.yaml:21:3 system(Directory): attribute title removed",
            ])
    }

    @Test func `a candidate, a let and a row of a table differ where they stand`() throws {
        let other = try DiffCompany().map("last + string(n)", "last + \"-\" + string(n)").map("user.lastName.lowerAscii()", "user.lastName")
            .changing("Lookups/ou.csv", "ou=Sales", "ou=Market")
        #expect(
            try differences(other) == [
                "system(Directory): table ou changed", "PolicyMaps/directory.yaml:8:9 system(Directory): let last changed",
                "PolicyMaps/directory.yaml:12:3 system(Directory): attribute login changed",
            ])
    }

    @Test func `rows of a table may stand in another order`() throws {
        #expect(
            try differences(
                try DiffCompany().changing("Lookups/ou.csv", "Finance,ou=Finance\nSales,ou=Sales", "Sales,ou=Sales\nFinance,ou=Finance")
            ).isEmpty)
    }

    @Test func `a system or a source that comes or goes is one difference`() throws {
        let other = try DiffCompany().map("managedSystem: Directory", "managedSystem: Mail")
            .changing("Roles.yaml", "Employee: { entitlements: [ { system: Directory", "Employee: { entitlements: [ { system: Mail")
            .changing("Roles.yaml", "VPN: { entitlements: [ { system: Directory", "VPN: { entitlements: [ { system: Mail")
            .changing("birthright.yaml", "  hr:\n", "  people:\n")
        #expect(
            try differences(other) == [
                "birthright.yaml:7:10 source(hr): all of it removed", "birthright.yaml:7:10 source(people): all of it added",
                "Roles.yaml:2:3 roles: role Employee changed", "Roles.yaml:3:3 roles: role VPN changed",
                "PolicyMaps/directory.yaml:1:1 system(Directory): the whole policy map removed",
                "PolicyMaps/directory.yaml:1:1 system(Mail): the whole policy map added",
            ])
    }

    @Test func `a source is compared by what it says of people`() throws {
        let other = try DiffCompany().changing("birthright.yaml", "lastName: row.LAST", "lastName: row.LAST.title()")
            .changing("birthright.yaml", "timeZone: Europe/Oslo", "timeZone: Europe/Paris")
        #expect(
            try differences(other) == [
                "source(hr): timeZone changed Europe/Oslo -> Europe/Paris", "birthright.yaml:11:17 source(hr): map lastName changed",
            ])
    }
}
