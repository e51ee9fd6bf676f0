internal import Contracts
internal import IdentityModel

/// What a lane's head is told.
enum LaneEvent: Sendable {
    /// `orphans`: orders in state 2 whose run died.
    case began(orphans: [LostOrder], realm: Realm?)
    /// Nil: nothing of the plan waits at the system. `realm`: the system's own answer, where it could be asked.
    case waits(WaitingWork?, realm: Realm?)
    /// The pause is over.
    case woke
    case claimed([ProvisioningOrder])
    case prepared(DispatchBatch)
    /// A batch is on its way.
    case sent
    /// A batch was carried out and kept.
    case reported(BatchReport)
    case looked(LookReport)
    /// Nil: the system is back.
    case tested(ConnectorFailure?)
}

/// What a lane's head asks for: exactly one thing at a time, and of what comes of it the head is told.
enum LaneAction: Sendable {
    /// -> `looked`
    case look([LostOrder])
    /// -> `waits`
    case askWhatWaits
    /// -> `woke`
    case sleep(until: Instant)
    /// The pause before a system that went away is tried for the n-th time. -> `woke`
    case pause(attempt: Int)
    /// -> `tested`
    case test
    /// -> `claimed`
    case claim(wave: Int, limit: Int)
    /// -> `prepared`
    case prepare([ProvisioningOrder])
    /// Is carried out beside everything else; with an outage nothing of it is sent. -> `sent`, and `reported` when it is asked for
    case send(DispatchBatch, number: Int, outage: ConnectorFailure?)
    /// The next batch that is carried out. -> `reported`
    case awaitReport
    case end
}

/// Orders that wait at a system: those of the lowest wave are next.
struct WaitingWork: Hashable, Sendable {
    var wave: Int
    /// Nil: now.
    var notBefore: Instant?
    /// Those of later waves too.
    var count: Int
}

/// What a batch that was carried out came to.
struct BatchReport: Sendable {
    let number: Int
    var settled: [OrderState] = []
    var events = 0
    var substituted = 0
    var lost: [LostOrder] = []
    var outage: ConnectorFailure?
}

/// What a look at lost orders came to.
struct LookReport: Sendable {
    /// Those that could not be looked up.
    var left: [LostOrder] = []
    /// The system answered at least once.
    var wasReached = false
    var settled: [OrderState] = []
    var events = 0
    var outage: ConnectorFailure?
}

/// Decides what a lane does next: a value, told what happened, that says what is to be done. It awaits nothing, reads no clock and draws no lots.
///
/// The way: look at what a dead run left -> ask what waits -> a wave, batch after batch -> look at answers that were lost -> ask again, until nothing waits or
/// the system is away. A system that was there and went away is tried again a few times.
struct LaneHead: Sendable {
    private let largestBatch: Int
    /// Batches that are carried out at the same time.
    private let batchesInFlight: Int
    private let reconnectAttempts: Int
    /// The first wave that is not this run's.
    private let parking: Int
    /// Orphans are looked at, and nothing is sent.
    private let isLooking: Bool

    private(set) var summary = SystemSummary()
    /// How many events were written.
    private(set) var events = 0
    private(set) var wave = 0
    /// The wave before this one settled nothing: what waits for references waits in vain.
    private(set) var isForced = false
    /// Nil: not asked yet, or it could not be asked.
    private(set) var realm: Realm?
    /// Batches that are being carried out.
    private(set) var underWay: [Int: DispatchBatch] = [:]

    private var hasProgressed = false
    /// Transmitted, and the answer was lost.
    private var lost: [LostOrder] = []
    private var wasReached = false
    private var fruitlessReconnects = 0
    private var nextBatch = 0
    /// Of the wave: orders that waited when it began, and those taken since.
    private var waiting = 0
    private var claimed = 0
    private var isCancelled = false
    private var step = Step.beginning

    private enum Step: Sendable {
        case beginning
        case looking(AfterLook)
        case asking, sleeping, claiming, preparing, sending
        /// Nothing is left to be claimed: a batch that ends may bring something.
        case waitingForMore
        /// Ready, and as many as may be are under way.
        case holding(DispatchBatch)
        /// Nothing more is begun in this wave.
        case draining
        case pausing(attempt: Int)
        case testing(attempt: Int)
        case ended
    }

    private enum AfterLook: Sendable {
        case beginning, wave
        case reconnect(attempt: Int)
    }

    init(largestBatch: Int, batchesInFlight: Int, reconnectAttempts: Int, parking: Int, isLooking: Bool) {
        self.largestBatch = largestBatch
        self.batchesInFlight = max(1, batchesInFlight)
        self.reconnectAttempts = reconnectAttempts
        self.parking = parking
        self.isLooking = isLooking
    }

