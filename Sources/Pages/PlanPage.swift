internal import Contracts
package import IdentityModel
internal import Planning
package import Provisioning

/// Plans, orders and what came of them, as JSON: every member is always there (null where there is nothing to say), in a fixed order.
package enum PlanPage {
    package static let effectOrder: [Effect] = [
        .create, .modify, .rename, .disable, .delete, .removeAccess, .enable, .adopt, .recreate, .dereference,
    ]

    /// A plan without its changes and orders.
    package static func members(of plan: Plan, report: PlanReport? = nil) -> [JSON.Member] {
        [
            JSON.Member("plan", plan.ordinal.map { .int(Int64($0)) } ?? .null),
            JSON.Member("origin", .string(plan.origin.description)),
            JSON.Member("state", .string(plan.state.rawValue)),
            JSON.Member("asOf", .string(plan.asOf.description)),
            JSON.Member("seal", text(plan.seal)),
            JSON.Member("configurationHash", .string(plan.configurationHash)),
            JSON.Member("file", text(report?.file)),
            JSON.Member("format", text(report?.format)),
            JSON.Member("totals", totals(plan.totals)),
            JSON.Member("guards", .array(plan.verdicts.map(verdict))),
            JSON.Member("warnings", .strings(plan.warnings)),
            JSON.Member("breaches", .array((report?.breaches ?? []).map(breach))),
            JSON.Member("leftAside", leftAside(report)),
        ]
    }

    package static func plan(_ plan: Plan) -> JSON { .object(members(of: plan)) }

    /// A file that the contract refused, or of which nothing comes: there is no plan.
    package static func withoutPlan(_ report: PlanReport) -> JSON {
        .object([
            JSON.Member("plan", .null), JSON.Member("file", text(report.file)), JSON.Member("format", text(report.format)),
            JSON.Member("breaches", .array(report.breaches.map(breach))),
            JSON.Member("nothingToDo", .bool(report.nothing != nil)),
            JSON.Member("totals", report.nothing.map { totals($0.totals) } ?? .null),
            JSON.Member("leftAside", leftAside(report)),
        ])
    }

    private static func leftAside(_ report: PlanReport?) -> JSON {
        .array(
            (report?.leftAside ?? [:]).sorted { $0.key < $1.key }.map { system, left in
                .object([
                    JSON.Member("system", .string(system.text)), JSON.Member("accounts", number(left.accounts)),
                    JSON.Member("reason", .string(left.reason)),
                ])
            })
    }

    private static func totals(_ totals: PlanTotals) -> JSON {
        .object([
            JSON.Member("rowsRead", number(totals.rowsRead)),
            JSON.Member("rowsUnchanged", number(totals.rowsUnchanged)),
            JSON.Member("rowsQuarantined", number(totals.rowsQuarantined)),
            JSON.Member("changes", .object(LifecycleChange.allCases.map { JSON.Member($0.rawValue, number(totals.changes[$0] ?? 0)) })),
            JSON.Member("orders", number(totals.orders)),
            JSON.Member("kept", number(totals.kept)),
            JSON.Member("evaluationsFailed", number(totals.evaluationsFailed)),
            JSON.Member(
                "effects",
                .object(
                    totals.effects.sorted { $0.key < $1.key }.map { system, counts in
                        JSON.Member(system.text, .object(effectOrder.map { JSON.Member($0.rawValue, number(counts[$0] ?? 0)) }))
                    })),
        ])
    }

    package static func verdict(_ verdict: GuardVerdict) -> JSON {
        var system: String?
        let what: String
        switch verdict.subject {
        case .effect(let effect, let name): (system, what) = (name.text, effect.rawValue)
        case .quarantinedRows: what = "quarantinedRows"
        case .failedEvaluations: what = "failedEvaluations"
        case .abandoned: what = "abandoned"
        }
        return .object([
            JSON.Member("system", text(system)), JSON.Member("effect", .string(what)), JSON.Member("count", number(verdict.count)),
            JSON.Member("enabledAccounts", number(verdict.base)), JSON.Member("limit", .string(verdict.limit)),
        ])
    }

    private static func breach(_ breach: ContractBreach) -> JSON {
        .object([
            JSON.Member("check", .string(breach.check.rawValue)), JSON.Member("message", .string(breach.message)),
            JSON.Member("acceptable", .bool(breach.check.canBeAccepted)),
        ])
    }

    package static func abandoned(_ plan: Plan, withdrawn: Int) -> JSON {
        .object(members(of: plan, report: nil) + [JSON.Member("withdrawn", number(withdrawn))])
    }

    package static func applied(_ summary: ApplySummary, plan: Plan) -> JSON {
        .object([
            JSON.Member("plan", plan.ordinal.map { .int(Int64($0)) } ?? .null),
            JSON.Member("finished", .bool(summary.isFinished)),
            JSON.Member("executed", number(summary.executed)),
            JSON.Member("errored", number(summary.errored)),
            JSON.Member("withdrawn", number(summary.withdrawn)),
            JSON.Member("waiting", number(summary.waiting)),
            JSON.Member("heldBack", number(summary.heldBack)),
            JSON.Member("superseded", number(summary.superseded)),
            JSON.Member("leftOut", .strings(summary.leftOut)),
            JSON.Member("evaluationsFailed", number(summary.evaluationsFailed)),
            JSON.Member("events", number(summary.events)),
            JSON.Member(
                "systems",
                .object(summary.systems.sorted { $0.key < $1.key }.map { JSON.Member($0.key.text, system($0.value)) })),
        ])
    }

    private static func system(_ counts: SystemSummary) -> JSON {
        .object([
            JSON.Member("executed", number(counts.executed)), JSON.Member("errored", number(counts.errored)),
            JSON.Member("withdrawn", number(counts.withdrawn)), JSON.Member("waiting", number(counts.waiting)),
            JSON.Member("substituted", number(counts.substituted)), JSON.Member("outage", counts.outage.map(failure) ?? .null),
        ])
    }

    package static func failure(_ failure: ConnectorFailure) -> JSON {
        .object([
            JSON.Member("class", .string(failure.errorClass.rawValue)), JSON.Member("message", .string(failure.message)),
            JSON.Member("server", text(failure.serverText)), JSON.Member("attribute", text(failure.attribute)),
        ])
    }

    package static func number(_ number: Int) -> JSON { .int(Int64(number)) }
    package static func text(_ text: String?) -> JSON { text.map(JSON.string) ?? .null }
}
