package import IdentityModel

/// What is known of the account's entry.
package enum ActualState: Sendable, Hashable {
    /// Nobody looked, because nothing depends on it.
    case notAsked
    /// `owner`: whose account the entry is that was found, if one of our users has it.
    case looked(Lookup, owner: AccountOwner?)

    package static let absent = ActualState.looked(.absent, owner: nil)
    package static func found(_ account: ActualAccount, owner: AccountOwner?) -> ActualState { .looked(.found(account), owner: owner) }

    /// The entry that a look found.
    package var entry: ActualAccount? { if case .looked(let lookup, _) = self { lookup.account } else { nil } }
}

/// What has to happen with one user's account on one system, before any attribute is computed.
package enum AccountIntent: Sendable, Hashable {
    /// Entitled: the account should be there and enabled.
    case provide
    /// Not entitled any more.
    case withdraw
    /// Not entitled, and nothing of ours to withdraw.
    case nothing

    /// `account.enabled` means: the user holds at least one active entitlement on the system. Nobody keeps access because it was forgotten: an account that was
    /// withdrawn, but not altogether, is withdrawn again, and so is one that may have come to be without an answer.
    package static func of(isEntitled: Bool, known: Account?) -> AccountIntent {
        if isEntitled { return .provide }
        #if PLANTED_BUGS
        if PlantedBug.planted == .withdrawnKeepsWhatWasRefused, known?.state != .enabled, known?.isUnknown == false { return .nothing }
        #endif
        switch known?.state {
        case .enabled: return .withdraw
        case nil: return .nothing
        case .some(.none), .deprovisioned, .deleted: return known?.isUnsettled == true ? .withdraw : .nothing
        }
    }

    /// What the system must be asked before this account can be planned: there may be an entry already (adoption, rehire), an answer was lost, or a rule
    /// (`enforce: ifEmpty`) depends on what the system holds.
    package func look(known: Account?, map: PolicyMap) -> AccountLook {
        guard self != .nothing else { return .nothing }
        if let known, let id = known.id, known.state == .enabled || known.state == .deprovisioned {
            let dependsOnEntry = map.attributes.contains { $0.enforce == .ifEmpty && known.written[$0.name] == nil }
            let isAsked = known.isUnknown || self == .provide && (known.state == .deprovisioned || known.isSwitchedOff || dependsOnEntry)
            return isAsked ? .id(id) : .nothing
        }
        switch known?.state {
        case .deleted: return self == .provide ? .correlation : .nothing
        case .enabled where self == .withdraw: return known?.isUnknown == true ? .correlation : .nothing
        case nil, .some(.none), .enabled, .deprovisioned: return .correlation
        }
    }
}

/// How a system is asked for an account.
package enum AccountLook: Sendable, Hashable {
    case nothing
    case id(AccountID)
    /// By the values of the map's correlation attributes.
    case correlation
}
