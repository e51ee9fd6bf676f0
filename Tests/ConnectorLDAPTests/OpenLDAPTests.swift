import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// What is OpenLDAP's own: its answers sorted, its limits kept.
@Suite(.directory)
struct OpenLDAPTests {
    let connector: LDAPConnector
    let server: DirectoryServer

    init() throws {
        server = try #require(DirectoryServer.current)
        connector = LDAPConnector(server.settings)
    }

    @Test func `names that are hard to escape are created, found, renamed and deleted`() async throws {
        // A value of spaces only, and control characters, are none of a directory string (RFC 4518 section 2.3).
        let texts = DistinguishedNameTests.hostileStrings(120, seed: 3).filter { text in
            !text.allSatisfy { $0 == " " } && !text.unicodeScalars.contains { $0.value < 32 }
        }
        let labels = texts.enumerated().map { "\($1)-\($0)" }
        let names = labels.map { "cn=\(DistinguishedName.escape($0)),\(people)" }
        let created = await connector.execute(zip(labels.indices, names).map { create($0, $1) })
        #expect(created.compactMap(\.failure) == [])
        let lookups = try await connector.find(labels.map { .correlation(["cn": $0]) })
        #expect(lookups.map { found($0)?.id } == created.map(\.accountID))
        // Each takes the next one's name: a ring through all of them.
        let renamed = await connector.execute(
            names.indices.map { operation(.modify, $0, names[$0], id: created[$0].accountID, to: names[($0 + 1) % names.count]) })
        #expect(renamed.compactMap(\.failure) == [])
        let after = try await connector.find(labels.map { .correlation(["cn": $0]) })
        #expect(after.indices.map { found(after[($0 + 1) % after.count])?.id } == created.map(\.accountID))
        let deleted = await connector.execute(
            after.indices.compactMap { index in found(after[index]).map { operation(.delete, index, $0.name.text) } })
        #expect(deleted.compactMap(\.failure) == [])
    }

    /// Seen: a value that the map gave went with the old name, and was given by nobody any more.
    @Test func `a rename takes no value away that stays`() async throws {
        let numbers = attribute("employeeNumber", "N1", as: .add)
        let names = ["employeeNumber=N1,\(people)", "cn=stays one,\(people)", "cn=stays two,\(people)"]
        let both = attribute("cn", "stays one", "stays two", as: .add)
        let id = try #require(await connector.execute([create(1, names[0], [both, numbers])])[0].accountID)
        func rename(_ from: Int, to: Int, staying: [String: [String]]) async throws -> ActualAccount {
            var renaming = operation(.modify, 2, names[from], id: id, to: names[to])
            renaming.staying = staying
            #expect(await connector.execute([renaming])[0].failure == nil)
            return try #require(found(try await connector.find([.id(id)]).first))
        }
        // Another attribute names it: the correlation stays. Another value of the same does: both stay.
        let first = try await rename(0, to: 1, staying: ["employeeNumber": ["N1"], "CN": ["Stays One", "stays two"]])
        #expect(first.values("employeeNumber") == ["N1"])
        let second = try await rename(1, to: 2, staying: ["employeeNumber": ["N1"], "CN": ["Stays One", "stays two"]])
        #expect(Set(second.values("cn")) == ["stays one", "stays two"])
        // So does what nobody gave, where another attribute names the entry: nobody asked to take it away.
        let third = try await rename(2, to: 0, staying: ["cn": ["stays two"]])
        #expect(Set(third.values("cn")) == ["stays one", "stays two"])
        #expect(try await rename(0, to: 1, staying: ["cn": ["stays one", "stays two"]]).values("employeeNumber") == ["N1"])
        _ = await connector.execute([operation(.delete, 9, names[1], id: id)])
    }

    /// An entry that is named by another attribute from now on: what the old one and the new one hold is what the order says, and nothing beside it.
    @Test func `a rename to another attribute leaves each with the values of the order`() async throws {
        let names = ["cn=Foreign,\(people)", "employeeNumber=N7,\(people)", "cn=Ann Moe,\(people)"]
        let id = try #require(await connector.execute([create(1, names[0], [attribute("employeeNumber", "N7", as: .add)])])[0].accountID)
        func cn(_ from: Int, to: Int?, _ values: String...) async throws -> [String] {
            let renaming = operation(
                .modify, 2, names[from], id: id, to: to.map { names[$0] }, values.map { attribute("cn", $0, as: .set) })
            #expect(await connector.execute([renaming])[0].failure == nil)
            return try #require(found(try await connector.find([.id(id)]).first)).values("cn")
        }
        // The schema wants a cn of the entry at every moment.
        #expect(try await cn(0, to: 1, "Ann Berg") == ["Ann Berg"])
        #expect(try await cn(1, to: 2, "Ann Moe") == ["Ann Moe"])
        #expect(try await cn(2, to: 1, "Ann Berg") == ["Ann Berg"])
        // The rename was done, and what followed was not: the next order says the name alone.
        #expect(Set(try await cn(1, to: 2)) == ["Ann Berg", "Ann Moe"])
        #expect(try await cn(2, to: nil, "Ann Moe") == ["Ann Moe"])
        _ = await connector.execute([operation(.delete, 9, names[2], id: id)])
    }

