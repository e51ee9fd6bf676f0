internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    static var accounts: [Check] {
        [
            Check("an account's id belongs to one person, on every system that is the same one") { store in
                _ = try await store.settled { account in account.realm = Realm("dc=example 1") }
                let id = AccountID("id-E1")
                let owner = AccountOwner(user: Sample.userID(1), system: Sample.directory)
                let other = SystemName("Students")
                #expect(try await store.owners(Sample.directory, realm: Realm("dc=example 1"), ids: [id]) == [id: owner])
                #expect(try await store.owners(Sample.directory, realm: nil, ids: [id]) == [id: owner])
                #expect(try await store.owners(other, realm: Realm("dc=example 1"), ids: [id]) == [id: owner])
                #expect(try await store.owners(other, realm: Realm("dc=example 2"), ids: [id]) == [:])
                #expect(try await store.owners(other, realm: nil, ids: [id]) == [:])
            },
            Check("an account whose realm was never asked may be on any system") { store in
                _ = try await store.settled { _ in }
                let id = AccountID("id-E1")
                #expect(try await store.owners(SystemName("Students"), realm: Realm("r"), ids: [id]).count == 1)
            },
            Check("every group that had a name is told, of this system alone") { store in
                let groups = [KnownGroup(key: "cn=staff", id: GroupID("1")), KnownGroup(key: "cn=sales", id: GroupID("2"))]
                try await store.remember(groups, on: Sample.directory)
                try await store.remember(groups + [KnownGroup(key: "cn=staff", id: GroupID("3"))], on: Sample.directory)
                #expect(
                    try await store.groups(["cn=staff", "cn=other"], on: Sample.directory) == [
                        KnownGroup(key: "cn=staff", id: GroupID("1")), KnownGroup(key: "cn=staff", id: GroupID("3")),
                    ])
                #expect(try await store.groups([], on: Sample.directory) == [])
                #expect(try await store.groups(["cn=staff"], on: SystemName("Other")) == [])
            },
            Check("who has a name now is told whatever its capitals") { store in
                _ = try await store.settled { account in account.name = AccountName("cn=Anna,OU=People") }
                let asked = AccountName("CN=anna,ou=People")
                #expect(try await store.holders(of: [asked, AccountName("cn=Bo")], on: Sample.directory) == [asked: [Sample.userID(1)]])
                #expect(try await store.holders(of: [asked], on: SystemName("Other")) == [:])
            },
            Check("an account in doubt, and what a withdrawal left behind, have their user planned again") { store in
                for change in [
                    { $0.doubt = AccountDoubt(memberships: ["cn=Staff"]) }, { $0.state = .deprovisioned },
                ] as [@Sendable (inout Account) -> Void] {
                    let account = try await store.settled(change)
                    #expect(try await store.mustPlan() == [Sample.key(1)])
                    #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]?.doubt == account.doubt)
                    _ = try await store.settled { $0.memberships = [] }
                    #expect(try await store.mustPlan() == [])
                }
            },
            Check("people of a system that left the configuration are counted until it is released, those whose orders wait always") {
                store in
                var chunk = Sample.joinerChunk(1...3)
                chunk.orders.append(Sample.create(1, sequence: 4, system: Sample.other))
                let plan = try await store.applied(chunk)
                #expect(try await store.systemsLeft(besides: [Sample.directory, Sample.other]) == [:])
                #expect(try await store.systemsLeft(besides: [Sample.other]) == [Sample.directory: 3])
                #expect(try await store.systemsLeft(besides: [Sample.directory]) == [Sample.other: 1])
                for system in [Sample.directory, Sample.other] { try await store.release(system, at: Sample.moment(6)) }
                #expect(try await store.systemsLeft(besides: []) == [Sample.other: 1])
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).last?.id == OrderID(plan: plan.id, sequence: 4))
                try await store.takeBack([Sample.directory], at: Sample.moment(7))
                #expect(try await store.systemsLeft(besides: []) == [Sample.directory: 3, Sample.other: 1])
                let kinds = try await store.audit(after: 0, limit: 100).map(\.entry.kind).filter { $0.hasPrefix("system") }
                #expect(kinds == ["system released", "system released", "system taken back"])
            },
            Check("what is not known of accounts on a released system holds up no run") { store in
                _ = try await store.settled { $0.doubt = AccountDoubt(memberships: ["cn=Staff"]) }
                let open = try await store.openWork()
                #expect(open.unknownAccounts == 1 && open.unknownOfSource == [Sample.hr: 1])
                try await store.release(Sample.directory, at: Sample.moment(6))
                #expect(try await store.openWork().unknownAccounts == 0)
                #expect(try await store.mustPlan() == [])
                #expect(try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]?.isUnknown == true)
            },
            Check("those who point at somebody are found by any key that person has") { store in
                _ = try await store.settled { account in
                    account.written["manager"] = [.reference(Sample.key(1), in: Sample.hr)]
                    account.written["old"] = nil
                }
                let found = try await store.referers(to: [Sample.userID(1), Sample.userID(9)], on: Sample.directory)
                #expect(found.mapValues { $0.map(\.user) } == [Sample.userID(1): [Sample.userID(1)]])
                _ = try await store.settled { $0.written["manager"] = nil }
                #expect(try await store.referers(to: [Sample.userID(1)], on: Sample.directory) == [:])
            },
            Check("an account whose entry was missed is looked at by whoever plans its user, unless it was written since") { store in
                try await store.joined(1...2)
                let accounts = try await store.accounts(Sample.directory, users: [Sample.userID(1), Sample.userID(2)])
                let missed = try #require(accounts[Sample.userID(1)])
                var stale = try #require(accounts[Sample.userID(2)])
                stale.version -= 1
                try await store.lookAgain([missed, stale])
                #expect(
                    try await store.unsettledUsers(ofAllSources: false, after: nil, limit: 9) == [UnsettledUser(Sample.userID(1), .account)]
                )
                let after = try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]
                #expect(after?.isUnknown == true && after?.version == missed.version + 1 && after?.name == missed.name)
            },
            Check("an account that a person decides about is looked at, counts as left out and stays as it was; what points at it waits") {
                store in
                try await store.joined(1...1)
                let before = try #require(try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)])
                try await store.leaveOut([before])
                let open = try await store.openWork()
                #expect(open.missedAccounts == 1 && open.unknownAccounts == 0)
                #expect(
                    try await store.unsettledUsers(ofAllSources: false, after: nil, limit: 9) == [UnsettledUser(Sample.userID(1), .account)]
                )
                let after = try await store.accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]
                #expect(after?.isUnknown == true && after?.version == before.version && after?.name == before.name)
                let key = UserReference(Sample.user(1).key)
                #expect(try await store.references(Sample.directory, to: [key], plan: PlanID(row: 99))[key]?.target == .expected)
            },
            Check("neighbours of an account are those of its container, else any") { store in
                try await store.joined(1...5)
                let here = AccountName("cn=Somebody,OU=People")
                let found = try await store.neighbours(of: here, on: Sample.directory, without: [Sample.userID(1)], limit: 3)
                #expect(found.map(\.user) == [2, 3, 4].map(Sample.userID))
                let elsewhere = AccountName("cn=Somebody,ou=Nowhere")
                #expect(try await store.neighbours(of: elsewhere, on: Sample.directory, without: [], limit: 3).count == 3)
                #expect(try await store.neighbours(of: here, on: SystemName("Other"), without: [], limit: 3) == [])
            },
        ]
    }
}

