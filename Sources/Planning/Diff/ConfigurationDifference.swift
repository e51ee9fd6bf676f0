internal import CEL
package import IdentityModel

/// A part of a configuration that is not the same in another one: a rule, a role, an attribute rule, a table, a setting.
package struct ConfigurationDifference: Sendable, Hashable {
    package enum Fate: String, Sendable, CaseIterable { case added, removed, changed }

    /// What the part belongs to.
    package enum Place: Sendable, Hashable {
        case service, roles, rules
        case source(SourceName)
        case system(SystemName)
    }

    package let place: Place
    /// `rule vpn`, `attribute mail`, `onDelete`.
    package let part: String
    package let fate: Fate
    /// Of a short setting (`DISABLE`): what it was and what it becomes.
    package let values: Values?
    /// In the other configuration; where it stood in the present one for a part that is removed; nil for a part without a place of its own.
    package let position: TextPosition?

    package struct Values: Sendable, Hashable {
        package let before: String
        package let after: String
    }

    /// Everything that differs: what the service says, roles, rules, sources and systems, in the order of the files.
    package static func between(_ present: Configuration, _ other: Configuration) -> [ConfigurationDifference] {
        let before = ConfigurationPart.all(of: present)
        let after = ConfigurationPart.all(of: other)
        let old = Dictionary(before.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        let new = Dictionary(after.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
        // A source or a system that comes or goes is one difference, not one for each line of it.
        let places = (old: Set(before.map(\.key.place)), new: Set(after.map(\.key.place)))
        let changed = after.filter { places.old.contains($0.key.place) }.compactMap { part -> ConfigurationDifference? in
            guard let was = old[part.key] else { return difference(part, .added, nil) }
            guard was.text != part.text else { return nil }
            return difference(part, .changed, part.isSetting ? Values(before: was.text, after: part.text) : nil)
        }
        let removed = before.filter { places.new.contains($0.key.place) && new[$0.key] == nil }.map { difference($0, .removed, nil) }
        let wholes = whole(after, besides: places.old, .added) + whole(before, besides: places.new, .removed)
        return (changed + removed + wholes).enumerated().sorted { ($0.element.place.rank, $0.offset) < ($1.element.place.rank, $1.offset) }
            .map(\.element)
    }

    /// One difference for each place that only these parts have.
    private static func whole(_ parts: [ConfigurationPart], besides places: Set<Place>, _ fate: Fate) -> [ConfigurationDifference] {
        let own = Dictionary(grouping: parts.filter { !places.contains($0.key.place) }, by: \.key.place)
        return own.map { place, parts in
            let first = parts.lazy.compactMap(\.position).first
            // A policy map is a file of its own.
            let isSystem = if case .system = place { true } else { false }
            let name = isSystem ? "the whole policy map" : "all of it"
            let position = isSystem ? first.map { TextPosition(file: $0.file, line: 1, column: 1) } : first
            return ConfigurationDifference(place: place, part: name, fate: fate, values: nil, position: position)
        }
    }

    private static func difference(_ part: ConfigurationPart, _ fate: Fate, _ values: Values?) -> ConfigurationDifference {
        ConfigurationDifference(place: part.key.place, part: part.key.name, fate: fate, values: values, position: part.position)
    }
}

extension ConfigurationDifference.Place {
    fileprivate var rank: String {
        switch self {
        case .service: "0"
        case .source(let name): "1" + name.text
        case .roles: "2"
        case .rules: "3"
        case .system(let name): "4" + name.text
        }
    }
}

/// A named part of a configuration, as a text that is equal where the part means the same. Comments and positions are not in it.
struct ConfigurationPart {
    struct Key: Hashable {
        let place: ConfigurationDifference.Place
        let name: String
    }

    let key: Key
    let text: String
    let position: TextPosition?
    /// The text is short enough to be shown.
    let isSetting: Bool

    private init(
        _ place: ConfigurationDifference.Place, _ name: String, _ text: String, _ position: TextPosition? = nil, isSetting: Bool = false
    ) {
        key = Key(place: place, name: name)
        self.text = text
        self.position = position
        self.isSetting = isSetting
    }

    static func all(of configuration: Configuration) -> [ConfigurationPart] {
        service(configuration) + configuration.sources.flatMap(source) + configuration.roles.map(role) + configuration.rules.map(rule)
            + configuration.policyMaps.flatMap(map)
    }

    private static func service(_ configuration: Configuration) -> [ConfigurationPart] {
        let guards = configuration.guards
        func text(_ limit: GuardSettings.Limit?) -> String {
            limit.map { "\($0.count.map(String.init) ?? "-")/\($0.percent.map(String.init) ?? "-")" } ?? ""
        }
        func texts(_ limits: [Effect: GuardSettings.Limit]) -> String { Effect.allCases.map { text(limits[$0]) }.description }
        let windows = guards.windows.map { "\($0.days) \(texts($0.limits))" }
        let limits = [texts(guards.limits), text(guards.quarantinedRows), text(guards.failedEvaluations)] + windows
        return [ConfigurationPart(.service, "guards", limits.joined(separator: " "))]
            + configuration.schema.attributes.map {
                ConfigurationPart(.service, "user attribute \($0.name)", $0.type.rawValue, isSetting: true)
            }
    }

    private static func source(_ source: SourceConfiguration) -> [ConfigurationPart] {
        let place = ConfigurationDifference.Place.source(source.name)
        let settings: [(String, String)] = [
            ("files", source.files), ("take", source.take.rawValue), ("complete", source.completion.rawValue),
            ("format", "\(source.delimiter ?? "auto"), \(source.encoding ?? "auto")"), ("timeZone", source.timeZone),
            ("schedule", source.schedule ?? "none"), ("type", source.kind.rawValue),
            ("correlation", source.correlation.joined(separator: ", ")), ("missing", source.missing.rawValue),
        ]
        let contract = source.contract
        return settings.map { ConfigurationPart(place, $0.0, $0.1, isSetting: true) } + [
            ConfigurationPart(place, "key", source.key.program.source, source.key.position),
            ConfigurationPart(
                place, "contract",
                "\(contract.columns) \(contract.optionalColumns) \(number(contract.maxRowCountChange)) \(number(contract.maxNullRateChange))"
            ),
            ConfigurationPart(
                place, "validate", source.validations.map { "\($0.check.program.source)\n\($0.reason)" }.joined(separator: "\n")),
            ConfigurationPart(place, "owns", source.owns.sorted().joined(separator: ", ")),
        ] + source.mappings.map { ConfigurationPart(place, "map \($0.attribute)", $0.expression.program.source, $0.expression.position) }
    }

    private static func role(_ role: Role) -> ConfigurationPart {
        let text = role.entitlements.map { "\($0.system) \($0.groups.sorted())" }.sorted().joined(separator: "\n")
        return ConfigurationPart(.roles, "role \(role.name)", text, role.position)
    }

    private static func rule(_ rule: BusinessRule) -> ConfigurationPart {
        let text = [
            rule.when.program.source, rule.unless?.program.source ?? "", rule.roles.map(\.text).sorted().description,
            rule.statuses.map(\.rawValue).sorted().description, rule.from?.description ?? "", rule.until?.description ?? "",
        ]
        return ConfigurationPart(.rules, "rule \(rule.name)", text.joined(separator: "\n"), rule.position)
    }

    private static func map(_ map: PolicyMap) -> [ConfigurationPart] {
        let place = ConfigurationDifference.Place.system(map.system)
        let settings: [(String, String)] = [
            ("correlation", map.correlation.joined(separator: ", ")), ("accountName", map.accountName), ("onDelete", map.onDelete.rawValue),
            ("grace", map.deleteAfterDays.map { "P\($0)D" } ?? "none"),
            ("requires", map.requires.map(\.text).sorted().joined(separator: ", ")),
        ]
        let connector = map.connector
        let reached = connector.values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: "\n")
        return settings.map { ConfigurationPart(place, $0.0, $0.1, isSetting: true) } + [
            ConfigurationPart(place, "connector", "\(connector.type) \(connector.dialect ?? "")\n\(reached)", connector.position)
        ] + map.tables.type.fields.map { ConfigurationPart(place, "table \($0.name)", map.tableText($0.name)) }
            + map.lets.map { ConfigurationPart(place, "let \($0.name)", $0.expression.program.source, $0.expression.position) }
            + map.attributes.map { ConfigurationPart(place, "attribute \($0.name)", $0.text, $0.position) }
    }

    private static func number(_ number: Int?) -> String { number.map(String.init) ?? "none" }
}
