package import IdentityModel

/// The first day of every history.
package let firstDay = CivilDate(days: 20_514)

extension Rulebook {
    /// The configuration directory: text by path.
    package var files: [String: String] {
        var files = ["birthright.yaml": serviceText, "Roles.yaml": rolesText, "Rules.yaml": rulesText, "Lookups/folders.csv": foldersText]
        for system in systems { files["PolicyMaps/\(system.name.lowercased()).yaml"] = mapText(system) }
        return files
    }

    /// What `{env:}` reads. Connections come from whoever runs the history.
    package var environment: [String: String] {
        var values = ["STAFF_GROUP": Rulebook.group(groups["Employee"] ?? "Staff")]
        if datesByEnvironment {
            values["ALUMNI_UNTIL"] = date(alumniUntil ?? 0)
            values["CAMPAIGN_FROM"] = date(campaignFrom)
            values["CAMPAIGN_UNTIL"] = date(campaignUntil)
        }
        return values
    }

    package func date(_ day: Int) -> String { firstDay.adding(days: day).description }

    // MARK: Sources

    package static func columns(of feed: Feed) -> [String] {
        switch feed {
        case .hr: ["ID", "NR", "FIRST", "LAST", "DEPT", "TITLE", "TYPE", "MANAGER", "START", "END", "STATUS"]
        case .students: ["SID", "NR", "FIRST", "LAST", "CAMPUS", "TITLE"]
        case .badges: ["BID", "NR", "PHONE"]
        }
    }

    private var serviceText: String {
        var lines = ["store: { sqlite: store.sqlite }", "events: { file: events.jsonl }"]
        if let disableLimit { lines.append("guards: { disable: { count: \(disableLimit) } }") }
        lines.append("sources:")
        for feed in feeds { lines += source(feed) }
        return lines.joined(separator: "\n") + "\n"
    }

    private func source(_ feed: Feed) -> [String] {
        let columns = Rulebook.columns(of: feed)
        var lines = [
            "  \(feed.rawValue):", "    files: \(feed.rawValue)/*.csv", "    take: \(feed.isComplete ? "latest" : "all")",
            "    complete: marker", "    type: \(feed.isComplete ? "complete" : "incremental")", "    key: row.\(columns[0])",
            "    correlation: [ employeeId ]", "    missing: \(feed.isComplete ? "terminate" : "ignore")",
            "    contract: { columns: [\(columns.joined(separator: ", "))], maxRowCountChange: 1000% }",
        ]
        if let zones { lines.append("    timeZone: \(zones.name(of: feed))") }
        if feed == .hr, claimsGuests == false { lines.append("    claims: 'row.TYPE != \"Guest\"'") }
        if feed == feeds.first, yieldsTitle == true, hasStudents { lines += yields(feed) }
        if !feed.isComplete, knows.contains("creates") { lines.append("    creates: false") }
        // Before sources could share an attribute each had one owner.
        if !knows.contains("shared"), feed != .hr { lines.append("    owns: [ \(feed == .badges ? "phone" : "location") ]") }
        if feed != .badges { lines.append("    validate: [ { check: 'row.LAST != \"\"', reason: last name is missing } ]") }
        lines.append("    map:")
        lines += mappings(feed).map { "      " + $0 }
        return lines
    }

    /// Only what a source maps can be yielded.
    private func yields(_ feed: Feed) -> [String] {
        mappings(feed).contains { $0.hasPrefix("title:") } ? ["    yields: [ title ]"] : []
    }

    private func mappings(_ feed: Feed) -> [String] {
        switch feed {
        case .hr:
            [
                "employeeId: row.NR", "firstName: row.FIRST", "lastName: row.LAST", "department: row.DEPT",
                capitalTitles == true ? "title: row.TITLE.upperAscii()" : "title: row.TITLE",
                "employeeType: row.TYPE", "manager: ref(row.MANAGER)", "startDate: row.?START.optMap(d, date(d))",
                "endDate: row.?END.optMap(d, date(d))",
                "status: 'row.STATUS == \"T\" ? \"terminated\" : row.STATUS == \"L\" ? \"leave\" : \"active\"'",
            ]
        case .students:
            ["employeeId: row.NR", "firstName: row.FIRST", "lastName: row.LAST", "location: row.CAMPUS"]
                + (studentsSayTitle && knows.contains("shared") ? ["title: row.TITLE"] : [])
        case .badges: ["employeeId: row.NR", "phone: row.PHONE"]
        }
    }

    // MARK: Roles and rules

    private func entitlement(_ system: String, _ role: String) -> String {
        if role == "Employee" { return "{ system: \(system), groups: [ { env: STAFF_GROUP } ] }" }
        return "{ system: \(system), groups: [\"\(Rulebook.group(groups[role] ?? role))\"] }"
    }

    private var rolesText: String {
        let hasMail = system("Mail") != nil
        let library = system("Library") != nil ? "Library" : "Corp"
        var roles: [(String, [String])] = [("Employee", [entitlement("Corp", "Employee")])]
        for department in ["Finance", "IT"] { roles.append((department, [entitlement("Corp", department)])) }
        roles.append(("Sales", [entitlement("Corp", "Sales")] + (hasMail && salesHaveMail ? [entitlement("Mail", "Sales")] : [])))
        roles.append(("Boss", [entitlement("Corp", "Boss")] + (bossesHaveLibrary ? [entitlement(library, "Reader")] : [])))
        roles.append(("Campaign", [entitlement(hasMail ? "Mail" : "Corp", "Campaign")]))
        if hasMail { roles.append(("Reader", [entitlement("Mail", "Reader")])) }
        if alumniUntil != nil { roles.append(("Alumni", [entitlement(library, "Alumni")])) }
        if hasStudents { roles.append(("Student", [entitlement(library, "Student")])) }
        if hasBadges { roles.append(("Caller", [entitlement("Corp", "Caller")])) }
        return "roles:\n" + roles.map { "  \($0.0): { entitlements: [ \($0.1.joined(separator: ", ")) ] }\n" }.joined()
    }

