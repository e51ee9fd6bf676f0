package import IdentityModel

/// Accounts that cannot be planned now: what depends on an answer that nobody gave is not decided.
extension ChunkPlanning {
    /// How many accounts are computed.
    package var evaluations: Int { accounts.count }

    /// Accounts whose system could not be asked: they are not planned in this run.
    package var leftAside: [(user: UserID, system: SystemName, isDue: Bool)] {
        accounts.filter(\.isLeftAside).map { ($0.change.user.id, $0.map.system, $0.intent == .provide) }
    }

    /// Accounts of which it is not known what became of their last orders: the next order settles that, however little is left to be sent.
    package var inDoubt: [(user: UserID, system: SystemName)] {
        accounts.filter { $0.known?.isUnknown == true }.map { ($0.change.user.id, $0.map.system) }
    }

    package func leaveAside(_ questions: [LookupQuestion]) { for question in questions { leaveAside(accounts[question.account]) } }
    package func leaveAside(_ probes: [ProbeQuestion]) { for probe in probes { leaveAside(accounts[probe.account]) } }

    /// Accounts about which something was sent, and it is not known what came of it.
    package func leaveAside(_ isUncertain: (UserID, SystemName) -> Bool) {
        for account in accounts where isUncertain(account.change.user.id, account.map.system) { leaveAside(account) }
    }

    private func leaveAside(_ account: Candidacy) {
        account.isLeftAside = true
        account.isFinished = true
        account.probing = nil
        for (claim, user) in chosen where user == account.change.user.id && claim.system == account.map.system { chosen[claim] = nil }
    }
}
