internal import CEL
internal import IdentityModel
internal import Planning

/// Contradictions between files. Run when there are no errors: a file that could not be read might hold what seems to be missing.
struct ConfigurationLints {
    let service: ServiceFile
    let serviceFile: ConfigurationFile
    let roles: RolesFile
    let rules: [RuleText]
    let rulesFile: ConfigurationFile
    let maps: [CheckedMap]

    func run() {
        lintRolesNobodyGives()
        for rule in rules { lintDeletion(rule) }
        lintAttributesNobodyHas()
    }

    // MARK: Roles

    private func lintRolesNobodyGives() {
        let given = Set(rules.flatMap(\.rule.roles))
        for role in roles.roles where !given.contains(role.name) {
            roles.file.warning(
                .roleNotGiven, "no rule gives the role '\(role.name)', so it can only be assigned by hand",
                at: SourcePoint(line: role.position.line, column: role.position.column), length: role.name.text.unicodeScalars.count)
        }
    }

    /// An account is withdrawn when its last entitlement ends; one that people keep when they leave never ends for them.
    private func lintDeletion(_ text: RuleText) {
        guard let place = text.statuses.first(where: { $0.status == .terminated })?.text else { return }
        var systems: Set<SystemName> = []
        for role in roles.roles where text.rule.roles.contains(role.name) {
            for entitlement in role.entitlements where systems.insert(entitlement.system).inserted {
                guard let map = maps.first(where: { $0.map?.system == entitlement.system }), let deletion = deletion(map) else { continue }
                rulesFile.warning(
                    .deleteWhileGranted,
                    "the accounts of people who have left are never deleted from \(entitlement.system): \(deletion), but rule '\(text.rule.name)' still gives them the role '\(role.name)', which grants the account",
                    at: place.point, length: place.length)
            }
        }
    }

    /// Why the map deletes accounts; nil when it does not.
    private func deletion(_ map: CheckedMap) -> String? {
        let place = map.section.entry("onDelete").map { "\(map.file.position($0.keyPoint))" }
        switch map.onDelete {
        case .delete: return place.map { "\($0) says DELETE" } ?? "\(map.file.path) says no onDelete, which means DELETE"
        case .disable:
            guard let days = map.map?.deleteAfterDays else { return nil }
            return "\(place ?? map.file.path) says DISABLE, and grace deletes \(days) days later"
        case .update: return nil
        }
    }

    // MARK: Attributes

    private struct Read {
        let source: ExpressionSource
        let range: Range<Int>
    }

    private func lintAttributesNobodyHas() {
        guard !service.sources.isEmpty else { return }
        let mapped = Set(service.sources.flatMap(\.mappings).map(\.attribute))
        let reads = reads()
        for attribute in service.schema.attributes where !mapped.contains(attribute.name) {
            let places = reads[attribute.name] ?? []
            let first = places.first.map { read in read.source.file.position(read.source.place(of: read.range).point) }
            let more = places.count > 1 ? " (and in \(places.count - 1) more)" : ""
            if let declared = service.declared.first(where: { $0.key == attribute.name }) {
                let reading = first.map { "although \($0) reads it\(more)" } ?? "and nothing reads it"
                serviceFile.warning(
                    .attributeNeverMapped, "no source maps '\(attribute.name)', \(reading)", at: declared.keyPoint,
                    length: declared.keyLength)
            } else if let read = places.first {
                read.source.warning(
                    .attributeNeverMapped, "no source maps '\(attribute.name)', so nobody has it\(more)", at: read.range)
            }
        }
    }

    /// Where attributes of users are read, by name: rules first, then maps, in the order of the files.
    private func reads() -> [String: [Read]] {
        var expressions: [(Program, ExpressionSource)] = []
        for text in rules {
            expressions.append((text.rule.when.program, text.when))
            if let unless = text.rule.unless, let source = text.unless { expressions.append((unless.program, source)) }
        }
        expressions += maps.flatMap(\.parts).map { ($0.expression.program, $0.source) }
        var reads: [String: [Read]] = [:]
        for (program, source) in expressions {
            for use in program.fieldUses(of: "user") { reads[use.field, default: []].append(Read(source: source, range: use.range)) }
        }
        return reads
    }
}
