import CEL
import IdentityModel
import Kinds
import Planning
import PolicyFiles

/// One file of a small configuration is what the fuzzer says; the others are sound. Every finding stands in a file and shows its line, twice
/// the same; and what loads can be evaluated to its end.
enum ConfigurationLaw {
    private static let service = """
        store: { sqlite: store.sqlite }
        user: { badge: string, hired: date, skills: list<string> }
        sources:
          hr:
            files: hr/*.csv
            key: row.ID
            contract: { columns: [ID, LAST, FIRST, DEPT] }
            map: { employeeId: row.ID, lastName: row.LAST, firstName: row.FIRST, department: row.?DEPT }
        """
    private static let map = """
        managedSystem: Directory
        connector: { type: ldap, url: "ldaps://127.0.0.1", password: { env: SECRET } }
        correlation: [ number ]
        accountName: dn
        tables: { ou: Lookups/ou.csv }
        attributes:
          number: user.employeeId
          dn: '"cn=" + user.lastName + "," + tables.ou[?user.?department.orValue("")].orValue("ou=People")'
        """
    private static let sound: [String: String] = [
        "birthright.yaml": service, "Roles.yaml": "roles: { Staff: { entitlements: [ { system: Directory, groups: [staff] } ] } }",
        "Rules.yaml": "rules: { all: { when: \"true\", roles: [Staff] } }", "PolicyMaps/directory.yaml": map,
        "Lookups/ou.csv": "department,ou\nFinance,ou=Finance\n",
    ]

    static func breach(_ input: [UInt8]) -> String? {
        var files = sound.mapValues { Array($0.utf8) }
        let path = path(of: input)
        files[path] = input
        let given = ConfigurationFiles(
            files: files, kinds: Kinds.all, environment: ["SECRET": "hunter2", "CORP_LDAP_PASSWORD": "hunter2", "CORP_LDAP_CA": "ca"])
        let loaded = ConfigurationLoader.load(given)
        for diagnostic in loaded.diagnostics {
            if let breach = breach(diagnostic, files) { return "\(diagnostic): \(breach)" }
        }
        if loaded.diagnostics != ConfigurationLoader.load(given).diagnostics { return "the second reading finds something else" }
        let hasErrors = loaded.diagnostics.contains { $0.severity == .error }
        if hasErrors != (loaded.configuration == nil) { return "errors and a configuration, or neither" }
        return loaded.configuration.flatMap(evaluate)
    }

    /// Told by a word that only that file holds; what holds none is a lookup table.
    private static func path(of input: [UInt8]) -> String {
        let text = String(decoding: input, as: UTF8.self)
        if text.contains("managedSystem") { return "PolicyMaps/directory.yaml" }
        if text.contains("sources") { return "birthright.yaml" }
        if text.contains("entitlements") { return "Roles.yaml" }
        return text.contains("when") ? "Rules.yaml" : "Lookups/ou.csv"
    }

    private static func breach(_ diagnostic: ConfigurationDiagnostic, _ files: [String: [UInt8]]) -> String? {
        if diagnostic.message.isEmpty { return "no words" }
        let position = diagnostic.position
        if position.line < 1 || position.column < 1 { return "the position is before the first" }
        // A file that is missing has no lines.
        guard let bytes = files[position.file] else { return nil }
        let lines = 1 + bytes.count { $0 == 0x0A || $0 == 0x0D } + bytes.count { $0 > 0x7F }
        if position.line > lines { return "the file has \(lines) lines at most" }
        // A line with a secret in it is shown shortened.
        if let excerpt = diagnostic.excerpt, !excerpt.isEmpty, !excerpt.contains("•"), position.column > excerpt.unicodeScalars.count + 1 {
            return "the line is shorter"
        }
        return nil
    }

    /// Two people of one name through every map: whatever the rules are, an evaluation ends.
    private static func evaluate(_ configuration: Configuration) -> String? {
        let user = User(
            id: UserID("1"), key: UserKey("E1"), source: SourceName("hr"), status: .active,
            attributes: [
                "employeeId": .string("E0042"), "firstName": .string("Zoë"), "lastName": .string("O'Müller, Jr."),
                "department": .string("Finance"),
                "startDate": .date(CivilDate(days: 20_000)), "manager": .reference(UserKey("E2")),
            ], version: 0)
        let rules = RuleEvaluation(rules: configuration.rules, schema: configuration.schema)
        _ = try? rules.assignments(of: user, held: [], today: CivilDate(days: 20_100))
        let reader = UserReader(schema: configuration.schema)
        for map in configuration.policyMaps {
            let hints = NameHints()
            var taken: Set<NameClaim> = []
            for isEnabled in [true, false] {
                let evaluation = AccountEvaluation(map: map, user: user, record: reader, isEnabled: isEnabled, known: nil, stored: [:])
                _ = evaluation.correlation(steps: map.correlationSteps)
                if let breach = run(evaluation, hints, &taken) { return breach }
            }
        }
        return nil
    }

    private static func run(_ evaluation: AccountEvaluation, _ hints: NameHints, _ taken: inout Set<NameClaim>) -> String? {
        while case .needsName(let attribute) = evaluation.advance() {
            var offered: [NameCandidate] = []
            repeat {
                offered = evaluation.offer(64, attribute: attribute, hints: hints)
                if let limit = evaluation.map.attributes[attribute].maxLength,
                    let long = offered.first(where: { $0.value.unicodeScalars.count > limit })
                {
                    return "'\(long.value)' is offered, longer than \(limit)"
                }
            } while !offered.isEmpty && offered.allSatisfy { taken.contains($0.claim) }
            guard let free = offered.first(where: { !taken.contains($0.claim) }) else { continue }
            taken.insert(free.claim)
            evaluation.choose(free, attribute: attribute, hints: hints)
        }
        return evaluation.outcomes.contains { $0 == nil } ? "an attribute has no outcome" : nil
    }
}
