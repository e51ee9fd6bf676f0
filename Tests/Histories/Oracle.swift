package import CEL
package import IdentityModel
package import Planning

/// The due state, computed in straight code from the rows in force, the day and the configuration (law.md, due state).
///
/// It shares nothing with the planner but the compiled expressions, on purpose: a mistake made twice is found by nobody.
package struct Oracle {
    let configuration: Configuration
    let rulebook: Rulebook
    let ledger: Ledger
    let today: CivilDate
    /// Who has started: a start date that moves ahead counts again only after they were terminated (law.md, due state 4).
    let started: Set<Int>

    package init(configuration: Configuration, rulebook: Rulebook, ledger: Ledger, day: Int, started: Set<Int> = []) {
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
        var rows: [(feed: Feed, row: [String])] = []
        for feed in rulebook.feeds {
            if let standing = ledger.standings[feed]?[person], standing.isPresent { rows.append((feed, standing.row)) }
        }
        let isAlive = rows.contains { $0.feed.isComplete }
        // Whom the last complete source lost is terminated, and keeps what that source said last ("which complete source last had whom").
        if !isAlive, let row = ledger.standings[last]?[person]?.row { rows.insert((last, row), at: 0) }
        var values: [String: Value] = [:]
        var decided: Set<String> = []
        var status: String?
        var dates: [String: Value] = [:]
        for (feed, row) in rows {
            let owns = configuration.source(SourceName(feed.rawValue))?.owns ?? []
            for (attribute, value) in try mapped(row, feed) where owns.contains(attribute) {
                switch attribute {
                case "status": if status == nil { status = value?.asString }
                case "startDate", "endDate": if feed == .hr { dates[attribute] = value }
                default: if decided.insert(attribute).inserted { values[attribute] = value }
                }
            }
        }
        for (attribute, value) in dates { values[attribute] = value }
        var due = Due(
            status: self.status(status ?? "active", dates, isAlive: isAlive, hasStarted: started.contains(person)), values: values,
            groups: [:])
        try entitle(&due)
        return due
    }

    private func status(_ wanted: String, _ dates: [String: Value], isAlive: Bool, hasStarted: Bool) -> UserStatus {
        guard isAlive, wanted != "terminated" else { return .terminated }
        if let end = dates["endDate"]?.asTimestamp, end.seconds < Int64(today.days) * 86_400 { return .terminated }
        if !hasStarted, let start = dates["startDate"]?.asTimestamp, start.seconds > Int64(today.days) * 86_400 { return .pendingStart }
        return UserStatus(rawValue: wanted) ?? .active
    }

    /// Every attribute the source maps, with nil for those without a value: an absent value is a decision.
    private func mapped(_ row: [String], _ feed: Feed) throws -> [(String, Value?)] {
        guard let source = configuration.source(SourceName(feed.rawValue)) else { return [] }
        let columns = Rulebook.columns(of: feed)
        let activation = Activation(Vocabulary.sourceEnvironment(row: source.rowType))
        let fields = Dictionary(
            zip(columns, row).filter { !$0.1.isEmpty }.map { ($0.0, Value.string($0.1)) }, uniquingKeysWith: { a, _ in a })
        activation.set(0, .value(.object(ObjectValue(type: source.rowType, fields: fields))))
        return try source.mappings.map { mapping in
            let value = try mapping.expression.program.evaluate(activation).unwrapped
            if case .string("")? = value { return (mapping.attribute, nil) }
            if case .opaque(let reference)? = value, reference.payload.isEmpty { return (mapping.attribute, nil) }
            return (mapping.attribute, value)
        }
    }

    func record(_ due: Due) -> Value {
        var values = due.values
        values["status"] = .string(due.status.rawValue)
        return .object(ObjectValue(type: configuration.schema.objectType, fields: values))
    }

    // MARK: What is the person due?

    private func entitle(_ due: inout Due) throws {
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
