internal import Contracts
internal import IdentityModel

/// Writes memberships into groups: all that a batch adds to one group, or removes from it, in few modifies with many values, never by replacing.
///
/// A modify is all or nothing: one bad value refuses it. It is then split in two until the bad values stand alone.
///
/// Whoever is taken out goes by a name that nobody has looked at. Such removals are sent so that the server says when a value is not there, and then once more so
/// that it does not mind: who of them was not there is looked up by whoever sent them, and costs less than to split the modify for it.
struct MembershipFeed: RequestFeed {
    /// Where a membership was asked for.
    struct Owner: Hashable {
        let operation: Int
        /// Nil: a membership that is carried from the account's old name to its new one.
        let request: Int?
    }

    private struct Member {
        let name: String
        var owners: [Owner]
        /// It matters whether the name was there.
        var isTold: Bool
    }

    private struct Group {
        let name: String
        var places: [String: Int] = [:]
        var members: [Member] = []
        /// Parts that are still to be sent; the last one is next, or in flight.
        var parts: [Range<Int>] = []
        /// A single member's state is being read.
        var isLooking = false
        /// Something of the next part was not there: it is sent again so that the server does not mind.
        var forgives = false
    }

    /// Servers drop a connection that sends a request above their limit (slapd: 4 MB), without a word.
    private static let largestPart = (members: 5_000, bytes: 2_000_000)

    private let adding: Bool
    private let attribute: String
    private let dialect: Dialect
    private let canForgive: Bool
    private let refusal: Refusal
    private var groups: [Group] = []
    private var places: [String: Int] = [:]
    private var ready: [Int] = []
    private(set) var failures: [Owner: ConnectorFailure] = [:]
    /// Removals whose name may not have been there (`OperationResult.notThere`).
    private(set) var notThere: Set<Owner> = []

    /// `canForgive`: the server can be told not to mind what is already so.
    init(adding: Bool, attribute: String, dialect: Dialect, canForgive: Bool = false) {
        self.adding = adding
        self.canForgive = canForgive
        self.attribute = attribute
        self.dialect = dialect
        refusal = Refusal(dialect: dialect)
    }

    var isEmpty: Bool { groups.isEmpty }
    var groupCount: Int { groups.count }

    /// Takes up the operation's memberships of this feed's direction. `name`: the account's name at the time.
    mutating func include(_ operation: AccountOperation, at index: Int, name: String) {
        var key: String?
        let requests = operation.requests
        for position in requests.indices
        where requests[position].kind == .membership && (requests[position].operation == .remove) != adding {
            let memberKey = key ?? DistinguishedName.key(name)
            key = memberKey
            let owner = Owner(operation: index, request: position)
            let isTold = !adding && operation.goesByItsName
            for group in requests[position].values { include(name, memberKey, in: group, owner, isTold: isTold) }
        }
    }

    /// A single membership.
    mutating func include(_ member: String, in group: String, _ owner: Owner) {
        include(member, DistinguishedName.key(member), in: group, owner, isTold: false)
    }

    /// Whether the name is among those that this feed writes into the group, or takes out of it.
    func contains(_ member: String, in group: String) -> Bool {
        places[DistinguishedName.key(group)].map { groups[$0].places[DistinguishedName.key(member)] != nil } ?? false
    }

    private mutating func include(_ member: String, _ key: String, in group: String, _ owner: Owner, isTold: Bool) {
        let groupKey = DistinguishedName.key(group)
        let place = places[groupKey] ?? groups.count
        if place == groups.count {
            groups.append(Group(name: group))
            places[groupKey] = place
        }
        if let known = groups[place].places[key] {
            groups[place].members[known].owners.append(owner)
            groups[place].members[known].isTold = groups[place].members[known].isTold || isTold
        } else {
            groups[place].places[key] = groups[place].members.count
            groups[place].members.append(Member(name: member, owners: [owner], isTold: isTold))
        }
    }

    /// Call once, when everything is included.
    mutating func prepare() {
        for index in groups.indices {
            groups[index].parts = parts(of: groups[index]).reversed()
            ready.append(index)
        }
        ready.reverse()
    }

