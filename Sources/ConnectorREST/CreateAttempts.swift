internal import IdentityModel

/// Remembers which creates were not answered, and when. Services find somebody a while after they made him: before that, "nobody" is no answer to the question
/// whether an attempt has made him.
actor CreateAttempts {
    /// After so many seconds whoever was made is found.
    private let settling: Duration
    private let begin = ContinuousClock.now
    private var unanswered: [OrderID: ContinuousClock.Instant] = [:]

    init(settlingSeconds: Int) { settling = .seconds(settlingSeconds) }

    func note(_ order: OrderID) { unanswered[order] = .now }
    func forget(_ order: OrderID) { unanswered[order] = nil }

    /// Returns when every attempt of this process would be seen; whether that took time, so that who asked before has to ask again.
    func settleAll() async throws(ConnectorFailure) -> Bool {
        let isSettled = { (moment: ContinuousClock.Instant, settling: Duration) in moment + settling <= .now }
        var hasWaited = false
        while let latest = unanswered.values.max(), !isSettled(latest, settling) {
            hasWaited = true
            do {
                try await Task.sleep(until: latest + settling, clock: .continuous)
            } catch {
                throw ConnectorFailure(.transient, "cancelled")
            }
        }
        return hasWaited
    }

    /// Returns when an earlier attempt would be seen. Of attempts that nobody here remembers it is known that they were made before we began.
    func settle(_ order: OrderID) async throws(ConnectorFailure) {
        do {
            try await Task.sleep(until: (unanswered[order] ?? begin) + settling, clock: .continuous)
        } catch {
            throw ConnectorFailure(.unknown, "cancelled before it was known whether an earlier attempt had made the account")
        }
    }
}
