internal import Contracts
internal import IdentityModel

/// The managed systems of a planning run: which of them can be asked. One that cannot be is not asked again in the same run, and never stops it.
actor SystemsAtHand {
    private let connectors: [SystemName: any Connector]
    private let realms: RealmCheck
    private let clock: ShellClock
    private var met: Set<SystemName> = []
    private var known: [SystemName: Realm] = [:]
    private var away: [SystemName: PlanReport.LeftAside] = [:]
    private var leftAside: [SystemName: Set<UserID>] = [:]
    /// Systems of which accounts wait for what has to be written first elsewhere.
    private var waiting: Set<SystemName> = []

    /// A connection that is lost while it is used is tried again so often.
    private static let attempts = 4

    init(_ connectors: [SystemName: any Connector], realms: RealmCheck, clock: ShellClock) {
        self.connectors = connectors
        self.realms = realms
        self.clock = clock
    }

    /// What the question came to; nil: the system cannot be asked.
    func ask<Answer: Sendable>(
        _ system: SystemName, _ question: @Sendable (any Connector) async throws(ConnectorFailure) -> Answer
    ) async throws -> Answer? {
        guard let connector = connectors[system], away[system] == nil else { return nil }
        for attempt in 1...Self.attempts {
            do {
                try await meet(system, connector)
                guard away[system] == nil else { return nil }
                return try await question(connector)
            } catch let failure as ConnectorFailure {
                guard failure.errorClass == .transient || failure.errorClass == .unknown, attempt < Self.attempts else {
                    away[system] = PlanReport.LeftAside(reason: failure.description)
                    return nil
                }
                try await clock.sleep(Int64(attempt) * 250)
            }
        }
        return nil
    }

    /// The first question to a system is which one it is.
    private func meet(_ system: SystemName, _ connector: any Connector) async throws {
        guard met.insert(system).inserted else { return }
        do {
            let (realm, refusal) = try await realms.meet(system, connector, at: clock.now())
            known[system] = realm
            if let refusal { away[system] = PlanReport.LeftAside(reason: refusal.description, isAnotherSystem: true) }
        } catch {
            met.remove(system)
            throw error
        }
    }

    /// The system answers, and what it says cannot be believed before a person has said that it is right.
    func leaveOut(_ system: SystemName, because reason: String) {
        away[system] = PlanReport.LeftAside(reason: reason, isAnotherSystem: true)
    }

    /// Nil before the first question.
    func realm(of system: SystemName) -> Realm? { known[system] }

    func has(_ system: SystemName) -> Bool { connectors[system] != nil }

    func note(_ accounts: [AccountLeftAside]) {
        for account in accounts { leftAside[account.system, default: []].insert(account.user) }
    }

    func noteWaiting(_ system: SystemName) { waiting.insert(system) }

    /// Systems that could not be asked, with the number of accounts that were not planned.
    var report: [SystemName: PlanReport.LeftAside] {
        var report = away
        for (system, users) in leftAside {
            let unknown = PlanReport.LeftAside(
                reason: waiting.contains(system)
                    ? "what has to be written first on another system (`requires`) could not be planned, or failed"
                    : "orders were sent there, and what came of them could not be looked up")
            report[system, default: unknown].accounts = users.count
        }
        return report
    }
}
