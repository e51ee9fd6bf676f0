/// How a run ended, as a command says it with its exit code (product.md section 5; law.md, Exit).
package enum RunEnd: Int32, Sendable, CaseIterable {
    case done = 0
    /// An order of this origin failed or could not be computed, an account is unknown, or a plan is unfinished.
    case failed = 1
    /// Configuration or usage error.
    case configuration = 2
    /// Held: guard, contract, approval, seal.
    case held = 3
    /// Could not run: store or file unreachable.
    case unable = 4
    /// Done, but rows or systems were left aside, orders wait for a system or for people, or another origin has something open.
    case leftAside = 5

    /// If several apply: 2, 4, 3, 1, 5 in that order.
    private var weight: Int {
        switch self {
        case .done: 0
        case .leftAside: 1
        case .failed: 2
        case .held: 3
        case .unable: 4
        case .configuration: 5
        }
    }

    /// The graver of two.
    package func and(_ other: RunEnd) -> RunEnd { other.weight > weight ? other : self }
}
