import Contracts
import IdentityModel
import Testing

@testable import Provisioning

@Suite("What a lane does next")
struct LaneHeadTests {
    private static let away = ConnectorFailure(.unavailable, "away")

    private func head(largest: Int = 100, inFlight: Int = 2, reconnects: Int = 3, parking: Int = Int.max, isLooking: Bool = false)
        -> LaneHead
    {
        LaneHead(
            largestBatch: largest, batchesInFlight: inFlight, reconnectAttempts: reconnects, parking: parking, isLooking: isLooking)
    }

    private func orders(_ count: Int) -> [ProvisioningOrder] { (0..<count).map { joins("E\($0)") } }
    private func lost(_ count: Int) -> [LostOrder] { orders(count).map { LostOrder(order: $0, failure: nil) } }

    /// What the head asks for, in words, when it is told these one after the other.
    private func asks(_ head: inout LaneHead, _ events: [LaneEvent]) -> [String] { events.map { head.received($0).words } }

    private func waits(_ count: Int, wave: Int = 0, from notBefore: Instant? = nil) -> LaneEvent {
        .waits(WaitingWork(wave: wave, notBefore: notBefore, count: count), realm: nil)
    }

    private func report(_ number: Int, _ settled: [OrderState] = [.executed], lost: Int = 0, outage: ConnectorFailure? = nil) -> LaneEvent {
        .reported(BatchReport(number: number, settled: settled, events: settled.count, lost: self.lost(lost), outage: outage))
    }

    private let began = LaneEvent.began(orphans: [], realm: nil)
    private let batch = LaneEvent.prepared(DispatchBatch(wave: 0))

    // MARK: Waves

