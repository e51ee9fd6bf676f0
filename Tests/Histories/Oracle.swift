package import CEL
package import IdentityModel
package import Planning

/// The due state, computed in straight code from the rows in force, the day and the configuration (law.md, due state).
///
/// It shares nothing with the planner but the compiled expressions, on purpose: a mistake made twice is found by nobody.
package struct Oracle {
    let configuration: Configuration
    /// Those of before, by their hashes.
    let former: [String: Configuration]
    let rulebook: Rulebook
    let ledger: Ledger
    let today: CivilDate
    /// Who has started: a start date that moves ahead counts again only after they were terminated (law.md, due state 4).
    let started: Set<Int>

    package init(
        configuration: Configuration, rulebook: Rulebook, ledger: Ledger, day: Int, started: Set<Int> = [],
        former: [String: Configuration] = [:]
    ) {
        self.former = former
        self.started = started
        self.configuration = configuration
        self.rulebook = rulebook
        self.ledger = ledger
        today = firstDay.adding(days: day)
    }

    /// A person as the sources, taken together, have them today.
    package struct Due {
        package var status: UserStatus
        package var values: [String: Value]
        /// By system: the groups that roles give; a system without an entry gives no account.
        package var groups: [String: Set<String>]
        /// A rule could not be decided.
        package var isUndecided = false
    }

    // MARK: Who is this person?

    /// Nil for somebody no source has made a person of ours.
    package func due(_ person: Int) throws -> Due? {
        guard let last = ledger.lastHolder[person] else { return nil }
        var rows: [(feed: Feed, standing: Ledger.Standing)] = []
        for feed in rulebook.feeds {
            if let standing = ledger.standings[feed]?[person], standing.isPresent { rows.append((feed, standing)) }
        }
        let isAlive = rows.contains { $0.feed.isComplete }
        let decider = rows.first { $0.feed == .hr } ?? rows.first { $0.feed.isComplete } ?? rows.first
        // Whom the last complete source lost, that source has terminated.
        let day = self.day(isAlive ? decider?.feed ?? last : last)
        // Whom the last complete source lost is terminated, and keeps what that source said last ("which complete source last had whom").
        if !isAlive, let standing = ledger.standings[last]?[person] { rows.insert((last, standing), at: 0) }
        var values: [String: Value] = [:]
        var decided: Set<String> = []
        var status: String?
        var dates: [String: Value] = [:]
        for (feed, standing) in rows {
            let source = configuration.source(SourceName(feed.rawValue))
            let (owns, yields) = (source?.owns ?? [], source?.yields ?? [])
            for (attribute, value) in try mapped(standing, feed) where owns.contains(attribute) {
                switch attribute {
                case "status": if status == nil { status = value?.asString }
                case "startDate", "endDate": if feed == .hr { dates[attribute] = value }
                // An absent value is a decision, except where the source yields.
                default:
                    if decided.contains(attribute) { continue }
                    values[attribute] = value
                    if value != nil || !yields.contains(attribute) { decided.insert(attribute) }
                }
            }
        }
        for (attribute, value) in dates { values[attribute] = value }
        var due = Due(
            status: self.status(status ?? "active", dates, day, isAlive: isAlive, hasStarted: started.contains(person)), values: values,
            groups: [:])
        try entitle(&due, day)
        return due
    }

    /// The day of the runs where the source is.
    private func day(_ feed: Feed) -> CivilDate { today.adding(days: rulebook.zones?.daysAhead(of: feed) ?? 0) }

    /// Whether the row counts; it is as if it were absent where the source does not claim it.
    package func isClaimed(_ row: [String], _ feed: Feed) throws -> Bool {
        guard let source = configuration.source(SourceName(feed.rawValue)), let claims = source.claims else { return true }
        return try claims.program.evaluate(activation(row, feed, source)).asBool == true
    }

    private func status(_ wanted: String, _ dates: [String: Value], _ today: CivilDate, isAlive: Bool, hasStarted: Bool) -> UserStatus {
        guard isAlive, wanted != "terminated" else { return .terminated }
        if let end = dates["endDate"]?.asTimestamp, end.seconds < Int64(today.days) * 86_400 { return .terminated }
        if !hasStarted, let start = dates["startDate"]?.asTimestamp, start.seconds > Int64(today.days) * 86_400 { return .pendingStart }
        return UserStatus(rawValue: wanted) ?? .active
    }

    /// Every attribute the source maps, with nil for those without a value: an absent value is a decision.
    private func mapped(_ standing: Ledger.Standing, _ feed: Feed) throws -> [(String, Value?)] {
        // Rows of other sources are kept as rows, and mapped anew.
        let reading = feed.isComplete ? former[standing.readUnder] ?? configuration : configuration
        guard let source = reading.source(SourceName(feed.rawValue)) else { return [] }
        let activation = activation(standing.row, feed, source)
        return try source.mappings.map { mapping in
            let value = try mapping.expression.program.evaluate(activation).unwrapped
            if case .string("")? = value { return (mapping.attribute, nil) }
            if case .opaque(let reference)? = value, reference.payload.isEmpty { return (mapping.attribute, nil) }
            return (mapping.attribute, value)
        }
    }

    private func activation(_ row: [String], _ feed: Feed, _ source: SourceConfiguration) -> Activation {
        let activation = Activation(Vocabulary.sourceEnvironment(row: source.rowType))
        let fields = Dictionary(
            zip(Rulebook.columns(of: feed), row).filter { !$0.1.isEmpty }.map { ($0.0, Value.string($0.1)) },
            uniquingKeysWith: { a, _ in a })
        activation.set(0, .value(.object(ObjectValue(type: source.rowType, fields: fields))))
        return activation
    }

    func record(_ due: Due) -> Value {
        var values = due.values
        values["status"] = .string(due.status.rawValue)
        return .object(ObjectValue(type: configuration.schema.objectType, fields: values))
    }

    // MARK: What is the person due?

    private func entitle(_ due: inout Due, _ today: CivilDate) throws {
        let activation = Activation(Vocabulary.ruleEnvironment(configuration.schema))
        activation.set(0, .value(record(due)))
        for rule in configuration.rules where rule.statuses.contains(due.status) {
            if let from = rule.from, today < from { continue }
            if let until = rule.until, today > until { continue }
            guard (try? rule.when.program.evaluate(activation))?.asBool == true else { continue }
            if let unless = rule.unless {
                guard let excluded = try? unless.program.evaluate(activation).asBool else {
                    due.isUndecided = true
                    continue
                }
                if excluded { continue }
            }
            for role in configuration.roles where rule.roles.contains(role.name) {
                for entitlement in role.entitlements {
                    due.groups[entitlement.system.text, default: []].formUnion(entitlement.groups.map(foldedName))
                }
            }
        }
    }
}
