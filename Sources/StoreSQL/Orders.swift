internal import IdentityModel

/// Conditions on the state of an order, as SQL; an alias stands before them (`o.\(Orders.pending)`). Those on several states are written like the partial
/// indexes' (`Schema`): an engine uses such an index only where the texts agree.
enum Orders {
    static let planned = isIn(.planned)
    static let pending = isIn(.pending)
    static let transmitted = isIn(.transmitted)
    static let evaluationFailed = isIn(.evaluationFailed)
    static let underWay = isIn(.pending, .transmitted)
    /// Nothing more happens to them by themselves, and they are not done.
    static let stuck = isIn(.errored, .awaitingApproval, .evaluationFailed)
    static let open = isIn(.pending, .transmitted, .errored, .awaitingApproval, .evaluationFailed)
    /// Sent, or still to be sent, also by a plan that has not started.
    static let comingUp = isIn(.planned, .pending, .transmitted)

    static func isIn(_ states: Set<OrderState>) -> String { isIn(states.sorted()) }

    private static func isIn(_ states: OrderState...) -> String { isIn(states) }

    private static func isIn(_ states: [OrderState]) -> String {
        let numbers = states.map { String($0.rawValue) }
        return states.count == 1 ? "state = \(numbers[0])" : "state IN (\(numbers.joined(separator: ", ")))"
    }
}
