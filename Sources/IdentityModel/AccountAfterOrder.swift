extension Account {
    /// What the order's success, whole or in part, makes of the account. The order carries the outcomes of its requests; `id` and `name` are
    /// what the system says the account has now, and `alreadyThere` what it held already and was not sent again.
    public func after(
        _ order: ProvisioningOrder, id: AccountID?, name: AccountName?, alreadyThere: [String: [AccountValue]] = [:], at now: Instant
    ) -> Account {
        var account = self
        account.version += 1
        account.state = order.becomes
        account.deprovisionedAt = order.becomes == .deprovisioned ? now : nil
        if order.becomes == .deleted {
            // The written values stay: a rehire keeps the old login.
            account.id = nil
            account.memberships = []
            return account
        }
        account.id = id ?? account.id
        account.name = name ?? account.name
        if account.nameBases.isEmpty { account.nameBases = order.nameBases } else { account.nameBases.merge(order.nameBases) { $1 } }
        if order.operation == .create || order.adopts {
            account.written = Dictionary(minimumCapacity: order.requests.count)
        }
        for (name, values) in alreadyThere { account.written[name] = values }
        for request in order.requests where request.outcome == .done { account.take(request) }
        return account
    }

    private mutating func take(_ request: AttributeRequest) {
        switch request.kind {
        case .membership:
            for case .text(let group) in request.effective {
                if request.operation == .remove { memberships.remove(group) } else { memberships.insert(group) }
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
                let gone = request.effective
                values = (written[request.name] ?? []).filter { !gone.contains($0) }
            }
            written[request.name] = values.isEmpty ? nil : values
        }
    }
}

extension AttributeRequest {
    /// The values that are sent: what is wanted, or for a removal what goes.
    public var effective: [AccountValue] { operation == .remove && after.isEmpty ? before : after }
}
