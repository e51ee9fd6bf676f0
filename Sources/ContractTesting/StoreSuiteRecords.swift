internal import Contracts
internal import IdentityModel
internal import Testing

extension StoreSuite {
    private static func event(_ number: Int) -> OutboxEvent {
        OutboxEvent(
            trackingNumber: "t\(number)", sequence: 1, user: Sample.userID(number), userKey: Sample.key(number), body: "{\"n\":\(number)}")
    }

    static var records: [Check] {
        [
            Check("events wait for each sink until it has them") { store in
                let plan = try await store.started(PlanChunk())
                var settlement = Settlement()
                settlement.events = (1...3).map(event)
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(3))
                let waiting = try await store.undelivered(sink: "file", limit: 2)
                #expect(waiting.map(\.event) == [event(1), event(2)])
                try await store.markDelivered(sink: "file", upTo: waiting[1].row, position: SinkPosition("b"), at: Sample.moment(4))
                try await store.markDelivered(sink: "file", upTo: waiting[0].row, position: SinkPosition("a"), at: Sample.moment(5))
                #expect(try await store.undelivered(sink: "file", limit: 9).map(\.event) == [event(3)])
                #expect(try await store.undelivered(sink: "hook", limit: 9).count == 3)
                #expect(try await store.events(after: waiting[0].row, limit: 9).map(\.event) == [event(2), event(3)])
            },
            Check("where a sink stood is kept with the mark, and never goes back with an older one") { store in
                let plan = try await store.started(PlanChunk())
                var settlement = Settlement()
                settlement.events = (1...2).map(event)
                try await store.commit(settlement, plan: plan.id, at: Sample.moment(3))
                let rows = try await store.undelivered(sink: "file", limit: 9).map(\.row)
                #expect(try await store.position(of: "file") == nil)
                try await store.markDelivered(sink: "file", upTo: rows[0] - 1, position: SinkPosition("start"), at: Sample.moment(4))
                #expect(try await store.position(of: "file") == SinkPosition("start"))
                #expect(try await store.undelivered(sink: "file", limit: 9).count == 2)
                try await store.markDelivered(sink: "file", upTo: rows[1], position: SinkPosition("end"), at: Sample.moment(5))
                try await store.markDelivered(sink: "file", upTo: rows[0], position: SinkPosition("old"), at: Sample.moment(6))
                #expect(try await store.position(of: "file") == SinkPosition("end"))
                #expect(try await store.position(of: "hook") == nil)
                try await store.markDelivered(sink: "hook", upTo: rows[1], position: nil, at: Sample.moment(7))
                #expect(try await store.position(of: "hook") == nil)
            },
            Check("one process at a time delivers to a sink") { store in
                let turn = try await store.lockDelivery(to: "file")
                await #expect(throws: StoreError.self) { _ = try await store.lockDelivery(to: "file") }
                (try await store.lockDelivery(to: "hook")).release()
                turn.release()
                (try await store.lockDelivery(to: "file")).release()
            },
            Check("an origin is locked by one run at a time, and others are not concerned") { store in
                let lock = try await store.lock(.source(Sample.hr))
                await #expect(throws: StoreError.busy(.source(Sample.hr))) { _ = try await store.lock(.source(Sample.hr)) }
                let other = try await store.lock(.due)
                other.release()
                lock.release()
                lock.release()
                let again = try await store.lock(.source(Sample.hr))
                again.release()
            },
            Check("orders are found by plan, user, system and state") { store in
                let first = try await store.started(Sample.joinerChunk(1...3))
                _ = try await store.planned(Sample.joinerChunk(4...5), .due)
                var filter = OrderFilter()
                filter.states = [.pending]
                #expect(try await store.orders(filter, after: nil, limit: 2).map(\.id.sequence) == [1, 2])
                #expect(try await store.orders(filter, after: OrderID(plan: first.id, sequence: 2), limit: 9).map(\.id.sequence) == [3])
                filter.user = Sample.userID(2)
                filter.plan = first.id
                filter.system = Sample.directory
                #expect(try await store.orders(filter, after: nil, limit: 9).map(\.user) == [Sample.userID(2)])
                filter.system = SystemName("Other")
                #expect(try await store.orders(filter, after: nil, limit: 9) == [])
            },
            Check("the audit trail tells a plan's story in order") { store in
                var chunk = Sample.joinerChunk(1...1)
                chunk.quarantines = [Sample.quarantine(7)]
                try await store.applied(chunk)
                let trail = try await store.audit(after: 0, limit: 99)
                #expect(
                    trail.map(\.entry.kind) == [
                        "plan sealed", "row quarantined", "user changed", "order transition", "plan started", "order transition",
                        "order transition",
                        "plan applied",
                    ])
                #expect(trail[1].entry.text == "hr/day1.csv:9: last name is missing")
                #expect(trail[2].entry.text == "joiner" && trail[2].entry.user == Sample.userID(1))
                #expect(try await store.audit(after: trail[6].row, limit: 9).map(\.entry.kind) == ["plan applied"])
            },
        ]
    }
}
