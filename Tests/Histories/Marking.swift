/// Rare events that a run's own words and the world around it tell.
extension Playback {
    /// Called when the configuration is another one, before the engine has it.
    func noteEdit() {
        if someWait, formerRulebooks.contains(world.rulebook) { outcome.marks.insert(.takenBackWhileWaiting) }
        formerRulebooks.insert(world.rulebook)
    }

    func noteMarks(_ report: RunReport) async throws {
        if report.text.contains("goes on with plan") { outcome.marks.insert(.wentOn) }
        if report.text.contains(" left aside (") { outcome.marks.insert(.leftAside) }
        if report.exit == 3, isInBreach { outcome.marks.insert(.emptyFileRefused) }
        if names(report.text, "withdrawn") { outcome.marks.insert(.olderPlanWithdrawn) }
        if ledger.hasReusedKey { outcome.marks.insert(.keyReused) }
        if ledger.known.contains(where: { ledger.isPresent($0, in: .hr) && ledger.isPresent($0, in: .students) }) {
            outcome.marks.insert(.claimedByMany)
        }
        if let zones = world.rulebook.zones, report.writes > 0, zones.daysAhead(of: .hr) != zones.daysAhead(of: .students) {
            outcome.marks.insert(.unequalZones)
        }
        someWait = names(report.text, "waiting")
        if someWait, try await isLeaverWaiting() { outcome.marks.insert(.leaverWaited) }
    }

    /// "3 waiting", not "0 waiting".
    private func names(_ text: String, _ word: String) -> Bool {
        let words = text.split { " ,;:".contains($0) }
        return zip(words, words.dropFirst()).contains { $1 == word && (Int($0) ?? 0) > 0 }
    }

    private func isLeaverWaiting() async throws -> Bool {
        let oracle = try oracle()
        for (system, view) in try await engine.systems() {
            for entry in view.entries where entry.isEnabled {
                guard let number = entry.values("employeeNumber").first.flatMap({ Int($0.dropFirst()) }) else { continue }
                if let due = try oracle.due(number), due.groups[system] == nil { return true }
            }
        }
        return false
    }
}
