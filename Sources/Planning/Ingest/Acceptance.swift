package import IdentityModel

/// What a person lets a run go past, why, and who it is (`--accept NAME --reason ...`).
package struct Acceptance: Sendable {
    package let checks: Set<ContractBreach.Check>
    package let reason: String?
    package let by: String

    package static let nothing = Acceptance([])

    package init(_ checks: Set<ContractBreach.Check>, reason: String? = nil, by: String = "") {
        self.checks = checks
        self.reason = reason
        self.by = by
    }

    package func contains(_ check: ContractBreach.Check) -> Bool { checks.contains(check) }

    /// For the audit, a line for each: whoever reads it later has nobody else to ask.
    package func audit(_ breaches: [ContractBreach], plan: PlanID?, user: UserID? = nil, at now: Instant) -> [AuditEntry] {
        let why = [by.isEmpty ? nil : "by \(by)", reason].compactMap { $0 }.joined(separator: ": ")
        return breaches.map { breach in
            AuditEntry(
                at: now, kind: "breach accepted", plan: plan, user: user, text: why.isEmpty ? breach.description : "\(why) (\(breach))")
        }
    }
}
