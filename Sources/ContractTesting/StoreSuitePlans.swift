internal import Contracts
internal import IdentityModel
internal import Testing

extension Store {
    /// A new plan in this state.
    fileprivate func plan(in state: PlanState) async throws -> PlanID {
        var plan = try await begin()
        if state == .open { return plan.id }
        if state == .discarded {
            try await decide(plan.id, .discarded, by: "a", reason: "", at: Sample.moment(2))
            return plan.id
        }
        if state == .held {
            plan.verdicts = [GuardVerdict(.effect(.disable, Sample.directory), count: 9, base: 100, limit: "more than 5 %")]
        }
        plan.seal = "seal-\(plan.id.row)"
        _ = try await seal(plan, profile: nil, superseding: nil, at: Sample.moment(1))
        switch state {
        case .approved, .rejected, .superseded: try await decide(plan.id, state, by: "a", reason: "", at: Sample.moment(2))
        case .applying, .applied, .abandoned: _ = try await startApplying(plan.id, at: Sample.moment(2))
        case .open, .discarded, .ready, .held: break
        }
        if state == .applied { try await finish(plan.id, at: Sample.moment(3)) }
        if state == .abandoned { try await decide(plan.id, .abandoned, by: "a", reason: "", at: Sample.moment(3)) }
        return plan.id
    }

    /// A new order in this state.
    fileprivate func order(in state: OrderState) async throws -> ProvisioningOrder {
        let number = try await plans(limit: 10_000).count + 1
        var chunk = Sample.joinerChunk(number...number)
        chunk.orders[0] = Sample.create(number, sequence: 1)
        if state == .evaluationFailed { chunk.orders[0].state = .evaluationFailed }
        let plan = try await planned(chunk)
        if state != .planned { _ = try await startApplying(plan.id, at: Sample.moment(2)) }
        var filter = OrderFilter()
        filter.plan = plan.id
        let order = try #require(try await orders(filter, after: nil, limit: 1).first)
        guard [.transmitted, .errored, .executed, .withdrawn].contains(state) else { return order }
        var settlement = Settlement()
        if state == .withdrawn {
            settlement.entries = [.failed(order, .withdrawn)]
        } else {
            let claimed = try #require(
                try await claim(plan.id, system: Sample.directory, wave: 0, limit: 1, at: Sample.moment(3)).first)
            if state == .transmitted { return claimed }
            settlement.entries = [state == .executed ? .executed(claimed) : .failed(claimed)]
        }
        try await commit(settlement, plan: plan.id, at: Sample.moment(4))
        return settlement.entries[0].order
    }
}