    /// Active Directory refuses a rename that leaves the old name, and a move leaves none.
    @Test func `a move, and a way round another name, leave no value behind`() {
        func keeps(_ name: String, _ newName: String, _ staying: [String: [String]]) -> Bool {
            var renaming = operation(.modify, 1, name, to: newName)
            renaming.staying = staying
            return EntryContent.keepsNaming(of: name, renaming)
        }
        #expect(!keeps("cn=Ann Berg,\(people)", "cn=Ann Berg,\(disabled)", ["cn": ["Ann Berg"]]))
        #expect(!keeps("cn=ann  berg,\(people)", "CN=Ann Berg,\(disabled)", ["cn": ["Ann Berg"]]))
        #expect(!keeps("cn=Ann Berg,\(people)", "cn=Ann Moe,\(people)", ["sn": ["Ann Berg"]]))
        #expect(keeps("cn=Ann Berg,\(people)", "cn=Ann Moe,\(people)", ["CN": ["ann berg", "Ann Moe"]]))
        #expect(keeps("cn=Ann Berg,\(people)", "uid=berg,\(people)", ["cn": ["Ann Berg"]]))
        #expect(keeps("cn=Ann Berg,\(people)", "uid=berg,\(people)", [:]))
    }

    @Test func `whoever was moved by hand leaves the group by the name that the entry has now`() async throws {
        let old = "cn=moved by hand,\(people)"
        let new = "cn=moved by hand,\(disabled)"
        let id = try #require(await connector.execute([create(1, old, [membership(.add, allStaff)])])[0].accountID)
        let hand = LDAPConnector(server.settings)
        _ = await hand.execute([operation(.modify, 2, old, id: id, to: new)])
        try await Task.sleep(for: .milliseconds(200))
        let removal = operation(.modify, 3, old, id: id, [membership(.remove, allStaff)])
        var left = OperationResult(id: removal.id, accountID: id, name: AccountName(new), failure: nil)
        left.wasElsewhere = true
        #expect(await connector.execute([removal]) == [left])
        #expect(found(try await connector.find([.id(id)]).first)?.name == AccountName(new))
        try await Task.sleep(for: .milliseconds(200))
        #expect(try await server.members(of: allStaff).filter { $0.contains("moved by hand") } == [])
    }

    @Test(arguments: [UInt64(1), 2, 3, 4])
    func `people exchange names at random, while others come and go`(seed: UInt64) async throws {
        var generator = SeededGenerator(state: seed)
        let names = (0..<60).map { "cn=r\(seed)n\($0),\($0 % 2 == 0 ? people : disabled)" }
        let ids = await connector.execute(names.prefix(40).indices.map { create($0, names[$0]) }).map(\.accountID)
        var targets = Array(0..<60).shuffled(using: &generator)
        var operations: [AccountOperation] = []
        var expected: [AccountID?] = Array(repeating: nil, count: 60)
        for index in 0..<40 {
            if index % 10 == 9 {
                operations.append(operation(.delete, index, names[index], id: ids[index]))
            } else {
                let target = targets.removeLast()
                operations.append(
                    operation(.modify, index, names[index], id: ids[index], to: names[target], [attribute("title", "t\(index)")]))
                expected[target] = ids[index]
            }
        }
        let newcomers = targets.prefix(5)
        for target in newcomers { operations.append(create(100 + target, names[target])) }
        operations.shuffle(using: &generator)
        let results = await connector.execute(operations)
        #expect(results.compactMap(\.failure) == [])
        for result in results where result.id.sequence >= 100 { expected[result.id.sequence - 100] = result.accountID }
        let actual = try await connector.find((0..<60).map { .correlation(["cn": "r\(seed)n\($0)"]) })
        #expect(actual.map { found($0)?.id } == expected)
    }

