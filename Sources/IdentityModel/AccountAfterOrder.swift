extension Account {
    /// What the order makes of the account when its operation was answered, with single requests refused at most. The order carries the outcomes of its
    /// requests; `id` and `name` are what the system says the account has now.
    public func after(_ order: ProvisioningOrder, id: AccountID?, name: AccountName?, at now: Instant) -> Account {
        // Nothing was left to be said again.
        if order.isFollowUp && order.requests.isEmpty { return self }
        var account = self
        account.version += 1
        account.state = order.becomes
        account.deprovisionedAt = order.becomes == .deprovisioned ? (state == .deprovisioned ? deprovisionedAt : nil) ?? now : nil
        // Who writes references alone switches nothing on.
        if !order.isFollowUp { account.isSwitchedOff = false }
        if order.usesDialectDisabling { account.isDisabledByDialect = true }
        if order.operation == .enable { account.isDisabledByDialect = false }
        if order.adopts { account.written = [:] }
        account.take(order, id: id, name: name, isNamed: true)
        account.doubtWhatIsOpen(order)
        if order.requests.allSatisfy({ $0.outcome.isAnswered }) {
            let open = account.doubt?.memberships ?? []
            let isNamed = order.nameAfter != nil && account.name == order.nameAfter
            let stays = account.doubt?.isElsewhere == true && account.state == .enabled && !isNamed
            account.doubt = open.isEmpty && !stays ? nil : AccountDoubt(memberships: open, isElsewhere: stays)
        }
        if order.becomes == .deleted { account.id = nil }
        return account
    }

    /// What an order leaves behind that failed on its way: half done is known. `isSwitched`: it was switched off, or on, all the same,
    /// `byDialect` by other means than the map's own attributes. The account is looked at before it is planned again.
    public func partly(
        _ order: ProvisioningOrder, id: AccountID?, name: AccountName?, isSwitched: Bool = false, byDialect: Bool = false
    ) -> Account {
        var account = self
        account.version += 1
        if state == .none, id != nil { account.state = .enabled }
        if order.isWithdrawal, isSwitched {
            account.isSwitchedOff = true
            if byDialect { account.isDisabledByDialect = true }
        }
        if order.operation == .enable, isSwitched { account.state = .enabled }
        account.take(order, id: id, name: name, isNamed: name != nil && name == order.nameAfter)
        account.doubt = account.doubt ?? AccountDoubt()
        account.doubtWhatIsOpen(order)
        return account
    }

    /// Of another entry than before nobody knows the groups: what was to be given or taken once more, and was not, may hold the name from before or not.
    private mutating func doubtWhatIsOpen(_ order: ProvisioningOrder) {
        guard order.adopts || order.operation == .create else { return }
        for request in order.requests where request.kind == .membership && !request.outcome.isAnswered {
            let open = request.effective.map(\.text).filter(memberships.contains)
            if !open.isEmpty { doubt = doubt ?? AccountDoubt() }
            doubt?.memberships.formUnion(open)
        }
    }

    /// The same account, with these requests of the order (and its change of name) neither done nor not done as far as anybody knows. `known`: the name
    /// it was known by before the order.
    public func doubting(_ order: ProvisioningOrder, requests: some Sequence<Int>, known: AccountName? = nil) -> Account {
        var account = self
        var doubt = account.doubt ?? AccountDoubt()
        for index in requests {
            let request = order.requests[index]
            switch request.kind {
            case .membership: doubt.memberships.formUnion(request.effective.map(\.text))
            case .attribute: doubt.attributes.insert(request.name)
            }
        }
        if order.operation == .create && state != .enabled { doubt.correlation = order.correlation }
        doubt.formerNames.formUnion([name, known, order.nameBefore, order.nameAfter].compactMap { $0 })
        account.doubt = doubt
        return account
    }

    /// `isNamed`: the account has the name that was ordered.
    private mutating func take(_ order: ProvisioningOrder, id: AccountID?, name: AccountName?, isNamed: Bool) {
        if order.adopts || order.operation == .create, let id, id != self.id {
            // Another entry than before: it holds nothing of what we gave that one, but groups may hold its name.
            written = Dictionary(minimumCapacity: order.requests.count)
            if !memberships.isEmpty {
                let told = Set(order.requests.lazy.filter { $0.kind == .membership }.flatMap(\.effective))
                memberships = memberships.filter { told.contains(.text($0)) }
            }
        }
        self.id = id ?? self.id
        if order.becomes != .deleted {
            if doubt != nil, let former = self.name, let name, name != former { doubt?.formerNames.insert(former) }
            self.name = name ?? self.name
        }
        for (attribute, base) in order.nameBases where order.becomes != .deleted && order.settles(attribute, isNamed: isNamed) {
            nameBases[attribute] = base
        }
        for (attribute, values) in order.takenOver { written[attribute] = values }
        // An iterator would copy each of them.
        let requests = order.requests
        for index in requests.indices {
            switch requests[index].outcome {
            case .done: take(requests[index])
            // What was to be said once more was not: what stands there was written of somebody else, or of another entry.
            case .deferred where order.isRepetition: written[requests[index].name] = requests[index].before.map(\.pointingAtFormer)
            // Of an account that is gone: another entry has the name.
            case .deferred where requests[index].kind == .membership && requests[index].operation == .remove: take(requests[index])
            case .open, .deferred, .failed: forget(requests[index])
            }
        }
    }

    /// A group that refuses the account was not given. What an entry that is gone had left there may still bear the name: whoever leaves is taken out of it.
    private mutating func forget(_ request: AttributeRequest) {
        guard request.kind == .membership, request.operation == .add, case .failed(let failure) = request.outcome,
            failure.errorClass == .permanent
        else { return }
        for case .text(let group) in request.effective where memberships.remove(group) != nil {
            doubt = doubt ?? AccountDoubt()
            doubt?.memberships.insert(group)
        }
    }

    /// The same account when its entry was not found where it was: whoever plans it looks.
    public var toBeLookedAt: Account {
        var account = self
        account.version += 1
        account.doubt = doubt ?? AccountDoubt()
        return account
    }

    /// The same account when its entry was met where somebody had moved it, and was left there.
    public var toBeMovedBack: Account {
        var account = toBeLookedAt
        account.doubt?.isElsewhere = true
        return account
    }

    /// The same account when a look has shown that nothing came of what was in doubt; nil when nothing was.
    public var certain: Account? {
        guard doubt != nil else { return nil }
        var account = self
        account.version += 1
        account.doubt = nil
        return account
    }

    private mutating func take(_ request: AttributeRequest) {
        switch request.kind {
        case .membership:
            for case .text(let group) in request.effective {
                if request.operation == .remove { memberships.remove(group) } else { memberships.insert(group) }
                doubt?.memberships.remove(group)
            }
        case .attribute:
            let values: [AccountValue]
            switch request.operation {
            case .set: values = request.after
            case .add:
                if let present = written[request.name] {
                    values = present + request.after.filter { !present.contains($0) }
                } else {
                    values = request.after
                }
            case .remove:
                // Without values the whole attribute goes.
                let gone = request.effective
                values = gone.isEmpty ? [] : (written[request.name] ?? []).filter { !gone.contains($0) }
            }
            written[request.name] = values.isEmpty ? nil : values
            doubt?.attributes.remove(request.name)
        }
    }
}

extension ProvisioningOrder {
    /// The value whose base this is became the account's: its request was answered, or there is none and the account has its new name.
    fileprivate func settles(_ attribute: String, isNamed: Bool) -> Bool {
        let requests = requests
        guard let index = requests.indices.first(where: { requests[$0].kind == .attribute && requests[$0].name == attribute }) else {
            return isNamed
        }
        return requests[index].outcome == .done
    }
}

extension AttributeRequest {
    /// The values that are sent: what is wanted, or for a removal what goes.
    public var effective: [AccountValue] { operation == .remove && after.isEmpty ? before : after }

    public var isReference: Bool { effective.contains { if case .reference = $0 { true } else { false } } }
}

extension AttributeRequest.Outcome {
    /// Nothing of it is unknown: it was done, or is left to a later order.
    var isAnswered: Bool {
        switch self {
        case .done, .deferred: true
        case .open, .failed: false
        }
    }
}
