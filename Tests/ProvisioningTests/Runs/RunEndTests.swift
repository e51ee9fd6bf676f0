import Contracts
import IdentityModel
import Testing

@testable import Provisioning

struct RunEndTests {
    private let hr = Origin.source(SourceName("hr"))

    @Test func `of several ends the gravest counts: 2, 4, 3, 1, 5, 0`() {
        let gravest: [RunEnd] = [.configuration, .unable, .held, .failed, .leftAside, .done]
        for (index, end) in gravest.enumerated() {
            for other in gravest[index...] {
                #expect(end.and(other) == end)
                #expect(other.and(end) == end)
            }
        }
    }

    @Test func `a run ends with 0 only when nothing is open anywhere`() {
        #expect(OpenWork().end(of: hr) == .done)
        var work = OpenWork()
        work.orders[hr] = OpenWork.Orders()
        #expect(work.end(of: hr) == .done)
        work.orders[hr]?.waiting = 1
        #expect(work.end(of: hr) == .leftAside)
        work.orders[hr]?.errored = 1
        #expect(work.end(of: hr) == .failed)
        #expect(work.end(of: .due) == .leftAside)
    }

    @Test func `accounts that are unknown are a failure, what is left aside is not`() {
        var work = OpenWork()
        work.leftAside = [SystemName("Corp"): 3]
        #expect(work.end(of: hr) == .leftAside)
        work.leftAside = [:]
        work.quarantined = [SourceName("badges"): 1]
        #expect(work.end(of: hr) == .leftAside)
        work = OpenWork()
        work.unknownAccounts = 1
        #expect(work.end(of: .due) == .failed && work.end(of: hr) == .leftAside)
        work.unknownOfSource = [SourceName("hr"): 1]
        #expect(work.end(of: hr) == .failed && work.end(of: .source(SourceName("badges"))) == .leftAside)
    }

    @Test func `a plan of another origin that waits for somebody is said, the origin's own is told by its run`() {
        var work = OpenWork()
        work.waitingPlans = [hr: 1]
        #expect(work.end(of: hr) == .done)
        #expect(work.end(of: .due) == .leftAside)
    }
}
