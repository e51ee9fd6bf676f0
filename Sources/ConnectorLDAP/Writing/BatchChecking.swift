internal import Contracts
internal import Foundation
internal import IdentityModel

/// What the groups say at the end of a batch.
///
/// Asked for operations of which an earlier attempt may have done anything, and where a rename leaves it to the server to repair groups: slapd's refint does so
/// after its answer, and a server that dies in between never does. What is still missing then is written by us.
extension Batch {
    mutating func checkMemberships() {
        let holders = Set(
            operations.indices.filter { !isGone($0) && isKnown($0) && (progress[$0].id != nil || progress[$0].failure == nil) }
                .map { DistinguishedName.key(progress[$0].name) })
        var check = MembershipCheck()
        for (index, operation) in operations.enumerated() where operation.isUncertain { expect(index, holders, &check) }
        for (index, groups) in unrepaired(holders) { expectCarried(index, groups, holders, &check) }
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
        expectCarried(index, operations[index].carriedMemberships, holders, &check)
    }

    private func expectCarried(_ index: Int, _ groups: [String], _ holders: Set<String>, _ check: inout MembershipCheck) {
        let owner = MembershipFeed.Owner(operation: index, request: nil)
        let old = oldNames(index).filter { !holders.contains(DistinguishedName.key($0)) }
        for group in groups {
            check.expect(progress[index].name, in: group, isMember: true, owner)
            for name in old { check.expect(name, in: group, isMember: false, owner) }
        }
    }

    // MARK: What the server should have repaired

    /// How long a repair is waited for before it is done by us, and how many names one question asks for.
    private static let repairs = (looks: 4, pause: 0.05, names: 200)

    private struct Renamed {
        let index: Int
        let oldName: String
    }

    /// Renamed accounts with the groups that still hold the old name. A link of Active Directory follows its entry in the same transaction.
    private mutating func unrepaired(_ holders: Set<String>) -> [Int: [String]] {
        guard settings.maintainsReferences, dialect != .activeDirectory else { return [:] }
        var outstanding: [Int: [String]] = [:]
        var byGroup: [String: [Renamed]] = [:]
        for (index, operation) in operations.enumerated() where !operation.isUncertain && !operation.carriedMemberships.isEmpty {
            guard isKnown(index), !isGone(index) else { continue }
            for name in oldNames(index) {
                // Where somebody has the old name now, its absence cannot be waited for.
                if holders.contains(DistinguishedName.key(name)) {
                    outstanding[index] = operation.carriedMemberships
                } else {
                    for group in operation.carriedMemberships { byGroup[group, default: []].append(Renamed(index: index, oldName: name)) }
                }
            }
        }
        for (group, renamed) in repairsOutstanding(byGroup) {
            for account in renamed where outstanding[account.index]?.contains(group) != true {
                outstanding[account.index, default: []].append(group)
            }
        }
        return outstanding
    }

    /// Of some names in some groups, those that may still be there after a while.
    private mutating func repairsOutstanding(_ byGroup: [String: [Renamed]]) -> [(group: String, renamed: [Renamed])] {
        var outstanding = byGroup.sorted { $0.key < $1.key }.flatMap { group, renamed in
            stride(from: 0, to: renamed.count, by: Self.repairs.names).map { start in
                (group: group, renamed: Array(renamed[start..<min(start + Self.repairs.names, renamed.count)]))
            }
        }
        for look in 1...Self.repairs.looks where !outstanding.isEmpty {
            if look > 1 { Thread.sleep(forTimeInterval: Self.repairs.pause) }
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
        }
        return outstanding
    }
}
