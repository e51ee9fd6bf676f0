package import Contracts
package import IdentityModel
internal import Planning
package import PolicyFiles

extension ConfigurationDiagnostic {
    /// For editors and code review: PolicyMaps/README.md, section "Diagnostics as JSON".
    package var page: JSON {
        .object([
            JSON.Member("file", .string(position.file)), JSON.Member("line", PlanPage.number(position.line)),
            JSON.Member("column", PlanPage.number(position.column)), JSON.Member("endColumn", PlanPage.number(endColumn)),
            JSON.Member("severity", .string(severity.rawValue)), JSON.Member("name", PlanPage.text(lint?.name)),
            JSON.Member("message", .string(message)), JSON.Member("suggestion", PlanPage.text(suggestion)),
        ])
    }
}

extension Lint {
    package var page: JSON {
        .object([
            JSON.Member("name", .string(name)), JSON.Member("finds", .string(finds)), JSON.Member("matters", .string(matters)),
            JSON.Member("mend", .string(remedy)), JSON.Member("silence", .string(silencing)),
        ])
    }
}

/// What a managed system answered when it was tried, or why it did not.
package enum SystemPage {
    package static func answered(_ system: SystemName, _ report: SystemReport) -> JSON {
        .object([
            JSON.Member("system", .string(system.text)), JSON.Member("facts", .strings(report.facts)),
            JSON.Member("advice", .strings(report.advice)),
        ])
    }

    package static func failed(_ system: SystemName, _ reason: String) -> JSON {
        .object([JSON.Member("system", .string(system.text)), JSON.Member("error", .string(reason))])
    }
}
