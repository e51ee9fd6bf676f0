import Contracts
import IdentityModel

/// What is still open when a run ends: said, because a run that leaves something open does not end with 0.
enum OpenWorkText {
    static func lines(_ work: OpenWork, of origin: Origin) -> [String] {
        var lines: [String] = []
        for (other, orders) in work.orders.sorted(by: { $0.key.description < $1.key.description }) where !orders.isEmpty {
            lines.append("open: \(PlanText.words(other)): \(words(orders))\(other == origin ? "" : " (another origin)")")
        }
        for (other, count) in work.waitingPlans.sorted(by: { $0.key.description < $1.key.description }) where other != origin && count > 0 {
            lines.append("open: \(PlanText.words(other)): a plan waits (birthright plans list)")
        }
        if work.unknownAccounts > 0 {
            lines.append(
                "open: \(DisplayText.count(work.unknownAccounts, "account")) of which it is not known what was done; the next run looks")
        }
        if work.missedAccounts > 0 {
            lines.append(
                "left out: \(DisplayText.count(work.missedAccounts, "account")) whose entries were deleted by hand (--accept recreate)")
        }
        for (system, count) in work.leftAside.sorted(by: { $0.key < $1.key }) where count > 0 {
            lines.append(
                "left aside: \(DisplayText.count(count, "account")) of \(system), which could not be planned; the next run looks at them")
        }
        for (source, count) in work.quarantined.sorted(by: { $0.key < $1.key }) where count > 0 {
            lines.append("left aside: \(DisplayText.count(count, "row")) of source \(source) (birthright quarantine list)")
        }
        for (source, count) in work.mappedOfOld.sorted(by: { $0.key < $1.key }) where count > 0 {
            lines.append(
                "left aside: \(DisplayText.count(count, "row")) of source \(source) that were not kept when they were read: they stand as the configuration was then, "
                    + "until the next row of each comes")
        }
        return lines
    }

    private static func words(_ orders: OpenWork.Orders) -> String {
        let parts: [(Int, String)] = [
            (orders.waiting, "waiting"), (orders.transmitted, "sent, outcome not known"), (orders.errored, "failed"),
            (orders.evaluationsFailed, "could not be computed"), (orders.awaitingApproval, "awaiting approval"),
        ]
        let counted = parts.filter { $0.0 > 0 }.map { "\(DisplayText.count($0.0)) \($0.1)" }
        let total = orders.waiting + orders.transmitted + orders.errored + orders.evaluationsFailed + orders.awaitingApproval
        return (total == 1 ? "1 order: " : "\(DisplayText.count(total)) orders: ") + counted.joined(separator: ", ")
    }
}