    @Test func `thousands of memberships are few modifies, and among them only the unknown names fail`() async throws {
        let count = 5_200
        let created = await connector.execute((0..<count).map { create($0, "cn=many\($0),\(people)") })
        #expect(created.compactMap(\.failure) == [])
        let strangers: Set<Int> = [0, 2_600, 5_199]
        let joining = (0..<count).map { index in
            operation(
                .modify, index, strangers.contains(index) ? "cn=stranger\(index),\(people)" : "cn=many\(index),\(people)",
                [membership(.add, allStaff)])
        }
        let joined = await connector.execute(joining)
        #expect(joined.compactMap(\.failure) == [])
        #expect(Set(joined.indices.filter { !joined[$0].failedRequests.isEmpty }) == strangers)
        #expect(joined[0].failedRequests[0]?.serverText?.hasPrefix("LDAP 19 constraintViolation") == true)
        let leaving = (0..<count).map { operation(.modify, $0, "cn=many\($0),\(people)", [membership(.remove, allStaff)]) }
        #expect(await connector.execute(leaving).filter { $0.failure != nil || !$0.failedRequests.isEmpty } == [])
        #expect(found(try await connector.find([.correlation(["cn": "many7"])]).first)?.memberships == [])
        _ = await connector.execute((0..<count).map { operation(.delete, $0, "cn=many\($0),\(people)") })
    }

    @Test func `an account that was moved out of the way goes back when the exchange is refused`() async throws {
        let names = ["sAMAccountName=swap1,\(people)", "cn=swap2,\(people)"]
        let ids = await connector.execute([
            create(1, names[0], [attribute("cn", "swap1")]),
            operation(.create, 2, names[1], [attribute("objectClass", "inetOrgPerson"), attribute("sn", "Test")]),
        ]).map(\.accountID)
        // The second one's classes do not allow the first one's kind of name.
        let results = await connector.execute([
            operation(.modify, 1, names[0], id: ids[0], to: names[1]), operation(.modify, 2, names[1], id: ids[1], to: names[0]),
        ])
        #expect(results.map { $0.failure?.errorClass } == [.conflict, .permanent])
        #expect(results.map(\.name?.text) == names)
        let lookups = try await connector.find(ids.compactMap { $0.map { AccountQuery.id($0) } })
        #expect(lookups.map { found($0)?.name.text } == names)
        #expect(found(lookups[0])?.attributes["sAMAccountName"] == ["swap1"])
    }

    /// A ring in which one entry changes the attribute it is named by: the name on the way is nobody's value in the end.
    @Test func `names that are exchanged for those of another attribute leave nothing of the way`() async throws {
        let names = ["sAMAccountName=ring1,\(people)", "cn=ring2,\(people)"]
        let ids = await connector.execute([
            create(1, names[0], [attribute("cn", "ring1")]), create(2, names[1]),
        ]).map(\.accountID)
        let results = await connector.execute([
            operation(.modify, 1, names[0], id: ids[0], to: names[1], [attribute("cn", "ring2")]),
            operation(.modify, 2, names[1], id: ids[1], to: names[0]),
        ])
        #expect(results.compactMap(\.failure) == [])
        let now = try await connector.find(ids.compactMap { $0.map { AccountQuery.id($0) } }).map { found($0) }
        #expect(now.map { $0?.name.text } == [names[1], names[0]])
        for one in now {
            let values = (one?.values("cn") ?? []) + (one?.values("sAMAccountName") ?? [])
            #expect(values.filter { $0.hasPrefix("birthright-moving") } == [], "\(values)")
        }
        _ = await connector.execute([operation(.delete, 8, names[0], id: ids[1]), operation(.delete, 9, names[1], id: ids[0])])
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let operation: AccountOperation
        let errorClass: ErrorClass
        let code: String
        let attribute: String?
        var testDescription: String { code }
    }