    /// - Parameter isCancelled: nothing new is begun; what is under way is waited for.
    mutating func received(_ event: LaneEvent, isCancelled: Bool = false) -> LaneAction {
        self.isCancelled = isCancelled
        switch (event, step) {
        case (.began(let orphans, let realm), .beginning):
            lost = orphans
            self.realm = realm
            return look(.beginning)
        case (.looked(let report), .looking(let next)): return looked(report, next)
        case (.waits(let work, let realm), .asking):
            self.realm = self.realm ?? realm
            return begin(work)
        case (.woke, .sleeping): return claim()
        case (.claimed(let orders), .claiming): return claimed(orders)
        case (.prepared(let batch), .preparing): return send(batch)
        case (.sent, .sending): return claim()
        case (.reported(let report), .waitingForMore):
            absorb(report)
            return claim()
        case (.reported(let report), .holding(let batch)):
            absorb(report)
            return send(batch)
        case (.reported(let report), .draining):
            absorb(report)
            return drain()
        case (.woke, .pausing(let attempt)):
            step = .testing(attempt: attempt)
            return .test
        case (.tested(let failure), .testing(let attempt)): return tested(failure, attempt)
        case (.began, _), (.looked, _), (.waits, _), (.woke, _), (.claimed, _), (.prepared, _), (.sent, _), (.reported, _), (.tested, _):
            // Nobody asked for it: whoever tells this has lost the thread.
            return end()
        }
    }

    private mutating func end() -> LaneAction {
        step = .ended
        return .end
    }

    // MARK: What was lost

    private mutating func look(_ next: AfterLook) -> LaneAction {
        if lost.isEmpty { return goOn(next) }
        step = .looking(next)
        return .look(lost)
    }

    private mutating func looked(_ report: LookReport, _ next: AfterLook) -> LaneAction {
        lost = report.left
        events += report.events
        if report.wasReached {
            wasReached = true
            summary.outage = nil
        }
        count(report.settled)
        if let outage = report.outage { summary.outage = outage }
        return goOn(next)
    }

    private mutating func goOn(_ next: AfterLook) -> LaneAction {
        switch next {
        case .beginning where isLooking: return end()
        case .beginning, .wave: return ask()
        case .reconnect(let attempt): return summary.outage == nil ? ask() : pause(attempt + 1)
        }
    }

    // MARK: A wave

    private mutating func ask() -> LaneAction {
        if isCancelled { return end() }
        if summary.outage != nil {
            // One that was never there is not waited for.
            return wasReached && fruitlessReconnects < reconnectAttempts ? pause(1) : end()
        }
        step = .asking
        return .askWhatWaits
    }

    private mutating func begin(_ work: WaitingWork?) -> LaneAction {
        guard let work, work.wave < parking else { return end() }
        if work.wave != wave {
            isForced = work.wave > wave && nextBatch > 0 && !hasProgressed
            wave = work.wave
            hasProgressed = false
        }
        waiting = work.count
        claimed = 0
        guard let notBefore = work.notBefore else { return claim() }
        step = .sleeping
        return .sleep(until: notBefore)
    }

    private mutating func claim() -> LaneAction {
        if summary.outage != nil || isCancelled { return drain() }
        step = .claiming
        return .claim(wave: wave, limit: LaneHead.batchSize(claimed: claimed, left: waiting - claimed, largest: largestBatch))
    }

    /// A system likes large batches. But the first is prepared and the last is kept while the system has nothing to do: those are small.
    static func batchSize(claimed: Int, left: Int, largest: Int) -> Int {
        let smallest = 1_000
        return min(largest, max(smallest, min(claimed + smallest, left / 2)))
    }

    private mutating func claimed(_ orders: [ProvisioningOrder]) -> LaneAction {
        claimed += orders.count
        if !orders.isEmpty {
            step = .preparing
            return .prepare(orders)
        }
        if underWay.isEmpty { return look(.wave) }
        step = .waitingForMore
        return .awaitReport
    }

    private mutating func send(_ batch: DispatchBatch) -> LaneAction {
        if underWay.count >= batchesInFlight {
            step = .holding(batch)
            return .awaitReport
        }
        let number = nextBatch
        nextBatch += 1
        underWay[number] = batch
        step = .sending
        // Claimed, and the system went away before it was this batch's turn.
        return .send(batch, number: number, outage: summary.outage)
    }

    private mutating func drain() -> LaneAction {
        if underWay.isEmpty { return look(.wave) }
        step = .draining
        return .awaitReport
    }

    private mutating func absorb(_ report: BatchReport) {
        underWay[report.number] = nil
        events += report.events
        lost += report.lost
        summary.substituted += report.substituted
        if let outage = report.outage { summary.outage = outage } else { wasReached = true }
        count(report.settled)
    }

    private mutating func count(_ states: [OrderState]) {
        for state in states {
            switch state {
            case .executed, .verified: summary.executed += 1
            case .errored, .evaluationFailed: summary.errored += 1
            case .withdrawn: summary.withdrawn += 1
            case .planned, .pending, .transmitted, .awaitingApproval: break
            }
        }
        guard !states.isEmpty else { return }
        hasProgressed = true
        fruitlessReconnects = 0
    }

    // MARK: Coming back

    private mutating func pause(_ attempt: Int) -> LaneAction {
        if attempt > max(reconnectAttempts, 1) { return end() }
        step = .pausing(attempt: attempt)
        return .pause(attempt: attempt)
    }

    private mutating func tested(_ failure: ConnectorFailure?, _ attempt: Int) -> LaneAction {
        if let failure {
            summary.outage = failure
            return pause(attempt + 1)
        }
        fruitlessReconnects += 1
        summary.outage = nil
        return look(.reconnect(attempt: attempt))
    }
}
