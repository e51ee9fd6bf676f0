/// What keeps references right on a system when an entry is renamed or deleted.
package enum Repair: String, Codable, Sendable, CaseIterable { case never, atOnce, late }

/// One managed system of the made-up company: its map's choices and what its server does by itself.
package struct SystemBook: Codable, Hashable, Sendable {
    package var name: String
    /// DELETE, DISABLE or UPDATE.
    package var onDelete: String
    /// The map writes userAccountControl; else disabling is left to the dialect.
    package var mapsDisabling: Bool
    /// Withdrawn accounts move to ou=Disabled.
    package var hasDisabledFolder: Bool
    /// Accounts stand in a folder for each department.
    package var hasDepartmentFolders: Bool
    package var requires: [String]
    package var showsMemberOf: Bool
    package var repair: Repair
    package var keepsUnique: Bool
    /// Entries are called by employeeNumber; nil: by cn.
    package var isNamedByNumber: Bool? = nil
}

/// Where the sources are, at an hour at which it is not the same day everywhere.
package struct Zones: Codable, Hashable, Sendable {
    package var hr: String
    package var students: String
    /// UTC.
    package var hour: Int

    package init(hr: String, students: String, hour: Int) {
        self.hr = hr
        self.students = students
        self.hour = hour
    }

    /// Zones without summer time, and what they add to UTC.
    static let offsets = ["UTC": 0, "Asia/Tokyo": 9, "America/Phoenix": -7]

    func name(of feed: Feed) -> String {
        switch feed {
        case .hr: hr
        case .students: students
        case .badges: "UTC"
        }
    }

    /// How many days ahead of UTC's day it is there.
    func daysAhead(of feed: Feed) -> Int {
        let hours = hour + (Zones.offsets[name(of: feed)] ?? 0)
        return hours < 0 ? -1 : hours / 24
    }
}

/// What the customer's configuration says; rendered as YAML, so that the loader and the real program read it too.
package struct Rulebook: Codable, Hashable, Sendable {
    package var systems: [SystemBook]
    package var hasStudents: Bool
    /// Students stand before hr, and decide where both speak.
    package var studentsFirst: Bool
    /// Students may set the title as well.
    package var studentsSayTitle: Bool
    package var hasBadges: Bool
    /// More withdrawals than these hold a plan; nil: no guard of our own.
    package var disableLimit: Int?
    /// Last day on which people who left keep a library account; nil: there is no such rule.
    package var alumniUntil: Int?
    package var campaignFrom: Int
    package var campaignUntil: Int
    /// Dates of rules stand in the environment, and not in the file.
    package var datesByEnvironment: Bool
    package var folders: [String: String]
    package var groups: [String: String]
    package var salesHaveMail: Bool
    package var bossesHaveLibrary: Bool
    /// 0: as HR writes it; 1: in capitals.
    package var titleStyle: Int
    package var category: String
    package var showsPhone: Bool
    /// Nil: no such rule. An attribute that fails for whoever has no title: "fail" or "skip".
    package var titleNeeded: String?
    /// Zones of hr and students, and the hour at which every run takes place (UTC); nil: days are days.
    package var zones: Zones? = nil
    /// False: hr's rows of guests are as if they were absent; nil: hr says nothing of the kind.
    package var claimsGuests: Bool? = nil
    /// Where the first source has no title, the other's counts.
    package var yieldsTitle: Bool? = nil
    /// hr's titles are mapped to capitals.
    package var capitalTitles: Bool? = nil
    /// Keys that this version of the product reads.
    package var knows: Set<String>

    package static let groupNames = [
        "Staff", "Finance", "Sales", "IT", "Bosses", "Alumni", "Campaign", "Students", "Callers", "Readers", "Spare1", "Spare2",
    ]
    package static let folderNames = ["Finance", "Sales", "IT", "Annex", "Unassigned", "Disabled"]
    package static let suffix = "dc=example,dc=com"
    package static func group(_ name: String) -> String { "cn=\(name),ou=Groups,\(suffix)" }
    package static func folder(_ name: String) -> String { "ou=\(name),ou=People,\(suffix)" }

    package func system(_ name: String) -> SystemBook? { systems.first { $0.name == name } }

    /// In the order of the file.
    package var feeds: [Feed] {
        var feeds: [Feed] = hasStudents ? (studentsFirst ? [.students, .hr] : [.hr, .students]) : [.hr]
        if hasBadges { feeds.append(.badges) }
        return feeds
    }
}

extension Rulebook {
    package static func random(_ dice: inout Dice, knows: Set<String>) -> Rulebook {
        var systems = [SystemBook.random("Corp", &dice)]
        if dice.chance(65) { systems.append(.random("Mail", &dice)) }
        if dice.chance(35) { systems.append(.random("Library", &dice)) }
        if systems.count > 1, dice.chance(30) { systems[1].requires = ["Corp"] }
        let hasStudents = dice.chance(40)
        var book = Rulebook(
            systems: systems, hasStudents: hasStudents, studentsFirst: dice.chance(20), studentsSayTitle: dice.chance(50),
            hasBadges: dice.chance(40), disableLimit: dice.chance(30) ? dice.between(0, 2) : nil,
            alumniUntil: dice.chance(40) ? dice.between(2, 14) : nil, campaignFrom: dice.between(0, 4), campaignUntil: dice.between(5, 14),
            datesByEnvironment: dice.chance(40),
            folders: ["Finance": "Finance", "Sales": "Sales", "IT": "IT"],
            groups: [
                "Employee": "Staff", "Finance": "Finance", "Sales": "Sales", "IT": "IT", "Boss": "Bosses", "Alumni": "Alumni",
                "Campaign": "Campaign", "Student": "Students", "Caller": "Callers", "Reader": "Readers",
            ],
            salesHaveMail: dice.chance(50), bossesHaveLibrary: dice.chance(50), titleStyle: 0, category: "one", showsPhone: true,
            titleNeeded: dice.chance(15) ? dice.pick(["fail", "skip"]) : nil, knows: knows)
        if dice.chance(20) {
            let names = Zones.offsets.keys.sorted()
            book.zones = Zones(hr: dice.pick(names), students: dice.pick(names), hour: dice.pick([3, 12, 20]))
        }
        guard knows.contains("shared") else { return book }
        if dice.chance(20) { book.claimsGuests = dice.chance(60) }
        if hasStudents, dice.chance(40) { book.yieldsTitle = dice.chance(50) }
        if dice.chance(20) { book.capitalTitles = false }
        return book
    }
}

extension SystemBook {
    static func random(_ name: String, _ dice: inout Dice) -> SystemBook {
        SystemBook(
            name: name, onDelete: dice.pick(["DISABLE", "DISABLE", "DELETE", "UPDATE"]), mapsDisabling: dice.chance(60),
            hasDisabledFolder: dice.chance(60), hasDepartmentFolders: dice.chance(70), requires: [], showsMemberOf: dice.chance(60),
            repair: dice.pick(Repair.allCases), keepsUnique: dice.chance(60))
    }
}
