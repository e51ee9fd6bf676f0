import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

/// One policy map, people who hold its roles or not, and what the planner makes of their accounts when store and system answer as a test says.
struct PlannedAccounts {
    static let system = SystemName("Directory")
    static let known = AccountID("id-1")

    var configuration: Configuration
    var correlations = PlannedCorrelations()

    /// `replacing`: lines of the map that a test changes.
    init(onDelete: String = "DISABLE", replacing lines: [String: String] = [:]) throws {
        var map = """
            managedSystem: Directory
            connector: { type: ldap, url: ldaps://127.0.0.1, bindDN: cn=x, base: dc=example }
            correlation: [ number ]
            accountName: dn
            onDelete: \(onDelete)
            let:
              path: 'account.enabled ? "ou=People,dc=example" : "ou=Disabled,dc=example"'
              flag: 'account.enabled ? "yes" : "no"'
            attributes:
              number: user.?employeeId
              login:
                enforce: onCreate
                unique:
                  candidates:
                    - user.lastName.lowerAscii()
                    - for: { n: [2, 99] }
                      value: user.lastName.lowerAscii() + string(n)
              cn:
                unique:
                  scope: container
                  candidates:
                    - user.lastName
                    - user.lastName + " (" + out.login + ")"
              dn: '"cn=" + out.cn + "," + path'
              title: user.?title
              badge: flag
              colour: out.badge + "!"
              userAccountControl: 'account.enabled ? 512 : 514'

            """
        for (line, other) in lines {
            try #require(map.contains(line))
            map = map.replacing(line, with: other)
        }
        let files = [
            "birthright.yaml": """
            store: { sqlite: store.sqlite }
            sources:
              hr:
                files: "*.csv"
                key: row.ID
                contract: { columns: [ID, LAST] }
                map:
                  employeeId: row.ID
                  lastName: row.LAST
            """,
            "Roles.yaml": """
            roles:
              Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff"] } ] }
              VPN: { entitlements: [ { system: Directory, groups: ["cn=VPN"] } ] }
            """,
            "Rules.yaml": "rules: {}\n", "PolicyMaps/directory.yaml": map,
        ]
        let (loaded, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(
                files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:], readSecretFile: { _ in nil }))
        configuration = try #require(loaded, "\(diagnostics)")
    }

    var map: PolicyMap { configuration.policyMaps[0] }

    static func user(_ key: String = "E1", _ last: String = "Berg", _ attributes: [String: UserValue] = [:]) -> User {
        User(
            id: UserID("u-\(key)"), key: UserKey(key), source: SourceName("hr"), status: .active,
            attributes: ["employeeId": .string(key), "lastName": .string(last)].merging(attributes) { $1 }, version: 1)
    }

    /// Berg's account, as it was written for him.
    static func account(_ state: AccountState = .enabled, memberships: Set<String> = ["cn=Staff"], doubt: AccountDoubt? = nil) -> Account {
        Account(
            user: UserID("u-E1"), system: system, state: state, id: state == .none || state == .deleted ? nil : known,
            name: AccountName("cn=Berg,ou=People,dc=example"), version: 3,
            written: [
                "number": [.text("E1")], "login": [.text("berg")], "cn": [.text("Berg")], "badge": [.text("yes")],
                "colour": [.text("yes!")], "userAccountControl": [.text("512")],
            ], memberships: memberships,
            nameBases: ["login": "\u{0}berg", "cn": "ou=people,dc=example\u{0}berg"], doubt: doubt)
    }

    static func entry(
        _ id: AccountID = known, name: String = "cn=Berg,ou=People,dc=example", _ attributes: [String: [String]] = [:]
    ) -> ActualAccount {
        ActualAccount(id: id, name: AccountName(name), attributes: attributes, memberships: [])
    }

    struct Planned {
        var orders: [ProvisioningOrder] = []
        var gone: [ChunkPlanning.Gone] = []
        var asked: [AccountQuery] = []
    }

    /// `roles` of every user; `answer`: what the system says, by default that there is nothing.
    func plan(
        _ users: [User] = [PlannedAccounts.user()], roles: [String] = ["Employee"], known: Account? = nil, recreates: Bool = false,
        taken: Set<String> = [], answer: (AccountQuery) -> ActualState = { _ in .absent }
    ) -> Planned {
        let assignments = roles.map { RoleAssignment(role: RoleName($0), origin: .manual("test")) }
        let changes = users.map { user in
            UserChange(
                change: .unchanged, user: user, before: user, assignments: assignments, assignmentsBefore: assignments, claim: nil,
                due: nil,
                reasons: ["row"])
        }
        let planning = ChunkPlanning(
            configuration: configuration, hints: NameHints(), correlations: correlations, changes: changes,
            accounts: known.map { [$0.user: [$0]] } ?? [:], recreates: recreates)
        var planned = Planned()
        while let question = planning.nextQuestion() {
            switch question {
            case .entries(let questions):
                planned.asked += questions.map(\.query)
                planning.answer(questions.map { ($0, answer($0.query)) })
            case .names(let questions):
                let held = questions.claims.filter { taken.contains($0.folded) }.map { ($0, UserID("somebody else")) }
                planning.answer(
                    questions,
                    ChunkPlanning.NameAnswers(
                        holders: Dictionary(held, uniquingKeysWith: { first, _ in first }),
                        taken: questions.probes.map { taken.contains($0.probe.value.lowercased()) }))
            }
        }
        planned.orders = planning.orders(from: 1)
        planned.gone = planning.gone
        return planned
    }

    func order(
        _ user: User = PlannedAccounts.user(), roles: [String] = ["Employee"], known: Account? = nil, recreates: Bool = false,
        answer: (AccountQuery) -> ActualState = { _ in .absent }
    ) -> ProvisioningOrder? {
        plan([user], roles: roles, known: known, recreates: recreates, answer: answer).orders.first
    }
}

extension ProvisioningOrder {
    /// `title = Chief`, `- memberOf cn=Staff`: what the order asks for, in words.
    var asks: [String] {
        requests.map { request in
            let sign =
                switch request.operation {
                case .add: "+"
                case .set: "="
                case .remove: "-"
                }
            return "\(sign) \(request.name) \(request.effective.map(\.text).joined(separator: "|"))"
        }
    }
}
