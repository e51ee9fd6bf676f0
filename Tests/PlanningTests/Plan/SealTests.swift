import IdentityModel
import Planning
import Testing

@Suite("The seal of a plan, and what a person lets it go past")
struct SealTests {
    private func seal(_ origin: Origin = .due, _ configuration: String = "c1", _ documents: [String] = ["a", "b"]) -> String {
        var seal = PlanSeal(origin: origin, configurationHash: configuration)
        for document in documents {
            var copy = document
            copy.withUTF8 { seal.add(UnsafeRawBufferPointer($0)) }
        }
        return seal.finalized()
    }

    @Test func `it is a hash of origin, configuration and every document in its place`() {
        #expect(seal().count == 64 && seal() == seal())
        let others = [
            seal(.source(SourceName("hr"))), seal(.due, "c2"), seal(.due, "c1", ["b", "a"]), seal(.due, "c1", ["a"]),
            seal(.due, "c1", ["ab"]),
        ]
        #expect(Set(others + [seal()]).count == 6)
    }

    @Test func `it has not changed since it was first made`() {
        // sha256 of "birthright plan 1\norigin due\nconfiguration c1\na\nb\n"
        #expect(seal() == "c3adeacb1dfce01062280471b98e5eb1e3e437b7fc1efa2edde363ae656f4dd3")
    }

    @Test func `what was let through is told with who and why`() {
        let breach = ContractBreach(check: .rowCount, message: "half of the rows are gone")
        func text(_ acceptance: Acceptance) -> [String] {
            acceptance.audit([breach], plan: nil, at: Instant(milliseconds: 5)).map(\.text)
        }
        #expect(text(Acceptance([.rowCount], reason: "reorganisation", by: "ann")) == ["by ann: reorganisation (\(breach))"])
        #expect(text(Acceptance([.rowCount], by: "ann")) == ["by ann (\(breach))"])
        #expect(text(Acceptance([.rowCount])) == ["\(breach)"])
        #expect(
            Acceptance([.rowCount]).contains(.rowCount) && !Acceptance([.rowCount]).contains(.gone) && Acceptance.nothing.checks.isEmpty)
    }
}
