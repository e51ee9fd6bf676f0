internal import IdentityModel
internal import Planning

/// `guards: { disable: { percent: 5, count: 100 }, window: { days: 7, disable: { count: 200 } } }`.
enum GuardsReader {
    static func read(_ node: YAMLNode?, _ file: ConfigurationFile) -> GuardSettings {
        let standard = GuardSettings.standard
        guard let node, let section = Section(node, named: "'guards'", keys: ServiceShapes.guards.names, in: file) else { return standard }
        let limits = standard.limits.merging(self.limits(section, file)) { $1 }
        return GuardSettings(
            limits: limits, windows: windows(section["window"], file),
            quarantinedRows: share(section["quarantinedRows"], "quarantinedRows", file) ?? standard.quarantinedRows,
            failedEvaluations: share(section["failedEvaluations"], "failedEvaluations", file) ?? standard.failedEvaluations)
    }

    /// A window of our own stands beside those of a day and a week; without `days` its limits are those of both.
    private static func windows(_ node: YAMLNode?, _ file: ConfigurationFile) -> [GuardSettings.Window] {
        let standard = GuardSettings.standard.windows
        guard let node, let window = Section(node, named: "'window'", keys: ServiceShapes.window.names, in: file) else { return standard }
        let limits = self.limits(window, file)
        guard let days = window["days"].flatMap({ file.integer($0, "days", in: 1...366) }) else {
            return standard.map { GuardSettings.Window(days: $0.days, limits: limits) }
        }
        return standard.filter { $0.days != days } + [GuardSettings.Window(days: days, limits: limits)]
    }

    private static func share(_ node: YAMLNode?, _ name: String, _ file: ConfigurationFile) -> GuardSettings.Limit? {
        guard let node else { return nil }
        return limit(node, name, file)
    }

    private static func limits(_ section: Section, _ file: ConfigurationFile) -> [Effect: GuardSettings.Limit] {
        var limits: [Effect: GuardSettings.Limit] = [:]
        for effect in Effect.allCases {
            if let node = section[effect.rawValue], let limit = limit(node, effect.rawValue, file) { limits[effect] = limit }
        }
        return limits
    }

    private static func limit(_ node: YAMLNode, _ name: String, _ file: ConfigurationFile) -> GuardSettings.Limit? {
        guard let part = Section(node, named: "'\(name)'", keys: ServiceShapes.limit.names, in: file) else { return nil }
        let percent = part["percent"].flatMap { self.percent($0, file) }
        let count = part["count"].flatMap { file.integer($0, "count", in: 0...1_000_000_000) }
        if part.entries.isEmpty { file.error("'\(name)' needs 'percent', 'count' or both", at: node) }
        return GuardSettings.Limit(count: count, percent: percent)
    }

    /// `5` or `5%`.
    private static func percent(_ node: YAMLNode, _ file: ConfigurationFile) -> Int? {
        if let scalar = node.scalar, scalar.text.hasSuffix("%") { return file.percentage(node, "percent", unit: "%") }
        return file.integer(node, "percent", in: 0...100)
    }
}
