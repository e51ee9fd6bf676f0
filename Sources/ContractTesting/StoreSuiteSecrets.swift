internal import Contracts
internal import IdentityModel
internal import Testing

/// Calls every `cn` on the directory a secret, and shows by its digests what it was given.
private struct CommonNames: DigestsSecrets {
    func isSecret(_ attribute: SecretAttribute, isMarked: Bool) -> Bool {
        attribute == SecretAttribute(system: Sample.directory, name: "cn") || isMarked
    }

    func digest(_ value: String, of attribute: SecretAttribute, user: UserID) -> AccountValue {
        .digest("\(attribute.system) \(attribute.name) \(user) \(value)")
    }

    static func digest(of number: Int) -> AccountValue {
        CommonNames().digest(
            "Person \(number)", of: SecretAttribute(system: Sample.directory, name: "cn"), user: Sample.userID(number))
    }
}

extension StoreSuite {
    static var secrets: [Check] {
        [
            Check("of the key of its secrets the store keeps one check, and another one only in its place") { store in
                let none = try await store.secretKeyCheck()
                #expect(none == nil)
                #expect(try await store.keepSecretKeyCheck("a", replacing: nil) == "a")
                #expect(try await store.keepSecretKeyCheck("b", replacing: nil) == "a")
                #expect(try await store.keepSecretKeyCheck("b", replacing: "c") == "a")
                #expect(try await store.keepSecretKeyCheck("b", replacing: "a") == "b")
                #expect(try await store.secretKeyCheck() == "b")
            },
            Check("what was looked through for secrets is remembered, also where there were none") { store in
                #expect(try await store.digestedAttributes() == nil)
                #expect(try await store.digestSecrets([], by: CommonNames()) == 0)
                #expect(try await store.digestedAttributes() == [])
                let (pin, word) = (SecretAttribute(system: Sample.other, name: "pin"), SecretAttribute(system: Sample.other, name: "word"))
                _ = try await store.digestSecrets([pin], by: CommonNames())
                _ = try await store.digestSecrets([word, pin], by: CommonNames())
                #expect(try await store.digestedAttributes() == [pin, word])
            },
            Check("secrets become digests in accounts and in orders, executed ones and those of a plan that waits") { store in
                let applied = try await store.applied(Sample.joinerChunk(1...2))
                var chunk = PlanChunk()
                chunk.changes = [Sample.joiner(3)]
                chunk.orders = [Sample.create(3, sequence: 1), Sample.create(3, sequence: 2, system: Sample.other)]
                let waiting = try await store.planned(chunk)
                let before = try await store.allDocuments(waiting.id)
                // Two accounts, and the orders of three people.
                #expect(try await store.digestSecrets([], by: CommonNames()) == 5)
                let accounts = try await store.accounts(Sample.directory, users: [Sample.userID(1)])
                #expect(accounts[Sample.userID(1)]?.written["cn"] == [CommonNames.digest(of: 1)])
                var filter = OrderFilter()
                filter.plan = applied.id
                let executed = try await store.orders(filter, after: nil, limit: 9)
                #expect(executed.map(\.requests[0].after) == [[CommonNames.digest(of: 1)], [CommonNames.digest(of: 2)]])
                #expect(executed.allSatisfy { $0.state == .executed && $0.requests[0].outcome == .done })
                filter.plan = waiting.id
                let planned = try await store.orders(filter, after: nil, limit: 9).map(\.requests[0].after)
                #expect(planned == [[CommonNames.digest(of: 3)], [.text("Person 3")]])
                #expect(try await store.allDocuments(waiting.id) != before)
                #expect(try await store.digestSecrets([], by: CommonNames()) == 0)
                try await store.eraseReplacedSecrets()
                try await store.reseal(waiting.id, "another")
                #expect(try await store.plan(ordinal: waiting.ordinal ?? 0)?.seal == "another")
                #expect(try await store.plan(ordinal: applied.ordinal ?? 0)?.seal == applied.seal)
            },
            Check("events show dots in the place of secrets") { store in
                let plan = try await store.started(PlanChunk())
                func body(_ value: String) -> String {
                    #"{"accountRequests":[{"source":{"name":"Corp Directory"},"attributeRequests":[{"attributeName":"cn","attributeValue":"\#(value)"}]},"#
                        + #"{"source":{"name":"Mail"},"attributeRequests":[{"attributeName":"cn","attributeValue":"kept"}]}]}"#
                }
                var settlement = Settlement()
                settlement.events = [
                    OutboxEvent(trackingNumber: "t", sequence: 1, user: Sample.userID(1), userKey: Sample.key(1), body: body("Person 1"))
                ]
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(3))
                _ = try await store.digestSecrets([], by: CommonNames())
                #expect(try await store.events(after: 0, limit: 9).map(\.event.body) == [body(SensitiveAttributes.dots)])
            },
        ]
    }
}