extension Store {
    /// People who joined, and have their accounts.
    fileprivate func joined(_ people: ClosedRange<Int>) async throws {
        let plan = try await started(Sample.joinerChunk(people))
        let orders = try await claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
        var settlement = Settlement()
        settlement.entries = orders.map { .executed($0) }
        try await commit(settlement, plan: plan.id, at: Sample.moment(4))
    }

    /// The first person's account, settled once more as `change` says; made first where it is not there yet.
    fileprivate func settled(_ change: @Sendable (inout Account) -> Void) async throws -> Account {
        let known = try await accounts(Sample.directory, users: [Sample.userID(1)])[Sample.userID(1)]
        var chunk = Sample.joinerChunk(1...1)
        if let known {
            chunk = PlanChunk()
            chunk.orders = [Sample.order(1, sequence: 1, .modify, accountVersion: known.version)]
        }
        let plan = try await started(chunk, known == nil ? .source(Sample.hr) : .due)
        let orders = try await claim(plan.id, system: Sample.directory, wave: 0, limit: 9, at: Sample.moment(3))
        let executed = Settlement.Entry.executed(orders[0])
        var account = known ?? executed.account ?? Account(user: Sample.userID(1), system: Sample.directory)
        if known != nil { (account.doubt, account.state) = (nil, .enabled) }
        change(&account)
        if account.state == .deprovisioned { account.memberships = ["cn=Staff"] }
        var settlement = Settlement()
        settlement.entries = [Settlement.Entry(order: executed.order, account: account)]
        try await commit(settlement, plan: plan.id, at: Sample.moment(4))
        try await finish(plan.id, at: Sample.moment(5))
        return account
    }
}
