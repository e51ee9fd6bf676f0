import Contracts
import IdentityModel
import Logging
import Provisioning
import StoreSQL
import Testing

/// Events on their way from the outbox to a sink.
struct OutboxDeliveryTests {
    /// A sink that keeps what it takes and answers as it is told.
    private actor ScriptedSink: EventSink {
        private(set) var taken: [String] = []
        private var answers: [DeliveryFailure]
        private let refuses: String?

        init(_ answers: [DeliveryFailure] = [], refuses: String? = nil) {
            self.answers = answers
            self.refuses = refuses
        }

        func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt {
            if !answers.isEmpty { throw answers.removeFirst() }
            if let refuses, events.contains(where: { $0.userKey.text == refuses }) { throw .refused(reason: "too long") }
            taken += events.map(\.userKey.text)
            return DeliveryReceipt()
        }
    }

    private func worldWithEvents() async throws -> DispatchWorld {
        let world = try await DispatchWorld()
        let plan = try await world.sealed((1...5).map { joins("E\($0)") })
        _ = try await world.apply(
            plan, [ManagedSystem(name: DispatchWorld.directory, connector: ScriptedSystem(batchSize: 1))], inFlight: 1)
        return world
    }

    private func delivery(_ world: DispatchWorld, _ sinks: [String: any EventSink]) -> OutboxDelivery {
        OutboxDelivery(
            store: world.store, sinks: sinks, clock: world.clock.shellClock,
            log: Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() }))
    }

    private let everybody = (1...5).map { "E\($0)" }

    @Test func `every sink gets every event once, in order`() async throws {
        let world = try await worldWithEvents()
        let (first, second) = (ScriptedSink(), ScriptedSink())
        let reports = try await delivery(world, ["a": first, "b": second]).deliver()
        #expect(reports.mapValues(\.delivered) == ["a": 5, "b": 5])
        #expect(await first.taken == everybody)
        #expect(await second.taken == everybody)
        #expect(try await delivery(world, ["a": first]).deliver()["a"]?.delivered == 0)
        #expect(await first.taken.count == 5)
    }

    @Test func `a sink that asks for patience is offered the events again, in order`() async throws {
        let world = try await worldWithEvents()
        let sink = ScriptedSink([.retry(afterSeconds: 2, reason: "full"), .retry(afterSeconds: 3, reason: "full")])
        #expect(try await delivery(world, ["a": sink]).deliver()["a"]?.delivered == 5)
        #expect(await sink.taken == everybody)
        #expect(world.clock.slept.suffix(2) == [2_000, 3_000])
    }

    @Test func `a sink that cannot take them now keeps its events for the next time, and the others get theirs`() async throws {
        let world = try await worldWithEvents()
        let (closed, open) = (ScriptedSink(Array(repeating: .retry(afterSeconds: 0, reason: "full"), count: 3)), ScriptedSink())
        let reports = try await delivery(world, ["a": closed, "b": open]).deliver()
        #expect(reports["a"]?.waitsBecause == "full" && reports["a"]?.delivered == 0)
        #expect(reports["b"]?.delivered == 5)
        #expect(try await delivery(world, ["a": closed]).deliver()["a"]?.delivered == 5)
        #expect(await closed.taken == everybody)
    }

    @Test func `one event that is refused does not stop those behind it`() async throws {
        let world = try await worldWithEvents()
        let sink = ScriptedSink(refuses: "E3")
        let report = try #require(try await delivery(world, ["a": sink]).deliver()["a"])
        #expect(report.delivered == 4 && report.refused == 1)
        #expect(await sink.taken == ["E1", "E2", "E4", "E5"])
    }

    /// A sink that knows where it stands.
    private actor RememberingSink: EventSink {
        private(set) var positions: [SinkPosition?] = []

        func position() async throws(DeliveryFailure) -> SinkPosition? { SinkPosition("start") }

        func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt {
            positions.append(position)
            return DeliveryReceipt(position: SinkPosition("after \(events.count)"), remark: "so many: \(events.count)")
        }
    }

    @Test func `a sink is given back where it stood when events were last marked, from its first delivery on`() async throws {
        let world = try await worldWithEvents()
        let sink = RememberingSink()
        let report = try #require(try await delivery(world, ["a": sink]).deliver()["a"])
        #expect(report.remarks == ["so many: 5"] && !report.isIncomplete)
        #expect(await sink.positions == [SinkPosition("start")])
        #expect(try await world.store.position(of: "a") == SinkPosition("after 5"))
        #expect(try await world.store.position(of: "b") == nil)
    }

    @Test func `where the sink stands is remembered before it is given anything`() async throws {
        let world = try await worldWithEvents()
        let sink = StartedSink()
        _ = try await delivery(world, ["a": sink]).deliver()
        #expect(try await world.store.position(of: "a") == SinkPosition("start"))
        #expect(try await world.store.undelivered(sink: "a", limit: 9).count == 5)
    }

    /// Says where it stands, and then takes nothing.
    private struct StartedSink: EventSink {
        func position() async throws(DeliveryFailure) -> SinkPosition? { SinkPosition("start") }
        func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt {
            throw .retry(afterSeconds: 0, reason: "away")
        }
    }

    @Test func `while another process delivers to the sink, nobody else does`() async throws {
        let world = try await worldWithEvents()
        let sink = ScriptedSink()
        let turn = try await world.store.lockDelivery(to: "a")
        let report = try #require(try await delivery(world, ["a": sink]).deliver()["a"])
        #expect(report.isIncomplete && report.delivered == 0)
        turn.release()
        #expect(try await delivery(world, ["a": sink]).deliver()["a"]?.delivered == 5)
        #expect(await sink.taken == everybody)
    }
}
