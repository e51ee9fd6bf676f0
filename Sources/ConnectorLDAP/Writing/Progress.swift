internal import Contracts
internal import IdentityModel

/// What has become of an operation so far.
struct Progress {
    /// The entry's name now, as far as we know.
    var name: String
    var id: AccountID?
    /// Of several steps that failed, the one that decides what the caller does next.
    private(set) var failure: ConnectorFailure?
    /// A refusal was noSuchObject: the account may stand elsewhere.
    var wasMissing = false
    /// An earlier step was answered by the entry itself: a noSuchObject then speaks of the place it should go to.
    var isThere = false
    /// The entry has the name it was to get, or was to get none.
    var isNamed = true
    /// A name it had on its way, because others wait for the one it has: repairs that come late pass it, too.
    var passedName: String?
    /// The attributes, without those that switch, are as ordered.
    var isWritten = false
    /// The account was switched off or on, whatever became of the single requests.
    var isSwitched = false
    /// Requests of attributes that were answered one by one.
    var done: Set<Int> = []
    /// Additions of memberships were sent.
    var hasJoined = false
    /// Requests that failed of their own, after the entry had to be written value by value.
    var failedRequests: [Int: ConnectorFailure] = [:]

    init(_ operation: AccountOperation) {
        name = operation.name.text
        id = operation.accountID
    }

    mutating func note(_ failure: ConnectorFailure) {
        if let known = self.failure, known.errorClass.weight >= failure.errorClass.weight { return }
        self.failure = failure
    }

    /// The failure in other words.
    mutating func reword(_ change: (ConnectorFailure) -> ConnectorFailure) { failure = failure.map(change) }

    /// An entry that is gone needed none of what failed before.
    mutating func forgive() {
        failure = nil
        wasMissing = false
    }
}

extension ErrorClass {
    /// What is not known has to be looked at, whatever else was refused; what can be tried again is; a name that is taken can be replaced.
    fileprivate var weight: Int {
        switch self {
        case .unknown: 3
        case .transient, .unavailable: 2
        case .conflict: 1
        case .permanent: 0
        }
    }
}

extension AccountOperation {
    /// Requests that belong to the step that switches the account off or on. What stands in the name never does: only a rename changes it.
    var switchingRequests: Set<Int> {
        guard way != .steady, requests.contains(where: \.switches) else { return [] }
        let naming = namingAttributes
        return Set(
            requests.indices.filter { index in
                let request = requests[index]
                return request.switches && request.kind == .attribute && !naming.contains(request.name.lowercased())
            })
    }

    /// Attributes that stand in the name the entry has or gets; lower case.
    var namingAttributes: Set<String> {
        let names = [name.text] + (newName.map { [$0.text] } ?? [])
        return Set(names.flatMap { EntryContent.namingParts($0).map { $0.type.lowercased() } })
    }

    /// Which way the account goes: a Disable withdraws and an Enable enables, whatever else they do.
    var way: Direction {
        switch operation {
        case .disable: .withdrawing
        case .enable: .enabling
        case .create, .unlock: .steady
        case .modify, .delete: direction
        }
    }
}