    @Test func `a wave is claimed until nothing is left of it, and then it is asked what waits`() {
        var head = head()
        #expect(
            asks(&head, [began, waits(3), .claimed(orders(3)), batch, .sent, .claimed([]), report(0, [.executed, .errored, .withdrawn])])
                == [
                    "ask", "claim 100 of wave 0", "prepare 3", "send 0", "claim 100 of wave 0", "await", "claim 100 of wave 0",
                ])
        #expect(asks(&head, [.claimed([]), .waits(nil, realm: nil)]) == ["ask", "end"])
        #expect(head.summary.executed == 1 && head.summary.errored == 1 && head.summary.withdrawn == 1 && head.events == 3)
        #expect(head.underWay.isEmpty)
    }

    @Test func `no more batches are under way than may be`() {
        // None at all would be none for ever.
        var one = head(inFlight: 0)
        #expect(asks(&one, [began, waits(5), .claimed(orders(2)), batch]).last == "send 0")
        for inFlight in 1...3 {
            var head = head(inFlight: inFlight)
            _ = asks(&head, [began, waits(500)])
            for number in 0..<inFlight { #expect(asks(&head, [.claimed(orders(100)), batch, .sent])[1] == "send \(number)") }
            #expect(asks(&head, [.claimed(orders(100)), batch]) == ["prepare 100", "await"])
            #expect(head.underWay.count == inFlight)
            #expect(asks(&head, [report(0)]) == ["send \(inFlight)"])
            #expect(head.underWay.count == inFlight)
        }
    }

    @Test(arguments: [
        (0, 20_000, 5_000, 1_000), (1_000, 19_000, 5_000, 2_000), (3_000, 17_000, 5_000, 4_000), (10_000, 10_000, 5_000, 5_000),
        (18_000, 2_000, 5_000, 1_000), (0, 5, 500, 500), (0, 0, 5_000, 1_000),
    ]) func `batches are small at both ends of a wave, and large between`(claimed: Int, left: Int, largest: Int, size: Int) {
        #expect(LaneHead.batchSize(claimed: claimed, left: left, largest: largest) == size)
    }

    @Test func `a wave is waited for until its time has come`() {
        var head = head()
        let moment = Instant(milliseconds: 5_000)
        #expect(asks(&head, [began, waits(1, from: moment), .woke]) == ["ask", "sleep until 5000", "claim 100 of wave 0"])
    }

    @Test func `a wave after one that settled nothing is forced, and one after progress is not`() {
        var head = head()
        _ = asks(&head, [began, waits(2), .claimed(orders(2)), batch, .sent, .claimed([]), report(0, []), .claimed([])])
        _ = head.received(waits(2, wave: 1))
        #expect(head.isForced && head.wave == 1)
        _ = asks(&head, [.claimed(orders(2)), batch, .sent, .claimed([]), report(1), .claimed([])])
        _ = head.received(waits(1, wave: 2))
        #expect(!head.isForced)
        // Back to an earlier wave (an order that was tried again): nothing is forced by that.
        _ = asks(&head, [.claimed(orders(1)), batch, .sent, .claimed([]), report(2, []), .claimed([])])
        _ = head.received(waits(1, wave: 0))
        #expect(!head.isForced && head.wave == 0)
    }

    @Test func `progress of one wave forces nothing in the next, and is forgotten after that`() {
        var head = head()
        _ = asks(&head, [began, waits(9), .claimed(orders(1)), batch, .sent, .claimed([]), report(0), .claimed([])])
        _ = asks(&head, [waits(9, wave: 1), .claimed(orders(1)), batch, .sent, .claimed([]), report(1, []), .claimed([])])
        #expect(!head.isForced)
        // The same wave again says nothing of progress.
        _ = asks(&head, [waits(9, wave: 1), .claimed(orders(1)), batch, .sent, .claimed([]), report(2, []), .claimed([])])
        #expect(!head.isForced)
        _ = head.received(waits(9, wave: 2))
        #expect(head.isForced)
        // A forced wave stays forced while it is asked for again.
        _ = asks(&head, [.claimed(orders(1)), batch, .sent, .claimed([]), report(3, []), .claimed([])])
        _ = head.received(waits(9, wave: 2))
        #expect(head.isForced)
    }

    @Test func `the size of a batch goes by what was claimed of this wave, and by what is left of it`() {
        var head = head(largest: 5_000)
        #expect(asks(&head, [began, waits(20_000)]).last == "claim 1000 of wave 0")
        #expect(asks(&head, [.claimed(orders(1_000)), batch, .sent]).last == "claim 2000 of wave 0")
        #expect(asks(&head, [.claimed(orders(2_000)), batch]).last == "send 1")
        #expect(asks(&head, [.sent]).last == "claim 4000 of wave 0")
        _ = asks(&head, [.claimed([]), report(0), .claimed([]), report(1), .claimed([])])
        #expect(asks(&head, [waits(20_000)]).last == "claim 1000 of wave 0")
        var last = self.head(largest: 5_000)
        _ = asks(&last, [began, waits(3_000), .claimed(orders(1_000)), batch])
        #expect(asks(&last, [.sent]).last == "claim 1000 of wave 0")
    }

    @Test func `the first wave is not forced, whatever its number`() {
        var head = head()
        _ = asks(&head, [began, waits(2, wave: 4)])
        #expect(!head.isForced)
    }

    @Test func `what is parked is another run's`() {
        var parked = head(parking: 2)
        #expect(asks(&parked, [began, waits(9, wave: 2)]) == ["ask", "end"])
        var open = head(parking: 2)
        #expect(asks(&open, [began, waits(9, wave: 1)]) == ["ask", "claim 100 of wave 1"])
    }

    // MARK: Answers that were lost

    @Test func `orphans are looked at first, and nothing else is done by who only looks`() {
        var looking = head(isLooking: true)
        #expect(asks(&looking, [.began(orphans: lost(2), realm: nil)]) == ["look 2"])
        let report = LookReport(wasReached: true, settled: [.executed, .executed], events: 2)
        #expect(asks(&looking, [.looked(report)]) == ["end"])
        #expect(looking.summary.executed == 2 && looking.events == 2)
        var nothing = head(isLooking: true)
        #expect(asks(&nothing, [began]) == ["end"])
        var going = head()
        #expect(asks(&going, [.began(orphans: lost(2), realm: nil), .looked(report)]) == ["look 2", "ask"])
    }

    @Test func `who cannot be asked about orphans is away, and one that was never there is not waited for`() {
        var head = head()
        let report = LookReport(left: lost(2), outage: Self.away)
        #expect(asks(&head, [.began(orphans: lost(2), realm: nil), .looked(report)]) == ["look 2", "end"])
        #expect(head.summary.outage == Self.away)
    }

    @Test func `answers that a wave lost are looked at when it is over, and before the next`() {
        var head = head()
        _ = asks(&head, [began, waits(4), .claimed(orders(2)), batch, .sent, .claimed(orders(2)), batch, .sent, .claimed([])])
        #expect(
            asks(&head, [report(0, [], lost: 2), .claimed([]), report(1), .claimed([])]) == [
                "claim 100 of wave 0", "await", "claim 100 of wave 0", "look 2",
            ])
        #expect(asks(&head, [.looked(LookReport(wasReached: true, settled: [.executed]))]) == ["ask"])
    }

    // MARK: A system that goes away

    @Test func `nothing is claimed from a system that went away, and what was claimed is given back without being sent`() {
        var head = head(inFlight: 1)
        _ = asks(&head, [began, waits(4), .claimed(orders(2)), batch, .sent, .claimed(orders(2)), batch])
        guard case .send(_, 1, let outage) = head.received(report(0, [], outage: Self.away)) else {
            Issue.record("the batch that was ready is not finished")
            return
        }
        #expect(outage == Self.away)
        #expect(asks(&head, [.sent, report(1, [], outage: Self.away)]) == ["await", "end"])
    }

    @Test func `one that was there is tried again, each time after a longer pause, and then left`() {
        var head = head(reconnects: 3)
        _ = asks(&head, [began, waits(9), .claimed(orders(2)), batch, .sent, .claimed(orders(2)), batch, .sent, .claimed([])])
        #expect(asks(&head, [report(0), .claimed([]), report(1, [], outage: Self.away)]) == ["claim 100 of wave 0", "await", "pause 1"])
        #expect(
            asks(&head, [.woke, .tested(Self.away), .woke, .tested(Self.away), .woke]) == ["test", "pause 2", "test", "pause 3", "test"])
        #expect(asks(&head, [.tested(Self.away)]) == ["end"])
    }

    @Test func `one that is back is asked about what was lost, and goes on`() {
        var head = head()
        _ = asks(&head, [began, waits(9), .claimed(orders(2)), batch, .sent, .claimed(orders(2)), batch, .sent, .claimed([])])
        _ = asks(&head, [report(0), .claimed([])])
        #expect(
            asks(&head, [report(1, [], lost: 2, outage: Self.away), .looked(LookReport(left: lost(2), outage: Self.away))]) == [
                "look 2", "pause 1",
            ])
        #expect(asks(&head, [.woke, .tested(nil)]) == ["test", "look 2"])
        // Away again before it could be asked: the next try.
        #expect(
            asks(&head, [.looked(LookReport(left: lost(2), outage: Self.away)), .woke, .tested(nil)]) == ["pause 2", "test", "look 2"])
        #expect(asks(&head, [.looked(LookReport(wasReached: true, settled: [.executed, .executed]))]) == ["ask"])
        #expect(head.summary.outage == nil)
    }

    @Test func `one that comes back again and again and does nothing is left at last`() {
        var head = head(reconnects: 2)
        _ = asks(&head, [began, waits(1), .claimed(orders(1)), batch, .sent, .claimed([]), report(0), .claimed([])])
        var number = 1
        func fruitless() -> String {
            _ = asks(&head, [waits(1), .claimed(orders(1)), batch, .sent, .claimed([])])
            defer { number += 1 }
            return head.received(report(number, [], outage: Self.away)).words
        }
        for _ in 1...2 { #expect([fruitless()] + asks(&head, [.woke, .tested(nil)]) == ["pause 1", "test", "ask"]) }
        #expect(fruitless() == "end")
    }

    @Test func `whoever gets on between two outages is waited for again`() {
        var head = head(reconnects: 2)
        _ = asks(&head, [.began(orphans: lost(1), realm: nil), .looked(LookReport(wasReached: true))])
        for number in 0..<5 {
            _ = asks(&head, [waits(9), .claimed(orders(2)), batch, .sent, .claimed([])])
            #expect(asks(&head, [report(number, outage: Self.away), .woke, .tested(nil)]) == ["pause 1", "test", "ask"])
        }
    }

    @Test func `a system that was reached by a look alone is waited for`() {
        var head = head()
        _ = asks(&head, [.began(orphans: lost(1), realm: nil), .looked(LookReport(wasReached: true, settled: [.executed]))])
        _ = asks(&head, [waits(9), .claimed(orders(2)), batch, .sent, .claimed([])])
        #expect(asks(&head, [report(0, [], outage: Self.away)]) == ["pause 1"])
    }

    @Test func `a wave that ended away, and whose lost answers were looked up, goes on`() {
        var head = head()
        _ = asks(&head, [began, waits(9), .claimed(orders(2)), batch, .sent, .claimed([])])
        #expect(asks(&head, [report(0, [], lost: 2, outage: Self.away), .looked(LookReport(wasReached: true))]) == ["look 2", "ask"])
        #expect(head.summary.outage == nil)
    }

    @Test func `who answered once while it was looked at, and then no more, is away`() {
        var head = head()
        _ = head.received(.began(orphans: lost(3), realm: nil))
        #expect(asks(&head, [.looked(LookReport(left: lost(1), wasReached: true, settled: [.executed], outage: Self.away))]) == ["pause 1"])
        #expect(head.summary.outage == Self.away)
    }

    // MARK: Being stopped

    @Test func `whoever is stopped begins nothing new, and waits for what is under way`() {
        var head = head()
        _ = asks(&head, [began, waits(9), .claimed(orders(2)), batch])
        #expect(head.received(.sent, isCancelled: true).words == "await")
        #expect(head.received(report(0), isCancelled: true).words == "end")
        var idle = self.head()
        #expect(idle.received(began, isCancelled: true).words == "end")
    }

    @Test func `the realm is the first that was told`() {
        var head = head()
        _ = head.received(began)
        _ = head.received(.waits(WaitingWork(wave: 0, count: 1), realm: Realm("one")))
        #expect(head.realm == Realm("one"))
        _ = asks(&head, [.claimed([])])
        _ = head.received(.waits(WaitingWork(wave: 0, count: 1), realm: Realm("two")))
        #expect(head.realm == Realm("one"))
        var told = self.head()
        _ = told.received(.began(orphans: lost(1), realm: Realm("first")))
        #expect(told.realm == Realm("first"))
    }

    // MARK: Whatever happens

    /// A world that answers by lot. Every order that is claimed is sent once, no more batches are under way than may be, and it comes to an end.
    @Test(arguments: 0..<200) func `whatever happens, what is claimed is sent once, and there is an end`(seed: Int) {
        var lots = Lots(seed: UInt64(seed))
        let inFlight = lots.below(3) + 1
        var head = head(largest: 50, inFlight: inFlight, reconnects: lots.below(4))
        var left = lots.below(400)
        var (claimed, sent, settled) = (0, 0, 0)
        var underWay: [(number: Int, count: Int)] = []
        var event = LaneEvent.began(orphans: lost(lots.below(3)), realm: nil)
        for _ in 0..<5_000 {
            switch head.received(event, isCancelled: lots.below(200) == 0) {
            case .look(let lost):
                event = .looked(
                    lots.below(4) == 0
                        ? LookReport(left: lost, outage: Self.away) : LookReport(wasReached: true, settled: lost.map { _ in .executed }))
            case .askWhatWaits: event = left == 0 ? .waits(nil, realm: nil) : waits(left, wave: lots.below(3))
            case .sleep, .pause: event = .woke
            case .test: event = .tested(lots.below(2) == 0 ? Self.away : nil)
            case .claim(_, let limit):
                #expect(head.summary.outage == nil && limit > 0)
                let count = min(limit, left, lots.below(60))
                left -= count
                claimed += count
                event = .claimed(orders(count))
            case .prepare(let orders):
                event = .prepared(DispatchBatch(wave: 0, held: orders))
            case .send(let batch, let number, _):
                sent += batch.held.count
                underWay.append((number, batch.held.count))
                #expect(underWay.count <= inFlight && head.underWay.count == underWay.count)
                event = .sent
            case .awaitReport:
                guard !underWay.isEmpty else {
                    Issue.record("nothing is under way")
                    return
                }
                let done = underWay.remove(at: lots.below(underWay.count))
                let isAway = lots.below(8) == 0
                // Some wait again, some are lost.
                let again = isAway ? done.count : lots.below(2) * done.count / 2
                left += again
                settled += done.count - again
                event = .reported(
                    BatchReport(
                        number: done.number, settled: Array(repeating: .executed, count: done.count - again), lost: lost(lots.below(2)),
                        outage: isAway ? Self.away : nil))
            case .end:
                #expect(claimed == sent && underWay.isEmpty && head.underWay.isEmpty)
                #expect(head.summary.executed >= settled)
                return
            }
        }
        Issue.record("it never ends")
    }
}

/// Numbers by lot, the same for the same seed.
private struct Lots {
    private var state: UInt64
    init(seed: UInt64) { state = seed &+ 0x9E37_79B9_7F4A_7C15 }

    mutating func below(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }
}

extension LaneAction {
    fileprivate var words: String {
        switch self {
        case .look(let lost): "look \(lost.count)"
        case .askWhatWaits: "ask"
        case .sleep(let moment): "sleep until \(moment.milliseconds)"
        case .pause(let attempt): "pause \(attempt)"
        case .test: "test"
        case .claim(let wave, let limit): "claim \(limit) of wave \(wave)"
        case .prepare(let orders): "prepare \(orders.count)"
        case .send(_, let number, _): "send \(number)"
        case .awaitReport: "await"
        case .end: "end"
        }
    }
}
