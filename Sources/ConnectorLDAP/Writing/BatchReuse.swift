internal import Contracts
internal import Foundation
internal import IdentityModel

/// Repairs of references that come late, and names that change hands meanwhile.
///
/// What is still to be repaired must not meet a name's next holder (`VacatedNames`). Groups that hold names their accounts have left show how far the repairs are: refint has one queue,
/// so when the last of those names is gone, everything before it is repaired. Where nothing shows it, time has to do.
extension Batch {
    private var mayRepairLater: Bool { repairs == .later || repairs == .unknown }

    /// Entries of this batch point at names that others gave up a moment ago.
    mutating func awaitRepairsBeforeEntries() {
        vacated.forgetOld()
        guard mayRepairLater, !vacated.isEmpty else { return }
        let mentioned = operations.lazy.flatMap(\.requests).filter { $0.kind == .attribute && $0.operation != .remove }
            .flatMap(\.values).filter { $0.contains("=") }.map(DistinguishedName.key)
        pause(vacated.wait(for: mentioned))
    }

    /// Groups are about to get members. A server that is said to repair references has repaired them before that; and where a name has another holder by now, so has one of
    /// which nobody said it.
    mutating func awaitRepairs() {
        guard mayRepairLater else { return }
        let leaving = operations.indices.filter { operations[$0].operation != .create && (isGone($0) || hasMoved($0)) }
        vacated.note(leaving.flatMap { [operations[$0].name.text, progress[$0].passedName].compactMap { $0 } }.map(DistinguishedName.key))
        guard !vacated.isEmpty else { return }
        let heirs = operations.indices.filter {
            !isGone($0) && isKnown($0) && vacated.contains(DistinguishedName.key(progress[$0].name))
        }
        guard settings.maintainsReferences || !heirs.isEmpty else { return }
        let names = namesToVanish(leaving, heirs)
        let outstanding = repairsOutstanding(names)
        if settings.maintainsReferences { note(outstanding) }
        self.heirs = Set(heirs.filter(joinsAnything))
        let isShown = !names.isEmpty && outstanding.isEmpty
        if !isShown { pause(vacated.wait(for: self.heirs.map { DistinguishedName.key(progress[$0].name) })) }
    }

    private func hasMoved(_ index: Int) -> Bool { isKnown(index) && !oldNames(index).isEmpty }

    private func joinsAnything(_ index: Int) -> Bool {
        !operations[index].carriedMemberships.isEmpty
            || operations[index].requests.contains { $0.kind == .membership && $0.operation != .remove }
    }

    /// By group: the names that a repair takes out of it. Not those whose next holder it puts there.
    private func namesToVanish(_ leaving: [Int], _ heirs: [Int]) -> [String: [Renamed]] {
        var staying: [String: Set<String>] = [:]
        for heir in heirs {
            let name = DistinguishedName.key(progress[heir].name)
            for group in operations[heir].carriedGroups { staying[DistinguishedName.key(group), default: []].insert(name) }
        }
        var names: [String: [Renamed]] = [:]
        for index in leaving where !isGone(index) {
            for group in operations[index].carriedGroups {
                let kept = staying[DistinguishedName.key(group)] ?? []
                for name in oldNames(index) where !kept.contains(DistinguishedName.key(name)) {
                    names[group, default: []].append(Renamed(index: index, oldName: name))
                }
            }
        }
        return names
    }

    private mutating func note(_ outstanding: [(group: String, renamed: [Renamed])]) {
        for (group, renamed) in outstanding {
            for account in renamed where unrepaired[account.index]?.contains(group) != true {
                unrepaired[account.index, default: []].append(group)
            }
        }
    }

    /// Waits so long of the time in which the server answers at once; where it does not, twenty times as long at most.
    private func pause(_ duration: Duration?) {
        guard let duration, duration > .zero else { return }
        let (step, clock) = (Duration.milliseconds(50), ContinuousClock())
        var left = duration
        let deadline = clock.now + duration * 20
        while left > .zero, clock.now < deadline {
            Thread.sleep(forTimeInterval: min(left, step) / .seconds(1))
            var question = IndependentFeed([.search(SearchRequest(base: "", scope: .base, filter: "(objectClass=*)", attributes: ["1.1"]))])
            if clock.measure({ exchange.run(&question) }) < step { left -= step }
        }
    }
}
