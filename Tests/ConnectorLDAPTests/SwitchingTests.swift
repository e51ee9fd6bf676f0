import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// Withdrawing and enabling with what products do of their own; by hand, with the codes they answer.
struct SwitchingTests {
    private let name = "cn=a,\(people)"
    private var locking: ServerTraits {
        var traits = ServerTraits()
        traits.hasPasswordPolicy = true
        return traits
    }

    private func switching(_ name: String, _ value: String) -> AccountOperation.Request {
        AccountOperation.Request(kind: .attribute, name: name, operation: .set, values: [value], switches: true)
    }

    private func feed(_ way: AccountOperation.Direction, _ operation: AccountOperation, _ dialect: Dialect) -> SwitchFeed {
        SwitchFeed(way, [operation], [Progress(operation)], dialect: dialect, server: locking)
    }

    /// Answers each request in turn; what was sent, as `attribute=values`.
    private func run(_ feed: inout SwitchFeed, _ answers: [Answer]) -> [[String]] {
        var sent: [[String]] = []
        for answer in answers {
            guard let (tag, request) = feed.next(idle: true) else { return sent }
            switch request {
            case .modify(_, let changes, _): sent.append(changes.map { "\($0.name)=\($0.values.joined(separator: "|"))" })
            case .search(let search): sent.append(["read \(search.attributes.joined())"])
            default: sent.append(["?"])
            }
            feed.receive(.answered(answer), tag: tag)
        }
        #expect(feed.next(idle: true) == nil)
        return sent
    }

    @Test func `the dialect's own and the map's values go out in one modify`() {
        let leaver = operation(.disable, 1, name, id: AccountID("x"), [switching("title", "left")], disabling: true)
        var feed = feed(.withdrawing, leaver, .openLDAP)
        #expect(run(&feed, [Answer(code: 0)]) == [["pwdAccountLockedTime=000001010000Z", "title=left"]])
        #expect(feed.progress[0].isSwitched)
        #expect(feed.progress[0].done == [0])
    }

    @Test func `what is refused is sent at once again with the dialect's own alone, and then value by value`() {
        let leaver = operation(
            .disable, 1, name, id: AccountID("x"), [switching("title", "bad"), switching("mail", "good")], disabling: true)
        var feed = feed(.withdrawing, leaver, .ds389)
        let sent = run(&feed, [Answer(code: 19), Answer(code: 0), Answer(code: 19), Answer(code: 0)])
        #expect(sent == [["nsAccountLock=true", "title=bad", "mail=good"], ["nsAccountLock=true"], ["title=bad"], ["mail=good"]])
        #expect(feed.progress[0].isSwitched)
        #expect(feed.progress[0].done == [1])
        #expect(feed.progress[0].failure?.errorClass == .permanent)
    }