extension StoreSuite {
    static var plans: [Check] {
        [
            Check("a plan that begins discards what a dead run of the same origin left open") { store in
                let orphan = try await store.begin()
                _ = try await store.save(Sample.joinerChunk(1...2), to: orphan.id)
                let other = try await store.begin(.due)
                let plan = try await store.begin()
                #expect(plan.state == .open && plan.ordinal == nil && plan.asOf == Sample.today && plan.configurationHash == "c1")
                #expect(try await store.plan(of: .source(Sample.hr), in: [.discarded])?.id == orphan.id)
                #expect(try await store.plan(of: .due, in: [.open])?.id == other.id)
                #expect(try await store.holders(of: [Sample.claim(of: "mail", "person1@example.com")]) == [:])
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 10) == [])
                await #expect(throws: StoreError.self) { _ = try await store.save(Sample.joinerChunk(1...1), to: orphan.id) }
            },
            Check("sealing gives the next ordinal and sets the plan aside that it supersedes") { store in
                let first = try await store.planned(Sample.joinerChunk(1...1))
                #expect(first.state == .ready && first.ordinal == 1 && first.seal == "seal-\(first.id.row)")
                let next = try await store.begin()
                let second = try await store.sealed(next, superseding: first.id)
                #expect(second.ordinal == 2)
                #expect(try await store.plan(ordinal: 1)?.state == .superseded)
                #expect(try await store.plans(limit: 10).map(\.ordinal) == [2, 1])
                #expect(try await store.plan(of: .source(Sample.hr), in: [.ready, .held])?.id == second.id)
                #expect(try await store.plan(of: .source(Sample.hr), in: []) == nil)
            },
            Check("a plan whose guard tripped is held until it is approved") { store in
                var plan = try await store.begin()
                plan.verdicts = [
                    GuardVerdict(.effect(.disable, Sample.directory), count: 9, base: 100, limit: "more than 5 %")
                ]
                plan.warnings = ["a new column"]
                let held = try await store.seal(plan, profile: nil, superseding: nil, at: Sample.moment(1))
                #expect(held.state == .held && held.verdicts == plan.verdicts && held.warnings == plan.warnings)
                await #expect(throws: StoreError.self) { _ = try await store.startApplying(held.id, at: Sample.moment(2)) }
                try await store.decide(held.id, .approved, by: "anna", reason: "looked at it", at: Sample.moment(2))
                #expect(try await store.plan(ordinal: 1)?.state == .approved)
                #expect(try await store.startApplying(held.id, at: Sample.moment(3)) == PlanStarted())
                let words = try await store.audit(after: 0, limit: 100).map(\.entry).first { $0.kind == "plan approved" }
                #expect(words?.text == "by anna: looked at it" && words?.plan == held.id)
            },
            Check("after a plan was abandoned its origin is held until a plan of it was approved") { store in
                let plan = try await store.started(Sample.joinerChunk(1...2))
                let next = try await store.planned(Sample.joinerChunk(3...3))
                try await store.decide(plan.id, .abandoned, by: "anna", reason: "the wrong file", at: Sample.moment(5))
                #expect(try await store.plan(ordinal: 1)?.state == .abandoned)
                let held = try #require(try await store.plan(ordinal: 2))
                #expect(held.state == .held && held.verdicts == [.after(abandoning: 1)])
                #expect(try await store.abandoned(.source(Sample.hr)) == 1)
                #expect(try await store.abandoned(.due) == nil)
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).filter { $0.id.plan == plan.id }.count == 2)
                try await store.decide(next.id, .approved, by: "anna", reason: "this one", at: Sample.moment(6))
                #expect(try await store.abandoned(.source(Sample.hr)) == nil)
                let words = try await store.audit(after: 0, limit: 100).map(\.entry).first { $0.kind == "plan abandoned" }
                #expect(words?.text == "by anna: the wrong file" && words?.plan == plan.id)
                await #expect(throws: StoreError.self) {
                    try await store.decide(next.id, .abandoned, by: "a", reason: "it does not run", at: Sample.moment(9))
                }
            },
            Check("a plan that is applied can neither be rejected nor superseded nor grow") { store in
                let plan = try await store.applied(Sample.joinerChunk(1...1))
                let open = try await store.begin()
                await #expect(throws: StoreError.self) {
                    try await store.decide(plan.id, .rejected, by: "a", reason: "", at: Sample.moment(9))
                }
                await #expect(throws: StoreError.self) { _ = try await store.sealed(open, superseding: plan.id) }
                await #expect(throws: StoreError.self) { _ = try await store.save(Sample.joinerChunk(2...2), to: plan.id) }
                #expect(try await store.plan(of: .source(Sample.hr), in: [.open])?.id == open.id)
            },
            Check("a plan goes where its state leads, and nowhere else") { store in
                for from in PlanState.allCases {
                    for to in PlanState.allCases {
                        let plan = try await store.plan(in: from)
                        if from.decisions.contains(to) {
                            try await store.decide(plan, to, by: "a", reason: "a", at: Sample.moment(8))
                        } else {
                            await #expect(throws: StoreError.self, "\(from) to \(to)") {
                                try await store.decide(plan, to, by: "a", reason: "a", at: Sample.moment(8))
                            }
                        }
                    }
                    let applied = try await store.plan(in: from)
                    // What is being applied is gone on with, and what is through is finished once.
                    if from.successors.contains(.applying) || from == .applying {
                        _ = try await store.startApplying(applied, at: Sample.moment(8))
                    } else {
                        await #expect(throws: StoreError.self, "\(from) to applying") {
                            _ = try await store.startApplying(applied, at: Sample.moment(8))
                        }
                    }
                    let finished = try await store.plan(in: from)
                    if from.successors.contains(.applied) || from == .applied {
                        try await store.finish(finished, at: Sample.moment(8))
                    } else {
                        await #expect(throws: StoreError.self, "\(from) to applied") {
                            try await store.finish(finished, at: Sample.moment(8))
                        }
                    }
                    let sealed = try await store.plan(in: from)
                    let known = try await store.plans(limit: 1_000).first { $0.id == sealed }
                    if from != .open, let known {
                        await #expect(throws: StoreError.self, "\(from) sealed") { _ = try await store.sealed(known) }
                    }
                }
            },
            Check("an order goes where its state leads, and nowhere else") { store in
                let reachable: [OrderState] = [.planned, .pending, .transmitted, .errored, .withdrawn, .evaluationFailed, .executed]
                for from in reachable {
                    for to in OrderState.allCases {
                        let order = try await store.order(in: from)
                        var settlement = Settlement()
                        var moved = order
                        moved.state = to
                        settlement.entries = [Settlement.Entry(order: moved, account: nil)]
                        // It may be put into a later wave.
                        let stays = from == .pending && to == .pending
                        if stays || from.successors.contains(to) {
                            try await store.commit(settlement, plan: order.id.plan, at: Sample.moment(8))
                        } else {
                            await #expect(throws: StoreError.self, "\(from) to \(to)") {
                                try await store.commit(settlement, plan: order.id.plan, at: Sample.moment(8))
                            }
                        }
                    }
                }
            },
            Check("a rejected plan leaves its users unborn and can still be read") { store in
                let plan = try await store.planned(Sample.joinerChunk(1...2))
                try await store.decide(plan.id, .rejected, by: "anna", reason: "wrong file", at: Sample.moment(2))
                #expect(try await store.user(key: Sample.key(1)) == nil)
                #expect(try await store.allMarks() == [:])
                #expect(try await store.changes(of: plan.id, after: 0, limit: 10).count == 2)
            },
            Check("changes and orders come back as they were saved") { store in
                var chunk = Sample.joinerChunk(1...3)
                chunk.orders[1].warnings = ["mobile left out"]
                chunk.orders[2].failure = ConnectorFailure(.permanent, "title: no such key", attribute: "title")
                let plan = try await store.planned(chunk)
                let changes = try await store.changes(of: plan.id, after: 0, limit: 2)
                #expect(changes.map(\.sequence) == [1, 2] && changes.map(\.change) == Array(chunk.changes.prefix(2)))
                #expect(try await store.changes(of: plan.id, after: 2, limit: 2).map(\.change) == [chunk.changes[2]])
                for index in chunk.orders.indices { chunk.orders[index].id = OrderID(plan: plan.id, sequence: index + 1) }
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 10) == chunk.orders)
                #expect(try await store.order(ordinal: 1, sequence: 2) == chunk.orders[1])
                #expect(try await store.order(ordinal: 1, sequence: 4) == nil)
            },
            Check("equal plans have equal documents: changes, then orders, without the store's row ids") { store in
                let first = try await store.planned(Sample.joinerChunk(1...3))
                let second = try await store.begin()
                _ = try await store.save(Sample.joinerChunk(1...2), to: second.id)
                _ = try await store.save(Sample.joinerChunk(3...3), to: second.id)
                let documents = try await store.allDocuments(first.id)
                #expect(documents.count == 6)
                #expect(try await store.allDocuments(second.id) == documents)
                #expect(documents.prefix(3).allSatisfy { $0.contains("\"change\":\"joiner\"") && !$0.contains("\"operation\"") })
                #expect(try documents.dropFirst(3).map { try ProvisioningOrder(documentText: $0).user } == (1...3).map(Sample.userID))
            },
            Check("totals count changes by kind and effects by system") { store in
                let plan = try await store.begin()
                var chunk = Sample.joinerChunk(1...2)
                chunk.changes.append(Sample.again(3, version: 1))
                chunk.orders += [
                    Sample.order(3, sequence: 3, .modify, renames: true),
                    Sample.order(4, sequence: 4, .disable, becomes: .deprovisioned, removes: true),
                    Sample.order(5, sequence: 5, .modify, becomes: .deprovisioned),
                    Sample.order(6, sequence: 6, .delete, becomes: .deleted),
                    Sample.order(7, sequence: 7, .unlock), Sample.order(8, sequence: 8, .enable),
                ]
                var failed = Sample.order(9, sequence: 9, .modify)
                failed.failure = ConnectorFailure(.permanent, "title: no such key")
                chunk.orders.append(failed)
                _ = try await store.save(chunk, to: plan.id)
                let totals = try await store.totals(of: plan.id)
                #expect(totals.changes == [.joiner: 2, .unchanged: 1])
                #expect(
                    totals.effects == [Sample.directory: [.create: 2, .modify: 2, .rename: 1, .disable: 2, .delete: 1, .enable: 1]])
                #expect(totals.orders == 9 && totals.evaluationsFailed == 1)
            },
            Check("retracted users leave no account aside") { store in
                let plan = try await store.begin()
                var chunk = Sample.joinerChunk(1...2)
                chunk.leftAside = [1, 2].map { AccountLeftAside(user: Sample.userID($0), system: Sample.other, isDue: true) }
                #expect(try await store.save(chunk, to: plan.id) == [])
                try await store.retract([Sample.key(2)], of: Sample.hr, from: plan.id)
                _ = try await store.startApplying(try await store.sealed(plan).id, at: Sample.moment(3))
                #expect(try await store.openWork().leftAside == [Sample.other: 1])
            },
            Check("retracted users leave nothing in the plan, and may be planned again") { store in
                let plan = try await store.begin()
                _ = try await store.save(Sample.joinerChunk(1...3), to: plan.id)
                try await store.retract([Sample.key(2)], of: Sample.hr, from: plan.id)
                #expect(try await store.changes(of: plan.id, after: 0, limit: 9).map(\.change.user.key) == [Sample.key(1), Sample.key(3)])
                #expect(try await store.orders(OrderFilter(), after: nil, limit: 9).map(\.user) == [Sample.userID(1), Sample.userID(3)])
                let claims = (1...3).map { Sample.claim(of: "mail", "person\($0)@example.com") }
                #expect(try await store.holders(of: claims) == [claims[0]: Sample.userID(1), claims[2]: Sample.userID(3)])
                #expect(try await store.allDocuments(plan.id).count == 4)
                _ = try await store.save(Sample.joinerChunk(2...2), to: plan.id)
                #expect(try await store.changes(of: plan.id, after: 0, limit: 9).map(\.change.user.key) == [1, 3, 2].map(Sample.key))
            },
        ]
    }
}
