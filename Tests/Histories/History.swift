internal import Foundation

/// A company, its configuration, and what happens to both: everything a run needs, as a value.
package struct History: Codable, Hashable, Sendable {
    package var seed: UInt64
    package var company: Company
    package var rulebook: Rulebook
    package var steps: [Step]

    package init(seed: UInt64, company: Company, rulebook: Rulebook, steps: [Step]) {
        self.seed = seed
        self.company = company
        self.rulebook = rulebook
        self.steps = steps
    }

    /// The kinds of disturbances that happen in it.
    package var disturbances: Set<Disturbance> { Set(steps.compactMap(\.disturbance)) }

    // MARK: To read, and to run again

    /// One line, to be given back to `Torture replay`.
    package func json() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }

    package init(json: String) throws {
        self = try JSONDecoder().decode(History.self, from: Data(json.utf8))
    }
}

extension History: CustomStringConvertible {
    /// A few lines for people.
    package var description: String {
        var lines = ["seed \(seed)"]
        for system in rulebook.systems {
            var facts = [system.onDelete, system.mapsDisabling ? "map disables" : "dialect disables"]
            facts.append(system.hasDepartmentFolders ? "department folders" : "one folder")
            if system.hasDisabledFolder { facts.append("ou=Disabled") }
            if system.showsMemberOf { facts.append("memberof") }
            facts.append("refint \(system.repair.rawValue)")
            if system.keepsUnique { facts.append("unique") }
            if system.isNamedByNumber == true { facts.append("named by number") }
            if !system.requires.isEmpty { facts.append("requires \(system.requires.joined(separator: ","))") }
            lines.append("  \(system.name): \(facts.joined(separator: ", "))")
        }
        var rules = ["sources \(rulebook.feeds.map(\.rawValue).joined(separator: ","))"]
        if rulebook.studentsSayTitle { rules.append("students say title") }
        if let limit = rulebook.disableLimit { rules.append("at most \(limit) disabled") }
        if let day = rulebook.alumniUntil { rules.append("alumni until day \(day)") }
        rules.append("campaign days \(rulebook.campaignFrom)-\(rulebook.campaignUntil)")
        if rulebook.datesByEnvironment { rules.append("dates by env") }
        if let needed = rulebook.titleNeeded { rules.append("title needed (\(needed))") }
        lines.append("  " + rules.joined(separator: ", "))
        let named = Set(steps.compactMap(\.person))
        let people = company.people.filter { named.contains($0.number) }.map { person in
            "N\(person.number) \(person[.first]) \(person[.last]) \(person[.department]) \(person[.title]) \(person[.type])"
                + (person[.manager].isEmpty ? "" : " ^N\(person[.manager])") + (person[.start].isEmpty ? "" : " from day \(person[.start])")
        }
        lines.append("  " + people.joined(separator: "; "))
        var line = "  "
        for step in steps {
            line += step.description + "; "
            if line.count > 130 {
                lines.append(line)
                line = "  "
            }
        }
        lines.append(line)
        return lines.joined(separator: "\n")
    }
}
