internal import IdentityModel
internal import Planning

/// `guards: { disable: { percent: 5, count: 100 }, window: { days: 7, disable: { count: 200 } } }`.
enum GuardsReader {
    static func read(_ node: YAMLNode?, _ file: ConfigurationFile) -> GuardSettings {
        let standard = GuardSettings.standard
        guard let node, let section = Section(node, named: "'guards'", keys: ServiceShapes.guards.names, in: file) else { return standard }
        let limits = standard.limits.merging(self.limits(section, file)) { $1 }
        guard let windowNode = section["window"],
            let window = Section(windowNode, named: "'window'", keys: ServiceShapes.window.names, in: file)
        else {
            return GuardSettings(limits: limits, windowDays: standard.windowDays, windowLimits: standard.windowLimits)
        }
        let days = window["days"].flatMap { file.integer($0, "days", in: 1...366) } ?? standard.windowDays
        return GuardSettings(limits: limits, windowDays: days, windowLimits: self.limits(window, file))
    }

    private static func limits(_ section: Section, _ file: ConfigurationFile) -> [Effect: GuardSettings.Limit] {
        var limits: [Effect: GuardSettings.Limit] = [:]
        for effect in Effect.allCases {
            guard let node = section[effect.rawValue],
                let part = Section(node, named: "'\(effect.rawValue)'", keys: ServiceShapes.limit.names, in: file)
            else { continue }
            let percent = part["percent"].flatMap { self.percent($0, file) }
            let count = part["count"].flatMap { file.integer($0, "count", in: 0...1_000_000_000) }
            if part.entries.isEmpty { file.error("'\(effect.rawValue)' needs 'percent', 'count' or both", at: node) }
            limits[effect] = GuardSettings.Limit(count: count, percent: percent)
        }
        return limits
    }

    /// `5` or `5%`.
    private static func percent(_ node: YAMLNode, _ file: ConfigurationFile) -> Int? {
        if let scalar = node.scalar, scalar.text.hasSuffix("%") { return file.percentage(node, "percent", unit: "%") }
        return file.integer(node, "percent", in: 0...100)
    }
}