    private func parts(of group: Group) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = 0
        var size = 0
        for (index, member) in group.members.enumerated() {
            size += member.name.utf8.count + 8
            if index - start == Self.largestPart.members || size > Self.largestPart.bytes && index > start {
                parts.append(start..<index)
                start = index
                size = member.name.utf8.count + 8
            }
        }
        return parts + [start..<group.members.count]
    }

    // MARK: Sending and receiving

    mutating func next(idle: Bool) -> (tag: Int, request: WireRequest)? {
        guard let index = ready.popLast(), let part = groups[index].parts.last else { return nil }
        let group = groups[index]
        let members = group.members[part].map(\.name)
        if group.isLooking {
            let filter = SearchFilter.equal(attribute, members[0])
            return (index, .search(SearchRequest(base: group.name, scope: .base, filter: filter, attributes: ["1.1"])))
        }
        let change = Modification(kind: adding ? .add : .delete, name: attribute, values: members)
        return (index, .modify(name: group.name, changes: [change], forgives: group.forgives || !isTold(part, of: group)))
    }

    /// Links of Active Directory follow their entries: there, a name that is not known is refused by itself.
    private func isTold(_ part: Range<Int>, of group: Group) -> Bool {
        canForgive && dialect != .activeDirectory && group.members[part].contains(where: \.isTold)
    }

    mutating func receive(_ outcome: WireOutcome, tag: Int) {
        guard let part = groups[tag].parts.last else { return }
        switch outcome {
        case .answered(let answer) where groups[tag].isLooking:
            groups[tag].isLooking = false
            let isAsOrdered = answer.code == 0 && answer.entries.isEmpty != adding
            settle(tag, part, isAsOrdered ? nil : refusal.failure(answer, attempt(tag)))
        case .answered(let answer): receive(answer, tag, part)
        case .lost(let why): settle(tag, part, refusal.lost(attempt(tag), why))
        case .unsent(let failure): settle(tag, part, ConnectorFailure(failure.errorClass, "\(attempt(tag)): \(failure.message)"))
        }
    }

    private mutating func receive(_ answer: Answer, _ index: Int, _ part: Range<Int>) {
        if answer.code == 0 { return settle(index, part, nil) }
        if answer.code == 16, !groups[index].forgives, isTold(part, of: groups[index]) {
            groups[index].forgives = true
            return ready.append(index)
        }
        // noSuchObject: nobody is a member of a group that is gone. (AD also says so of a member that is unknown.)
        if answer.code == 32, !adding, part.count == 1 || !dialect.concernsSingleMembers(32) {
            return settle(index, part, nil, isThere: !dialect.concernsSingleMembers(32))
        }
        if part.count > 1, dialect.concernsSingleMembers(answer.code) {
            let middle = part.lowerBound + part.count / 2
            groups[index].parts.removeLast()
            groups[index].parts += [middle..<part.upperBound, part.lowerBound..<middle]
            ready.append(index)
            return
        }
        switch part.count == 1 ? dialect.membershipVerdict(answer.code, adding: adding) : .failed {
        case .done: settle(index, part, nil, isThere: adding)
        case .look:
            groups[index].isLooking = true
            ready.append(index)
        case .failed: settle(index, part, refusal.failure(answer, attempt(index)), isGroupGone: answer.code == 32)
        }
    }

    /// `isThere`: every name was there to be removed, as far as the server said.
    private mutating func settle(
        _ index: Int, _ part: Range<Int>, _ failure: ConnectorFailure?, isGroupGone: Bool = false, isThere: Bool = true
    ) {
        if failure == nil, !isThere || groups[index].forgives {
            for member in groups[index].members[part] where member.isTold { notThere.formUnion(member.owners) }
        }
        groups[index].forgives = false
        if let failure {
            for member in groups[index].members[part] {
                // What was to be carried over went with the group.
                for owner in member.owners where !isGroupGone || owner.request != nil { failures[owner] = failure }
            }
        }
        groups[index].parts.removeLast()
        if !groups[index].parts.isEmpty { ready.append(index) }
    }

    private func attempt(_ index: Int) -> String {
        adding ? "cannot add to group \(groups[index].name)" : "cannot remove from group \(groups[index].name)"
    }
}

extension AccountOperation {
    /// Memberships are taken away under the name that was given and no other, and nobody has looked whether the account still has it. (Of an entry that is
    /// deleted it shows.)
    fileprivate var goesByItsName: Bool { accountID != nil && operation != .delete && !isUncertain && formerNames.isEmpty }
}
