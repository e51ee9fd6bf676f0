import IdentityModel

/// Values that are the same in every run of the tests: SplitMix64 from a seed.
struct Samples {
    private var state: UInt64
    init(seed: Int) { state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    mutating func number(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    mutating func flag() -> Bool { next() & 1 == 0 }
    mutating func one<Element>(of elements: [Element]) -> Element { elements[number(elements.count)] }
    mutating func some<Element>(_ limit: Int, _ make: (inout Samples) -> Element) -> [Element] {
        (0..<number(limit + 1)).map { _ in make(&self) }
    }
    mutating func maybe<Element>(_ make: (inout Samples) -> Element) -> Element? { flag() ? make(&self) : nil }

    /// Texts that escape, have no plain letter, or are empty.
    mutating func text() -> String {
        let pieces = [
            "a", "Berg", " ", "\"", "\\", "\n", "\r\n", "\t", "\u{0}", "\u{1F}", "\u{7F}", "/", "é", "e\u{301}", "ø", "李", "𝔊", "👩‍👩‍👧", "{}",
            "[1,2]", "\u{2028}",
        ]
        return some(6) { $0.one(of: pieces) }.joined()
    }

    mutating func dictionary(_ limit: Int) -> [String: String] {
        Dictionary(some(limit) { ($0.text(), $0.text()) }, uniquingKeysWith: { first, _ in first })
    }

    mutating func userValue() -> UserValue {
        switch number(6) {
        case 0: .string(text())
        case 1: .int(Int64(bitPattern: next()))
        case 2: .bool(flag())
        case 3: .date(CivilDate(days: number(60_000) - 20_000))
        case 4: .list(some(3) { $0.text() })
        default: .reference(UserKey(text()))
        }
    }

    mutating func user() -> User {
        let attributes = Dictionary(some(5) { ($0.text(), $0.userValue()) }, uniquingKeysWith: { first, _ in first })
        return User(
            id: UserID(text()), key: UserKey(text()), source: SourceName(text()), status: one(of: UserStatus.allCases),
            attributes: attributes,
            version: number(100))
    }

    mutating func assignment() -> RoleAssignment {
        let origin = one(of: [RoleOrigin.rule(text()), .manual(text()), .imported(text())])
        return RoleAssignment(role: RoleName(text()), origin: origin)
    }

    mutating func claim() -> SourceClaim {
        SourceClaim(
            source: SourceName(text()), key: UserKey(text()), user: UserID(text()), keyHash: next(), rowHash: next(),
            position: SourcePosition(file: text(), line: number(1_000)))
    }

    mutating func change() -> UserChange {
        let user = user()
        let before = one(of: [nil, user, self.user()])
        let assignments = some(3) { $0.assignment() }
        return UserChange(
            change: one(of: LifecycleChange.allCases), user: user, before: before, assignments: assignments,
            assignmentsBefore: flag() ? assignments : some(3) { $0.assignment() }, claim: maybe { $0.claim() },
            due: maybe { CivilDate(days: $0.number(30_000)) }, reasons: some(2) { $0.text() })
    }

    mutating func failure() -> ConnectorFailure {
        let errorClass = one(of: [ErrorClass.transient, .conflict, .permanent, .unavailable, .unknown])
        return ConnectorFailure(errorClass, text(), serverText: maybe { $0.text() }, attribute: maybe { $0.text() })
    }

    mutating func accountValue() -> AccountValue { flag() ? .text(text()) : flag() ? .digest(text()) : .reference(UserKey(text())) }

    mutating func request() -> AttributeRequest {
        AttributeRequest(
            kind: flag() ? .attribute : .membership, name: text(), operation: one(of: [.add, .set, .remove]),
            before: some(2) { $0.accountValue() },
            after: some(2) { $0.accountValue() }, outcome: one(of: [.open, .done, .deferred(text()), .failed(failure())]),
            isMarkedSensitive: flag())
    }

    mutating func nameClaim() -> NameClaim {
        NameClaim(system: SystemName(text()), attribute: text(), scope: text(), folded: text())
    }

    /// An order of plan row 0, as a document gives it back.
    mutating func order() -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: number(1_000)), user: UserID(text()), userKey: UserKey(text()), userName: text(),
            system: SystemName(text()), operation: one(of: Operation.allCases), state: one(of: OrderState.allCases),
            change: one(of: LifecycleChange.allCases), reasons: some(2) { $0.text() }, warnings: some(2) { $0.text() },
            accountID: maybe { AccountID($0.text()) }, nameBefore: maybe { AccountName($0.text()) },
            nameAfter: maybe { AccountName($0.text()) },
            requests: some(4) { $0.request() }, correlation: dictionary(2), adopts: flag(),
            becomes: one(of: [.none, .enabled, .deprovisioned, .deleted]), nameBases: dictionary(2), claims: some(2) { $0.nameClaim() },
            userVersion: number(9), accountVersion: number(9), attempts: number(3),
            notBefore: maybe { Instant(milliseconds: Int64($0.number(1 << 40))) },
            failure: maybe { $0.failure() })
    }

    mutating func account() -> Account {
        let written = Dictionary(some(4) { ($0.text(), $0.some(3) { $0.accountValue() }) }, uniquingKeysWith: { first, _ in first })
        return Account(
            user: UserID(text()), system: SystemName(text()), state: one(of: [.none, .enabled, .deprovisioned, .deleted]),
            id: maybe { AccountID($0.text()) }, name: maybe { AccountName($0.text()) }, version: number(9), written: written,
            memberships: Set(some(3) { $0.text() }), nameBases: dictionary(2),
            deprovisionedAt: maybe { Instant(milliseconds: -Int64($0.number(1 << 40))) },
            doubt: maybe { sample in
                AccountDoubt(
                    formerNames: Set(sample.some(3) { AccountName($0.text()) }), memberships: Set(sample.some(3) { $0.text() }),
                    attributes: Set(sample.some(3) { $0.text() }), correlation: sample.dictionary(2), isElsewhere: sample.flag())
            }, isSwitchedOff: flag(), isDisabledByDialect: flag())
    }

    mutating func quarantine() -> Quarantine {
        Quarantine(
            source: SourceName(text()), key: maybe { UserKey($0.text()) }, position: SourcePosition(file: text(), line: number(99)),
            column: number(99),
            columnName: maybe { $0.text() }, reason: text())
    }

    mutating func profile() -> SourceProfile {
        SourceProfile(
            file: text(), contentDigest: text(), configurationHash: text(), rowCount: number(1 << 30), columns: some(3) { $0.text() },
            emptyCounts: some(3) { $0.number(1 << 30) }, isComplete: flag(), upTo: maybe { $0.text() }, knowsFiles: flag(),
            signature: text())
    }

    mutating func verdict() -> GuardVerdict {
        let subjects: [GuardVerdict.Subject] = [
            .effect(one(of: Effect.allCases), SystemName(text())), .quarantinedRows, .failedEvaluations,
        ]
        return GuardVerdict(one(of: subjects), count: number(1 << 20), base: number(1 << 20), limit: text())
    }

    mutating func totals() -> PlanTotals {
        var totals = PlanTotals()
        totals.rowsRead = number(1 << 20)
        totals.rowsUnchanged = number(1 << 20)
        totals.rowsQuarantined = number(9)
        totals.orders = number(99)
        totals.evaluationsFailed = number(9)
        totals.kept = number(9)
        for kind in LifecycleChange.allCases where flag() { totals.changes[kind] = number(99) }
        for _ in 0..<number(3) {
            let system = SystemName(text())
            totals.effects[system] = [:]
            for effect in Effect.allCases where flag() { totals.effects[system]?[effect] = number(99) }
        }
        return totals
    }
}
