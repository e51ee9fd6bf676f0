internal import Contracts
internal import Foundation
internal import IdentityModel

/// What the groups say at the end of a batch.
///
/// Asked for operations of which an earlier attempt may have done anything, of accounts whose names were somebody else's a moment ago, and where a rename leaves it to the server to
/// repair groups: slapd's refint does so after its answer, and a server that dies in between never does. What is still missing then is written by us.
extension Batch {
    mutating func checkMemberships() {
        guard !heirs.isEmpty || !unrepaired.isEmpty || operations.contains(where: \.isUncertain) else { return }
        let holders = Set(
            operations.indices.filter { !isGone($0) && isKnown($0) && (progress[$0].id != nil || progress[$0].failure == nil) }
                .map { DistinguishedName.key(progress[$0].name) })
        var check = MembershipCheck()
        for index in operations.indices where operations[index].isUncertain || heirs.contains(index) { expect(index, holders, &check) }
        for (index, groups) in unrepaired { expectCarried(index, groups, &check) }
        guard !check.isEmpty else { return }
        let differing = check.differing(look(check))
        guard !differing.isEmpty else { return }
        resend(differing)
        for (expectation, finding) in zip(differing.expectations, look(differing)) {
            guard case .differs = finding else { continue }
            let why = expectation.isMember ? "does not hold \(expectation.name)" : "still holds \(expectation.name)"
            for owner in expectation.owners where owner.request == nil || failures[owner] == nil {
                note(ConnectorFailure(.transient, "group \(expectation.group) \(why), though the server answered that it was done"), owner)
            }
        }
    }

    private mutating func resend(_ differing: MembershipCheck) {
        // Additions first: a group that must not be empty never is.
        for adding in [true, false] {
            var feed = memberships(adding: adding)
            for expectation in differing.expectations where expectation.isMember == adding {
                for owner in expectation.owners { feed.include(expectation.name, in: expectation.group, owner) }
            }
            if !feed.isEmpty { run(&feed) }
        }
    }

    /// Asks the groups. What they do not tell is a failed request.
    private mutating func look(_ check: MembershipCheck) -> [MembershipCheck.Finding] {
        var feed = IndependentFeed(check.searches(settings.memberAttribute).map(WireRequest.search))
        exchange.run(&feed)
        let findings = check.findings(feed.outcomes, Refusal(dialect: dialect))
        for (expectation, finding) in zip(check.expectations, findings) {
            guard case .cannotTell(let failure) = finding else { continue }
            for owner in expectation.owners { note(failure, owner) }
        }
        return findings
    }

    // MARK: What is expected

    private func expect(_ index: Int, _ holders: Set<String>, _ check: inout MembershipCheck) {
        let now = progress[index].name
        // A name that somebody of this batch has now speaks of that account.
        let old = oldNames(index).filter { !holders.contains(DistinguishedName.key($0)) }
        for (position, request) in operations[index].requests.enumerated() where request.kind == .membership {
            let owner = MembershipFeed.Owner(operation: index, request: position)
            guard failures[owner] == nil else { continue }
            for group in request.values {
                if request.operation == .remove {
                    for name in [now] + old { check.expect(name, in: group, isMember: false, owner) }
                } else if progress[index].hasJoined {
                    check.expect(now, in: group, isMember: true, owner)
                }
            }
        }
        guard isKnown(index), !isGone(index), !oldNames(index).isEmpty else { return }
        expectCarried(index, operations[index].carriedGroups, &check)
        let owner = MembershipFeed.Owner(operation: index, request: nil)
        for group in operations[index].replacedGroups {
            for name in old { check.expect(name, in: group, isMember: false, owner) }
        }
    }

    /// Where the old name's next holder is to be a member, too, `MembershipCheck` knows that it is to stay.
    private func expectCarried(_ index: Int, _ groups: [String], _ check: inout MembershipCheck) {
        let owner = MembershipFeed.Owner(operation: index, request: nil)
        for group in groups {
            check.expect(progress[index].name, in: group, isMember: true, owner)
            for name in oldNames(index) { check.expect(name, in: group, isMember: false, owner) }
        }
    }

    // MARK: What the server should have repaired

    /// How often groups are looked at in which nothing changes before they count as not repaired (where it is known that the server repairs, and where it is not), and how many
    /// names one question asks for.
    private static let looking = (looks: (known: 60, unknown: 10), pause: 0.05, names: 200)

    struct Renamed {
        let index: Int
        let oldName: String
    }

    /// Of some names in some groups, those that may still be there when nothing has changed for a while.
    mutating func repairsOutstanding(_ byGroup: [String: [Renamed]]) -> [(group: String, renamed: [Renamed])] {
        var outstanding = byGroup.sorted { $0.key < $1.key }.flatMap { group, renamed in
            stride(from: 0, to: renamed.count, by: Self.looking.names).map { start in
                (group: group, renamed: Array(renamed[start..<min(start + Self.looking.names, renamed.count)]))
            }
        }
        var (fruitless, isFirst) = (0, true)
        let patience = repairs == .later ? Self.looking.looks.known : Self.looking.looks.unknown
        while !outstanding.isEmpty, fruitless < patience {
            if !isFirst { Thread.sleep(forTimeInterval: Self.looking.pause) }
            isFirst = false
            let before = outstanding.count
            let attribute = settings.memberAttribute
            var feed = IndependentFeed(
                outstanding.map { group, renamed in
                    let filter = SearchFilter.any(renamed.map { SearchFilter.equal(attribute, $0.oldName) })
                    return .search(SearchRequest(base: group, scope: .base, filter: filter, attributes: ["1.1"]))
                })
            exchange.run(&feed)
            // Whatever is no clear answer is asked again, name by name.
            outstanding = zip(outstanding, feed.outcomes).filter { _, outcome in
                guard case .answered(let answer) = outcome else { return true }
                return answer.code == 0 ? !answer.entries.isEmpty : answer.code != 32
            }.map(\.0)
            fruitless = outstanding.count < before ? 0 : fruitless + 1
        }
        return outstanding
    }
}
