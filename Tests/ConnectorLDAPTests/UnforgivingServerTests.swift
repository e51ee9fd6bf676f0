import Contracts
import IdentityModel
import Testing

@testable import ConnectorLDAP

/// Servers that refuse a value which is already there, or already gone. OpenLDAP forgives on request, so these go through the feeds by hand, with
/// the codes that 389-ds and Samba were seen to answer.
struct UnforgivingServerTests {
    private let name = "cn=a,\(people)"

    private func answer(_ code: Int32, entries: [DirectoryEntry] = []) -> WireOutcome { .answered(Answer(code: code, entries: entries)) }

    private func changes(_ request: WireRequest?) -> [Modification] {
        if case .modify(_, let changes, _)? = request { changes } else { [] }
    }

    @Test func `a refused modify is repeated value by value, and only what is really refused fails`() {
        let modify = operation(
            .modify, 1, name,
            [
                attribute("title", "t"), attribute("telephoneNumber", "1", "2", as: .add), attribute("mobile", "3", as: .remove),
                attribute("roomNumber", "bad", as: .add),
            ])
        var feed = EntryFeed([modify], [Progress(modify)], additions: [:], dialect: .ds389)
        #expect(changes(feed.next(idle: true)?.request).count == 4)
        feed.receive(answer(20), tag: 0)
        var sent: [Modification] = []
        for code: Int32 in [0, 20, 0, 16, 19] {
            sent += changes(feed.next(idle: true)?.request)
            feed.receive(answer(code), tag: 0)
        }
        #expect(sent.map(\.values) == [["t"], ["1"], ["2"], ["3"], ["bad"]])
        #expect(feed.next(idle: true) == nil)
        #expect(feed.progress[0].failure == nil)
        #expect(feed.progress[0].failedRequests.mapValues(\.errorClass) == [3: .permanent])
    }

    /// Four people into one group, of whom the third is a member already.
    private func joining(_ dialect: Dialect) -> MembershipFeed {
        var feed = MembershipFeed(adding: true, attribute: "member", dialect: dialect)
        for index in 0..<4 {
            let member = "cn=\(index),\(people)"
            feed.include(operation(.modify, index, member, [membership(.add, allStaff)]), at: index, name: member)
        }
        feed.prepare()
        return feed
    }

    @Test func `a refused change of a group is split until the member that is already there stands alone`() {
        var feed = joining(.ds389)
        var sizes: [Int] = []
        while let (tag, request) = feed.next(idle: true) {
            let members = changes(request).flatMap(\.values)
            sizes.append(members.count)
            feed.receive(answer(members.contains("cn=2,\(people)") ? 20 : 0), tag: tag)
        }
        #expect(sizes == [4, 2, 2, 1, 1])
        #expect(feed.failures.isEmpty)
    }

    @Test(arguments: [true, false])
    func `where a code also means other things the group is read before a member counts as there`(isMember: Bool) {
        var feed = joining(.activeDirectory)
        while let (tag, request) = feed.next(idle: true) {
            if case .search(let search) = request {
                #expect(search.base == allStaff)
                #expect(search.filter == "(member=cn=2,\(people))")
                feed.receive(answer(0, entries: isMember ? [DirectoryEntry(name: allStaff, attributes: [])] : []), tag: tag)
            } else {
                feed.receive(answer(changes(request).flatMap(\.values).contains("cn=2,\(people)") ? 68 : 0), tag: tag)
            }
        }
        #expect(feed.failures.keys.map(\.operation) == (isMember ? [] : [2]))
    }

    @Test func `Active Directory is disabled by one bit of what stands there`() {
        #expect(ActiveDirectory.switching(enabled: false, values: ["66048"]).map(\.values) == [["66050"]])
        #expect(ActiveDirectory.switching(enabled: true, values: ["66050"]).map(\.values) == [["66048"]])
        #expect(ActiveDirectory.switching(enabled: true, values: ["512"]).isEmpty)
    }
}
