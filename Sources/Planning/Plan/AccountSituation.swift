internal import IdentityModel

/// Everything known of one account when its order is made. Not for several threads at once.
final class AccountSituation {
    let change: UserChange
    let map: PolicyMap
    let intent: AccountIntent
    let entitlement: SystemEntitlement?
    let known: Account?
    /// What the last lookup said, once somebody looked.
    private(set) var actual = ActualState.notAsked
    /// The account in the store, unless its entry is gone or was never there.
    private(set) var living: Account?
    /// The entry that we knew was not found, although its system could be asked: somebody deleted or replaced it.
    private(set) var isGone = false
    /// By what the account was looked up; an order that creates or adopts it looks for the very same.
    var correlation: [String: String]?
    /// Why it cannot be looked up: a correlation attribute without a value, or with that of somebody else.
    var correlationFailure: String?
    /// A person said that entries which were deleted by hand are to be made anew.
    let mayRecreate: Bool

    init(
        change: UserChange, map: PolicyMap, intent: AccountIntent, entitlement: SystemEntitlement?, known: Account?,
        mayRecreate: Bool = false
    ) {
        self.change = change
        self.map = map
        self.intent = intent
        self.entitlement = entitlement
        self.known = known
        self.mayRecreate = mayRecreate
        if let known, known.state == .enabled || known.state == .deprovisioned { living = known }
    }

    /// Takes the answer to a look. One by id that finds nothing leaves the account gone, and is followed by one by correlation.
    func answer(_ look: AccountLook, _ answer: ActualState) {
        actual = answer
        guard let known, living != nil || isGone else { return }
        switch (look, answer) {
        case (.id, .looked(.absent, _)):
            isGone = true
            living = nil
        case (.correlation, .looked(.found(let entry), let owner)):
            // The system was asked for a person, and showed the entry we know.
            living =
                owner == AccountOwner(user: known.user, system: known.system) && (known.id == nil || known.id == entry.id) ? known : nil
        case (.correlation, .looked(.absent, _)): living = nil
        case (.id, _), (.nothing, _), (.correlation, _): return
        }
    }

    /// The entry that a look found, and that is not another account of ours.
    var entry: ActualAccount? { actual.entry }

    /// An entry is there that we do not hold yet.
    var isFound: Bool { entry != nil && living == nil }

    /// Our own: it came to be by a Create whose answer was lost.
    var isOwnCreate: Bool { isFound && known?.state == AccountState.none && known?.doubt?.correlation.isEmpty == false }

    var isAdoption: Bool { isFound && !isOwnCreate }

    /// What an account is made anew with: its old values and names.
    var isRecreation: Bool { isGone && !isFound && intent == .provide }

    /// Our entry is met now, or was met by a write, where somebody had moved it.
    var isElsewhere: Bool {
        guard intent == .provide, let living, let name = living.name else { return false }
        return living.doubt?.isElsewhere == true || entry.map { $0.name != name } ?? false
    }

    /// Names are kept, and values that are given once are not given again, as long as there is, or is to be again, the account that had them.
    var predecessor: Account? { living ?? (isRecreation ? known : nil) }

    /// Values that `enforce: onCreate` and kept names go by: what we wrote, or what the entry to adopt holds.
    var storedValues: [String: [AccountValue]] {
        if let predecessor {
            let stored = predecessor.storedValues(map)
            // A secret is made anew after a lost answer, and for an entry that is made anew: what was sent is not kept.
            let anew = isRecreation ? map.secrets : map.secrets.intersection(predecessor.doubt?.attributes ?? [])
            return anew.isEmpty ? stored : stored.filter { !anew.contains($0.key) }
        }
        guard let entry else { return [:] }
        var stored: [String: [AccountValue]] = [:]
        for rule in map.attributes where rule.enforce == .onCreate {
            let values = rule.name == map.accountName ? [entry.name.text] : entry.values(rule.name)
            if !values.isEmpty { stored[rule.name] = values.map(AccountValue.text) }
        }
        return stored
    }

    /// Where the account stands now. What a system writes differently, and means the same, is our name.
    var presentName: AccountName? {
        guard let entry else { return living?.name ?? known?.name }
        guard let name = living?.name, name.text.caseFolded == entry.name.text.caseFolded else { return entry.name }
        return name
    }
}