    @Test func `a map that writes the dialect's attribute itself still gets the dialect's own where its value is refused`() {
        let leaver = operation(
            .modify, 1, name, id: AccountID("x"), [switching("userAccountControl", "many")], direction: .withdrawing)
        var feed = feed(.withdrawing, leaver, .activeDirectory)
        let read = Answer(code: 0, entries: [DirectoryEntry(name: name, attributes: [("userAccountControl", ["66048"])])])
        let sent = run(&feed, [Answer(code: 21), read, Answer(code: 0), Answer(code: 21)])
        #expect(
            sent == [["userAccountControl=many"], ["read userAccountControl"], ["userAccountControl=66050"], ["userAccountControl=many"]])
        #expect(feed.progress[0].isSwitched)
        #expect(feed.progress[0].failure != nil)
    }

    @Test func `what the map never locks is not locked because a value was refused`() {
        let leaver = operation(.modify, 1, name, id: AccountID("x"), [switching("title", "bad")], direction: .withdrawing)
        var feed = feed(.withdrawing, leaver, .ds389)
        #expect(run(&feed, [Answer(code: 19), Answer(code: 19)]) == [["title=bad"], ["title=bad"]])
        #expect(!feed.progress[0].isSwitched)
    }

    @Test func `where nothing switches nobody is said to be switched off`() {
        let deleted = operation(.delete, 1, name, id: AccountID("x"), [membership(.remove, allStaff)], direction: .withdrawing)
        let feed = feed(.withdrawing, deleted, .openLDAP)
        #expect(feed.isEmpty)
        #expect(!feed.progress[0].isSwitched)
    }

    @Test func `enabling undoes what disabling did, in the modify that switches on`() {
        let rehire = operation(.enable, 1, name, id: AccountID("x"), [switching("title", "back"), attribute("mail", "m")], disabling: true)
        for (dialect, own) in [(Dialect.openLDAP, "pwdAccountLockedTime="), (.ds389, "nsAccountLock=")] {
            var feed = feed(.enabling, rehire, dialect)
            #expect(run(&feed, [Answer(code: 0)]) == [[own, "title=back"]])
        }
        var feed = feed(.enabling, rehire, .activeDirectory)
        let read = Answer(code: 0, entries: [DirectoryEntry(name: name, attributes: [("userAccountControl", ["66050"])])])
        #expect(run(&feed, [read, Answer(code: 0)]) == [["read userAccountControl"], ["userAccountControl=66048", "title=back"]])
    }

    @Test func `an enabling that is refused leaves the account off`() {
        let rehire = operation(.enable, 1, name, id: AccountID("x"), [switching("title", "bad")], disabling: true)
        var feed = feed(.enabling, rehire, .ds389)
        #expect(run(&feed, [Answer(code: 19)]) == [["nsAccountLock=", "title=bad"]])
        #expect(!feed.progress[0].isSwitched)
        #expect(feed.progress[0].failure?.message == "cannot enable \(name)")
    }

    @Test func `what stands in the name is left to the rename`() {
        let leaver = operation(
            .disable, 1, name, id: AccountID("x"), to: "cn=left,\(people)", [switching("CN", "left"), switching("title", "left")])
        var feed = feed(.withdrawing, leaver, .ds389)
        #expect(run(&feed, [Answer(code: 0)]) == [["title=left"]])
    }

    @Test func `where the rename of a leaver is refused the rest is written, without what stands in the name`() {
        let leaver = operation(
            .disable, 1, name, id: AccountID("x"), to: "cn=left,ou=gone,\(people)", [attribute("cn", "left"), attribute("title", "t")])
        var feed = EntryFeed([leaver], [Progress(leaver)], additions: [:], dialect: .openLDAP)
        guard case .rename? = feed.next(idle: true)?.request else { return #expect(Bool(false), "a rename comes first") }
        feed.receive(.answered(Answer(code: 32)), tag: 0)
        guard case .modify(_, let changes, _)? = feed.next(idle: true)?.request else { return #expect(Bool(false), "the rest follows") }
        #expect(changes.map(\.name) == ["title"])
        feed.receive(.answered(Answer(code: 0)), tag: 0)
        #expect(feed.next(idle: true) == nil)
        #expect(feed.progress[0].name == name)
        #expect(feed.progress[0].failure != nil)
        #expect(!feed.progress[0].isNamed)
    }

    @Test(.directory("--ppolicy")) func `a rehire is unlocked where disabling had locked, and a lock is undone by Unlock`() async throws {
        let server = try #require(DirectoryServer.current)
        let connector = LDAPConnector(server.settings)
        let id = await connector.execute([create(1, "cn=locked,\(people)")])[0].accountID
        func lock() async throws -> [String]? {
            var settings = server.settings
            settings.accountFilter = "(cn=locked)"
            let seen = Seen()
            try await LDAPConnector(settings).enumerate(attributes: ["pwdAccountLockedTime"]) { accounts in
                for account in accounts { seen.locks.append(account.attributes["pwdAccountLockedTime"] ?? []) }
            }
            return seen.locks.first
        }
        for (operation, expected) in [
            (operation(.disable, 2, "cn=locked,\(people)", id: id, disabling: true), ["000001010000Z"]),
            (operation(.enable, 3, "cn=locked,\(people)", id: id, disabling: true), []),
            (operation(.disable, 4, "cn=locked,\(people)", id: id, disabling: true), ["000001010000Z"]),
            (operation(.unlock, 5, "cn=locked,\(people)", id: id), []),
            (operation(.unlock, 6, "cn=locked,\(people)", id: id), []),
        ] {
            let failure = await connector.execute([operation])[0].failure
            #expect(failure == nil, "\(failure?.description ?? "")")
            #expect(try await lock() == expected)
        }
    }
}

private final class Seen: @unchecked Sendable {
    var locks: [[String]] = []
}
