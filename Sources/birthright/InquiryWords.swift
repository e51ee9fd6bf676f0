import Foundation
import IdentityModel
import Planning
import Provisioning

/// What was asked for is not there, or may not be done: the words, with the command that shows what there is.
extension Stop {
    init(_ error: InquiryError) { self.init(error.exit, error.words) }
}

extension InquiryError {
    fileprivate var exit: Exit {
        switch self {
        case .valuesChanged, .configurationChanged: .held
        case .notDecidable(let plan, .apply) where plan.state == .held: .held
        default: .configuration
        }
    }

    fileprivate var words: String {
        switch self {
        case .noPlan(let number, let newest):
            "there is no plan \(number): \(newest.map { "the newest is \($0)" } ?? "there is none yet") (birthright plans list)"
        case .notAnOrder(let text):
            "'\(DisplayText.visible(text))' is no order; an order is its plan and its number in it, such as 7-12 (birthright orders list)"
        case .orderOfPlanThatIsGone(let order, let plan):
            "order \(order) was never sent: \(plan.fate ?? "its plan is gone")"
        case .noOrder(let order, let plan):
            "there is no order \(order): plan \(PlanText.number(plan)) has \(DisplayText.count(plan.totals.orders, "order")) "
                + "(birthright orders list --plan \(PlanText.number(plan)))"
        case .noUser(let key, let setAside):
            "no user has the key '\(DisplayText.visible(key))', in the store or in a plan that waits; "
                + (setAside.first.map { "its row was set aside: \($0.position): \($0.reason) (birthright quarantine list)" }
                    ?? "a key is what the source's `key` gives, and spelled as there (birthright users list shows them)")
        case .notCompared(let key):
            "no user in the store has the key '\(DisplayText.visible(key))'; people whom no applied plan has made known are not compared"
        case .keyOfSeveral(let key, let people):
            "the key '\(DisplayText.visible(key))' is that of \(people.count) people: "
                + people.map { "\($0.key) is \(DisplayText.visible($0.name)) (\($0.status.rawValue))" }.joined(separator: ", ")
                + "; write SOURCE:KEY"
        case .noSystem(let name, let known): "there is no managed system '\(DisplayText.visible(name))'" + Self.hint(name, known)
        case .noAttribute(let name, _, let file, let known):
            "\(file) has no rule for '\(DisplayText.visible(name))'" + Self.hint(name, known)
        case .noOrderState(let name):
            "there is no order state '\(DisplayText.visible(name))'"
                + Self.hint(name.lowercased().filter { $0 != " " && $0 != "-" }, OrderState.allCases.map { "\($0)" })
        case .noQuarantine(let number): "there is no row \(number) in quarantine (birthright quarantine list)"
        case .notDecidable(let plan, let decision): Self.refusal(plan, decision)
        case .needsReason(let plan, .abandon):
            "abandoning plan \(PlanText.number(plan)) needs a --reason: it is kept in the audit, for whoever asks later why it was stopped"
        case .needsReason(let plan, _):
            "approving plan \(PlanText.number(plan)), which a guard holds, needs a --reason: it is kept in the audit, for whoever asks later why it was let through"
        case .severalPlansWait(let numbers):
            "several plans wait (\(numbers.map(String.init).joined(separator: ", "))); say which: `birthright apply N`"
        case .noPlanWaits: "no plan waits; make one with `birthright plan SOURCE`"
        case .valuesChanged(let plan, let names):
            "plan \(PlanText.number(plan)) was made with another value of \(names.map { "'\($0)'" }.joined(separator: ", ")); nothing is written. "
                + "Give \(names.count == 1 ? "it" : "them") as then, or make a new plan:  \(PlanText.planCommand(plan.origin))"
        case .configurationChanged(let plan):
            "plan \(PlanText.number(plan)) was made under another configuration than this one; nothing is written. "
                + "Take the edit back, or make a new plan:  \(PlanText.planCommand(plan.origin))"
        }
    }

    private static func refusal(_ plan: Plan, _ decision: PlanDecision) -> String {
        let number = PlanText.number(plan)
        let fact = "plan \(number) is \(PlanText.words(plan.state))"
        switch (decision, plan.state) {
        case (.apply, .held): return PlanText.summary(plan: plan, report: nil)
        case (.apply, _): return "plan \(number) is \(plan.state.rawValue): there is nothing to apply"
        case (.approve, .ready), (.approve, .approved): return "\(fact); it needs no approval:  birthright apply \(number)"
        case (.approve, _): return "\(fact); only a plan that a guard holds can be approved (birthright plans list)"
        case (.reject, _): return "\(fact); only a plan that waits can be rejected (birthright plans list)"
        case (.abandon, .ready), (.abandon, .held), (.abandon, .approved):
            return "\(fact), and nothing of it was written:  birthright plans reject \(number)"
        case (.abandon, _): return "\(fact); only a plan that is being applied can be abandoned (birthright plans list)"
        }
    }

    private static func hint(_ name: String, _ known: [String]) -> String {
        if let near = nearestName(name, in: known) { return "; did you mean '\(near)'?" }
        return known.isEmpty ? "; there is none" : "; there is: \(known.joined(separator: ", "))"
    }
}

extension Plan {
    /// What became of a plan whose orders are not kept; nil for any other.
    var fate: String? {
        let number = PlanText.number(self)
        switch state {
        case .superseded:
            return
                "plan \(number) was superseded before it was applied, and its \(DisplayText.count(totals.orders, "order")) went with it; "
                + "birthright audit --plan \(number) says when"
        case .discarded: return "plan \(number) was discarded before it was applied, and its orders went with it"
        case .open, .ready, .held, .approved, .rejected, .applying, .applied, .abandoned: return nil
        }
    }
}

/// Who sits at the keyboard, for the audit.
func operatorName() -> String {
    let environment = ProcessInfo.processInfo.environment
    return [environment["USER"], environment["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty } ?? NSUserName()
}
