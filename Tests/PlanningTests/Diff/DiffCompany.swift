import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

/// A small configuration, what is changed in it, and what happens to its people.
struct DiffCompany {
    static let directory = SystemName("Directory")
    static let anna = DiffCompany.user("E1", "Anna")
    static let bo = DiffCompany.user("E2", "Bo")

    private var files = [
        "birthright.yaml": """
        store: { sqlite: store.sqlite }
        guards: { disable: { count: 1 } }
        sources:
          hr:
            files: hr/*.csv
            timeZone: Europe/Oslo
            key: row.ID
            contract: { columns: [ID, LAST] }
            map:
              employeeId: row.ID
              lastName: row.LAST
              status: '"active"'
        """,
        "Roles.yaml": """
        roles:
          Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff"] } ] }
          VPN: { entitlements: [ { system: Directory, groups: ["cn=VPN"] } ] }
        """,
        "Rules.yaml": """
        rules:
          everybody: { when: "true", roles: [Employee] }
          vpn: { when: 'user.title == "Controller"', roles: [VPN] }
        """,
        "PolicyMaps/directory.yaml": """
        managedSystem: Directory
        connector: { type: ldap, url: ldaps://127.0.0.1, password: { env: SECRET } }
        correlation: [ number ]
        accountName: dn
        onDelete: DISABLE
        tables: { ou: Lookups/ou.csv }
        let:
          last: user.lastName.lowerAscii()
          path: tables.ou[?user.?department.orValue("")].orValue("ou=People")
        attributes:
          number: user.employeeId
          login:
            enforce: onCreate
            unique:
              candidates:
                - last
                - for: { n: [2, 99] }
                  value: last + string(n)
          cn: user.lastName
          dn: '"cn=" + out.cn + "," + path'
          title: user.?title
        """,
        "Lookups/ou.csv": "department,ou\nFinance,ou=Finance\nSales,ou=Sales\n",
    ]

    /// Replaces a text that stands exactly once in a file.
    func changing(_ file: String, _ old: String, _ new: String) throws -> DiffCompany {
        var copy = self
        let text = try #require(files[file])
        let pieces = text.split(separator: old, omittingEmptySubsequences: false)
        try #require(pieces.count == 2, "'\(old)' must stand in \(file) once")
        copy.files[file] = pieces.joined(separator: new)
        return copy
    }

    func map(_ old: String, _ new: String) throws -> DiffCompany { try changing("PolicyMaps/directory.yaml", old, new) }

    func without(_ file: String) -> DiffCompany {
        var copy = self
        copy.files[file] = nil
        return copy
    }

    func load() throws -> Configuration {
        let (configuration, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: ["SECRET": "hunter2"]))
        return try #require(configuration, "\(diagnostics.map(\.description))")
    }

    // MARK: People

    static func user(_ key: String, _ name: String) -> User {
        User(
            id: UserID("u-" + key), key: UserKey(key), source: SourceName("hr"), status: .active,
            attributes: ["firstName": .string(name), "lastName": .string("Berg")], version: 1)
    }

    static func order(
        _ requests: [AttributeRequest] = [], of user: User = anna, as operation: Operation = .modify, becomes: AccountState = .enabled,
        from before: String? = "cn=Berg,ou=Sales", to after: String? = "cn=Berg,ou=Sales", nameBases: [String: String] = [:],
        claims: [NameClaim] = [], failure: String? = nil
    ) -> ProvisioningOrder {
        ProvisioningOrder(
            id: OrderID(plan: PlanID(row: 0), sequence: 1), user: user.id, userKey: user.key, userName: user.displayName,
            system: directory, operation: operation, state: .planned, change: .unchanged, reasons: [],
            nameBefore: before.map { AccountName($0) }, nameAfter: after.map { AccountName($0) }, requests: requests, becomes: becomes,
            nameBases: nameBases, claims: claims, userVersion: 1, accountVersion: 1,
            failure: failure.map { ConnectorFailure(.permanent, $0) })
    }

    static func request(_ name: String, _ before: String?, _ after: String?) -> AttributeRequest {
        AttributeRequest(
            name: name, operation: after == nil ? .remove : .set, before: before.map { [.text($0)] } ?? [],
            after: after.map { [.text($0)] } ?? [])
    }

    static func membership(_ group: String, _ operation: RequestOperation) -> AttributeRequest {
        AttributeRequest(
            kind: .membership, name: "memberOf", operation: operation, before: operation == .remove ? [.text(group)] : [],
            after: operation == .remove ? [] : [.text(group)])
    }

    static func account(_ user: User, _ system: SystemName = directory, written: [String: [AccountValue]] = [:]) -> Account {
        Account(user: user.id, system: system, state: .enabled, name: AccountName("cn=Berg,ou=Sales"), version: 1, written: written)
    }

    static func comparison(
        _ other: [ProvisioningOrder] = [], of user: User = anna, present: [ProvisioningOrder] = [], rolesBefore: [RoleAssignment] = [],
        rolesAfter: [RoleAssignment] = [], failures: (present: String?, other: String?) = (nil, nil), accounts: [Account] = []
    ) -> UserComparison {
        UserComparison(
            user: user, present: UserComparison.Outcome(assignments: rolesBefore, ruleFailure: failures.present, orders: present),
            other: UserComparison.Outcome(assignments: rolesAfter, ruleFailure: failures.other, orders: other), accounts: accounts)
    }
}

extension ConfigurationDifference.Place {
    /// `source(hr)`.
    var words: String {
        switch self {
        case .service: "service"
        case .roles: "roles"
        case .rules: "rules"
        case .source(let name): "source(\(name))"
        case .system(let name): "system(\(name))"
        }
    }
}
