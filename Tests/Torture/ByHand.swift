import Histories

/// What somebody left behind who changed entries by hand, told by names alone: a real server does not say who looked. An entry that has another name since
/// then, or that is there again, was met by the program, and from there on the law asks for repair.
struct ByHand {
    private struct Spot: Hashable {
        let system: String
        let person: Int
    }
    /// Names by id, as the change left them; gone when the program has met the entry.
    private var left: [Spot: [String: String]] = [:]
    private var seen: Set<Spot> = []
    private var moved: Set<Spot> = []

    var met: [String: Set<Int>] { ByHand.bySystem(seen) }

    /// Where the server carries groups along, a membership that was written under the lost name is in doubt. Who wrote when is not to be seen, so those of
    /// whoever was moved are not judged there.
    func misled(whereCarried: Bool) -> [String: Set<Int>] { whereCarried ? ByHand.bySystem(moved) : [:] }

    /// The step has been taken, and this is what is there now.
    mutating func note(_ step: Step, _ system: String, _ records: [DirectoryProcess.Record]) {
        guard let person = step.person else { return }
        let spot = Spot(system: system, person: person)
        switch step {
        case .moveByHand: moved.insert(spot)
        case .deleteByHand: break
        // Somebody else's doing is no repair of ours.
        default: guard left[spot] != nil else { return }
        }
        left[spot] = ByHand.names(records)
        seen.remove(spot)
    }

    /// A run has ended, and this is what is there now.
    mutating func look(_ system: String, _ records: [DirectoryProcess.Record]) {
        for (spot, names) in left where spot.system == system {
            let theirs = records.filter { $0.attributes["employeenumber"]?.contains { Int($0.dropFirst()) == spot.person } ?? false }
            guard ByHand.names(theirs) != names else { continue }
            seen.insert(spot)
            left[spot] = nil
        }
    }

    private static func bySystem(_ spots: Set<Spot>) -> [String: Set<Int>] {
        Dictionary(grouping: spots, by: \.system).mapValues { Set($0.map(\.person)) }
    }

    private static func names(_ records: [DirectoryProcess.Record]) -> [String: String] {
        Dictionary(records.map { ($0.attributes["entryuuid"]?.first ?? "", foldedName($0.name)) }, uniquingKeysWith: { a, _ in a })
    }
}