    private var rulesText: String {
        func day(_ name: String, _ day: Int) -> String { datesByEnvironment ? "{ env: \(name) }" : date(day) }
        var lines = [
            "  everybody: { when: 'user.?department.orValue(\"\") != \"\" || user.?employeeType.orValue(\"\") != \"\"', roles: [Employee] }"
        ]
        for department in ["Finance", "Sales", "IT"] {
            lines.append("  in-\(department): { when: 'user.department == \"\(department)\"', roles: [\(department)] }")
        }
        lines.append("  bosses: { when: 'user.title == \"Boss\"', unless: 'user.status == \"leave\"', roles: [Boss] }")
        lines.append(
            "  campaign: { when: 'user.employeeType == \"Member\"', from: \(day("CAMPAIGN_FROM", campaignFrom)), "
                + "until: \(day("CAMPAIGN_UNTIL", campaignUntil)), roles: [Campaign] }")
        if system("Mail") != nil { lines.append("  readers: { when: 'user.employeeType == \"Member\"', roles: [Reader] }") }
        if let alumniUntil {
            lines.append(
                "  alumni: { when: \"true\", statuses: [terminated], until: \(day("ALUMNI_UNTIL", alumniUntil)), roles: [Alumni] }")
        }
        if hasStudents { lines.append("  students: { when: 'user.location != \"\"', roles: [Student] }") }
        if hasBadges { lines.append("  callers: { when: 'user.phone != \"\"', roles: [Caller] }") }
        return "rules:\n" + lines.joined(separator: "\n") + "\n"
    }

    private var foldersText: String {
        "department,ou\n" + folders.sorted { $0.key < $1.key }.map { "\($0.key),\"\(Rulebook.folder($0.value))\"\n" }.joined()
    }

    // MARK: Policy maps

    private func mapText(_ system: SystemBook) -> String {
        let upper = system.name.uppercased()
        let standard = Rulebook.folder("Unassigned")
        let home =
            system.hasDepartmentFolders
            ? "tables.folders[?user.?department.orValue(\"\")].orValue(\"\(standard)\")" : "\"\(standard)\""
        let path = system.hasDisabledFolder ? "account.enabled ? \(home) : \"\(Rulebook.folder("Disabled"))\"" : home
        var lines = [
            "managedSystem: \(system.name)", "connector:", "  type: ldap", "  dialect: openLDAP",
            "  url: { env: \(upper)_URL, default: \"ldaps://127.0.0.1:1\" }", "  bindDN: cn=svc-birthright,\(Rulebook.suffix)",
            "  password: { env: \(upper)_PASSWORD }", "  caFile: { env: \(upper)_CA, default: ca.pem }", "  base: \(Rulebook.suffix)",
            "correlation: [ employeeNumber ]", "accountName: dn", "onDelete: \(system.onDelete)",
        ]
        if knows.contains("repair") { lines.insert("  maintainsReferences: \(system.repair != .never)", at: 5) }
        if !system.requires.isEmpty { lines.append("requires: [ \(system.requires.joined(separator: ", ")) ]") }
        if system.hasDepartmentFolders { lines.append("tables: { folders: Lookups/folders.csv }") }
        lines += ["let:", "  path: '\(path)'", "attributes:", "  objectClass: [\"inetOrgPerson\", \"adAccount\"]"]
        lines += names
        lines += [
            "  dn: 'ldap.rdn(\(system.isNamedByNumber == true ? "\"employeeNumber\", user.employeeId" : "\"cn\", out.cn")) + \",\" + path'",
            "  employeeNumber: user.employeeId", "  givenName: user.firstName",
            "  sn: user.lastName",
            "  title: "
                + rule("'\(titleStyle == 0 ? "user.?title" : "user.?title.optMap(t, t.upperAscii())")'", isSecret: !system.mapsDisabling),
            "  manager: user.?manager.optMap(m, account(m))",
            "  businessCategory: " + rule("'\"\(category)\"'", isSecret: !system.mapsDisabling || !system.hasDisabledFolder),
        ]
        if hasStudents { lines.append("  l: user.?location") }
        if hasBadges && showsPhone { lines.append("  telephoneNumber: user.?phone") }
        if let titleNeeded { lines.append("  description: { value: 'user.title + \" here\"', onError: \(titleNeeded) }") }
        if system.mapsDisabling { lines.append("  userAccountControl: 'account.enabled ? 512 : 514'") }
        return lines.joined(separator: "\n") + "\n"
    }

    /// A secret is compared like any other value, and kept as a digest.
    private func rule(_ expression: String, isSecret: Bool) -> String {
        isSecret ? "{ value: \(expression), sensitive: true, enforce: onChange }" : expression
    }

    private var names: [String] {
        [
            "  sAMAccountName:", "    enforce: onCreate", "    unique:", "      in: [store, target]", "      scope: system",
            "      match: caseInsensitive", "      candidates:",
            "        - user.lastName.lowerAscii() + user.firstName.lowerAscii().left(1)",
            "        - for: { n: [2, 9999] }",
            "          value: user.lastName.lowerAscii() + user.firstName.lowerAscii().left(1) + string(n)",
            "  cn:", "    unique:", "      in: [store, target]", "      scope: container", "      match: caseInsensitive",
            "      candidates:",
            "        - user.firstName + \" \" + user.lastName",
            "        - user.firstName + \" \" + user.lastName + \" (\" + out.sAMAccountName + \")\"",
        ]
    }
}