    static let refusals = [
        Refused(
            operation: create(1, "cn=x1,\(people)", [attribute("flavour", "x")]), errorClass: .permanent,
            code: "LDAP 17 undefinedAttributeType", attribute: "flavour"),
        Refused(
            operation: operation(.create, 1, "cn=x2,\(people)", [attribute("objectClass", "inetOrgPerson")]), errorClass: .permanent,
            code: "LDAP 65 objectClassViolation", attribute: "sn"),
        Refused(
            operation: create(1, "cn=x3,\(people)", [attribute("userAccountControl", "many")]), errorClass: .permanent,
            code: "LDAP 21 invalidAttributeSyntax",
            attribute: "userAccountControl"),
        Refused(
            operation: create(1, "cn=x4,\(people)", [attribute("sAMAccountName", "a", "b")]), errorClass: .permanent,
            code: "LDAP 19 constraintViolation",
            attribute: "sAMAccountName"),
        Refused(
            operation: create(1, "cn=x5,ou=Nowhere,dc=example,dc=com"), errorClass: .permanent, code: "LDAP 32 noSuchObject", attribute: nil
        ),
        Refused(operation: create(1, "nonsense"), errorClass: .permanent, code: "LDAP 34 invalidDNSyntax", attribute: nil),
        Refused(
            operation: operation(.create, 1, DirectoryServer.serviceAccount, [attribute("objectClass", "organizationalRole")]),
            errorClass: .conflict,
            code: "LDAP 68 entryAlreadyExists", attribute: nil),
        Refused(
            operation: operation(.modify, 1, allStaff, [attribute("cn", "Other")]), errorClass: .permanent, code: "LDAP 64 namingViolation",
            attribute: "cn"),
        Refused(
            operation: operation(.delete, 1, people.replacing("ou=Finance,", with: "")), errorClass: .permanent,
            code: "LDAP 66 notAllowedOnNonLeaf", attribute: nil),
    ]

    @Test(arguments: refusals)
    func `a refusal is sorted by what to do next, with the server's code and the attribute`(_ refused: Refused) async {
        let failure = await connector.execute([refused.operation]).first?.failure
        #expect(failure?.errorClass == refused.errorClass)
        #expect(failure?.serverText?.hasPrefix(refused.code) == true, "\(failure?.serverText ?? "no failure")")
        #expect(failure?.attribute == refused.attribute, "\(failure?.serverText ?? "no failure")")
    }

    @Test func `a value that is taken names the server's reason in full`() async {
        // One after the other: slapd's unique overlay lets both in when they come in the same moment.
        _ = await connector.execute([create(1, "cn=first,\(people)", [attribute("sAMAccountName", "taken")])])
        let results = await connector.execute([create(2, "cn=second,\(people)", [attribute("sAMAccountName", "Taken")])])
        let failures = results.compactMap(\.failure)
        #expect(failures.count == 1)
        #expect(failures.first?.errorClass == .conflict)
        #expect(failures.first?.serverText == "LDAP 19 constraintViolation: non-unique attributes found with (|(sAMAccountName=Taken))")
        #expect(failures.first?.attribute == "sAMAccountName")
    }

    @Test func `an account without rights is told so`() async {
        _ = await connector.execute([create(1, "cn=reader,\(people)", [attribute("userPassword", "reader's own")])])
        var settings = server.settings
        settings.bindDN = "cn=reader,\(people)"
        settings.password = Sensitive("reader's own")
        let results = await LDAPConnector(settings).execute([
            create(1, "cn=forbidden,\(people)"), operation(.modify, 2, "cn=reader,\(people)", [membership(.add, allStaff)]),
        ])
        #expect(
            results[0].failure?.description
                == "cannot create cn=forbidden,\(people): the service account lacks the right (LDAP 50 insufficientAccessRights: no write access to parent)"
        )
        #expect(results[1].failedRequests[0]?.serverText == "LDAP 50 insufficientAccessRights")
    }

    @Test func `passwords are never read back`() async throws {
        _ = await connector.execute([create(1, "cn=secretive,\(people)", [attribute("userPassword", "hidden")])])
        let account = found(try await connector.find([.correlation(["cn": "secretive"])]).first)
        #expect(account?.attributes.keys.contains("userPassword") == false)
    }

    @Test func `the same name in other letters is a rename`() async throws {
        let id = await connector.execute([create(1, "cn=lower case,\(people)")])[0].accountID
        let result = await connector.execute([
            operation(.modify, 2, "cn=lower case,\(people)", id: id, to: "cn=Lower Case,\(people)", [attribute("cn", "Lower Case")])
        ])
        #expect(result[0].failure == nil)
        #expect(found(try await connector.find([.correlation(["cn": "lower case"])]).first)?.name.text == "cn=Lower Case,\(people)")
    }

    @Test func `without the password policy overlay disabling is what the map says, and there is nothing to unlock`() async {
        let id = await connector.execute([create(1, "cn=leaver,\(people)")])[0].accountID
        let results = await connector.execute([
            operation(.disable, 2, "cn=leaver,\(people)", id: id, [attribute("userAccountControl", "514")], disabling: true)
        ])
        #expect(results[0].failure == nil)
        let unlock = await connector.execute([operation(.unlock, 3, "cn=leaver,\(people)", id: id)])
        #expect(unlock[0].failure?.description == "cannot unlock cn=leaver,\(people): the server locks no accounts (no ppolicy overlay)")
    }
}
