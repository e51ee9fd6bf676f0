import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

@Suite("What happened to a user, and when they are looked at again")
struct ChangeDetectionTests {
    private static let today = Campus.today

    @Test(
        "a change of status has a name",
        arguments: [
            (nil, .active, .joiner), (nil, .pendingStart, .joiner), (.pendingStart, .active, .joiner), (.pendingStart, .leave, .joiner),
            (.pendingStart, .terminated, .leaver), (.active, .terminated, .leaver), (.leave, .terminated, .leaver),
            (.terminated, .active, .rehire), (.terminated, .pendingStart, .rehire), (.active, .leave, .mover),
            (.active, .active, .unchanged),
            (.terminated, .terminated, .unchanged), (.pendingStart, .pendingStart, .unchanged),
        ] as [(UserStatus?, UserStatus, LifecycleChange)])
    func changes(before: UserStatus?, after: UserStatus, expected: LifecycleChange) {
        #expect(ChangeDetection.change(from: before.map { Campus.user($0) }, to: Campus.user(after)) == expected)
    }

    private func rules(_ text: String) throws -> [BusinessRule] {
        let files = [
            "birthright.yaml": Campus.standard, "Roles.yaml": "roles: { Care: { entitlements: [] } }", "Rules.yaml": "rules:\n" + text,
        ]
        let (configuration, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:]))
        return try #require(configuration, "\(diagnostics.map(\.description))").rules
    }

    @Test("a leaver is looked at again when a rule for leavers begins and the day after it ends, and not for other rules")
    func leavers() throws {
        let rules = try rules(
            """
              care: { when: "true", statuses: [terminated], from: "\(Self.today + 2)", until: "\(Self.today + 5)", roles: [Care] }
              work: { when: "true", until: "\(Self.today + 1)", roles: [Care] }
            """)
        func due(_ day: Int) -> CivilDate? { ChangeDetection.nextDue(Campus.user(.terminated), rules: rules, today: Self.today + day) }
        #expect(due(0) == Self.today + 2)
        #expect(due(2) == Self.today + 6)
        #expect(due(5) == Self.today + 6)
        #expect(due(6) == nil)
        #expect(ChangeDetection.nextDue(Campus.user(.active), rules: rules, today: Self.today) == Self.today + 2)
    }

    @Test("the first day, and the day after the last one, are looked at; a leaver has neither")
    func dates() {
        let dates: [String: UserValue] = ["startDate": .date(Self.today + 1), "endDate": .date(Self.today + 3)]
        func due(_ status: UserStatus, _ day: Int) -> CivilDate? {
            ChangeDetection.nextDue(Campus.user(status, dates), rules: [], today: Self.today + day)
        }
        #expect(due(.pendingStart, 0) == Self.today + 1)
        #expect(due(.active, 1) == Self.today + 4)
        #expect(due(.active, 4) == nil)
        #expect(due(.terminated, 0) == nil)
    }
}
