internal import Contracts
internal import IdentityModel

/// What groups should hold once a batch is written, asked of the groups themselves: for operations of which an earlier attempt may have done anything.
struct MembershipCheck {
    struct Expectation {
        let group: String
        let name: String
        let isMember: Bool
        var owners: [MembershipFeed.Owner]
    }

    enum Finding {
        case asExpected
        case differs
        case cannotTell(ConnectorFailure)
    }

    private(set) var expectations: [Expectation] = []
    private var places: [Place: Int] = [:]

    private struct Place: Hashable {
        let group: String
        let name: String
    }

    var isEmpty: Bool { expectations.isEmpty }

    mutating func expect(_ name: String, in group: String, isMember: Bool, _ owner: MembershipFeed.Owner) {
        let place = Place(group: DistinguishedName.key(group), name: DistinguishedName.key(name))
        guard let known = places[place] else {
            places[place] = expectations.count
            expectations.append(Expectation(group: group, name: name, isMember: isMember, owners: [owner]))
            return
        }
        // Who is to be a member there is one, whoever had the name before.
        if isMember, !expectations[known].isMember {
            expectations[known] = Expectation(group: group, name: name, isMember: true, owners: [owner])
        } else if isMember == expectations[known].isMember {
            expectations[known].owners.append(owner)
        }
    }

    /// One question per group and name.
    func searches(_ attribute: String) -> [SearchRequest] {
        expectations.map {
            SearchRequest(base: $0.group, scope: .base, filter: SearchFilter.equal(attribute, $0.name), attributes: ["1.1"])
        }
    }

    func findings(_ outcomes: [WireOutcome], _ refusal: Refusal) -> [Finding] {
        zip(expectations, outcomes).map { expectation, outcome in
            let attempt = "cannot see who is in group \(expectation.group)"
            switch outcome {
            case .answered(let answer) where answer.code == 0:
                return answer.entries.isEmpty != expectation.isMember ? .asExpected : .differs
            case .answered(let answer) where answer.code == 32:
                // The group is gone, and with it what should be carried over.
                return expectation.isMember && expectation.owners.contains { $0.request != nil } ? .differs : .asExpected
            case .answered(let answer): return .cannotTell(refusal.failure(answer, attempt))
            case .lost(let why): return .cannotTell(ConnectorFailure(.transient, "\(attempt): \(why)"))
            case .unsent(let failure): return .cannotTell(ConnectorFailure(failure.errorClass, "\(attempt): \(failure.message)"))
            }
        }
    }

    /// Those that were found to differ.
    func differing(_ findings: [Finding]) -> MembershipCheck {
        var check = MembershipCheck()
        for (expectation, finding) in zip(expectations, findings) {
            guard case .differs = finding else { continue }
            for owner in expectation.owners { check.expect(expectation.name, in: expectation.group, isMember: expectation.isMember, owner) }
        }
        return check
    }
}
