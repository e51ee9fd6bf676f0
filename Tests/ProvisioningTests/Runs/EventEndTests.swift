import Contracts
import IdentityModel
import StoreSQL
import Testing

@testable import Provisioning

/// A run whose events reached nobody does not end as if everything were done.
struct EventEndTests {
    /// Takes nothing: not now, or never.
    private struct UnwillingSink: EventSink {
        let failure: DeliveryFailure
        func deliver(_ events: [OutboxEvent], after position: SinkPosition?) async throws(DeliveryFailure) -> DeliveryReceipt {
            throw failure
        }
        func position() async throws(DeliveryFailure) -> SinkPosition? { nil }
    }

    @Test(arguments: [DeliveryFailure.refused(reason: "too long"), .retry(afterSeconds: 0, reason: "no space left on device")])
    func `events that nobody takes leave the run with 5`(failure: DeliveryFailure) async throws {
        let world = try await RunsWorld()
        #expect(try await world.sync(["E1,Berg,Clerk,active"], sinks: ["events": UnwillingSink(failure: failure)]) == .leftAside)
        #expect(try await world.orders([.executed]).count == 1)
    }

    @Test func `events that waited leave every run with 5 until they are taken`() async throws {
        let world = try await RunsWorld()
        let away = UnwillingSink(failure: .retry(afterSeconds: 0, reason: "no space left on device"))
        #expect(try await world.sync(["E1,Berg,Clerk,active"]) == .done)
        #expect(try await world.sync(sinks: ["events": away]) == .leftAside)
        #expect(try await world.sync(sinks: ["events": away]) == .leftAside)
    }
}
