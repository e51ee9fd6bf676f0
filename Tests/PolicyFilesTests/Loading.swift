import Foundation
import Kinds
import Planning
import PolicyFiles

/// A small configuration that loads, and what is changed in it.
struct Company {
    var files: [String: String] = [
        "birthright.yaml": """
        store: { sqlite: store.sqlite }
        events: { file: events.jsonl }
        sources:
          hr:
            files: hr/*.csv
            timeZone: Europe/Oslo
            key: row.ID
            contract:
              columns: [ID, LAST, FIRST, DEPT]
              optionalColumns: [MIDDLE]
              maxRowCountChange: 20%
              maxNullRateChange: 10pp
            validate:
              - { check: 'row.LAST != ""', reason: "no last name" }
            map:
              employeeId: row.ID
              lastName: row.LAST
              firstName: row.FIRST
              department: row.?DEPT
              status: |-
                "active"
        """,
        "Roles.yaml": """
        roles:
          Employee: { entitlements: [ { system: Directory, groups: ["cn=Staff,dc=example"] } ] }
        """,
        "Rules.yaml": """
        rules:
          everybody: { when: "true", roles: [Employee] }
        """,
        "PolicyMaps/directory.yaml": Company.map,
        "Lookups/ou.csv": "department,ou\nFinance,ou=Finance\nSales,ou=Sales\n",
    ]
    var environment = ["SECRET": "hunter2"]
    var secretFiles: [String: String] = [:]

    static let map = """
        managedSystem: Directory
        connector:
          type: ldap
          url: ldaps://127.0.0.1
          password: { env: SECRET }
        correlation: [ number ]
        accountName: dn
        onDelete: DISABLE
        tables:
          ou: Lookups/ou.csv
        let:
          path: tables.ou[?user.?department.orValue("")].orValue("ou=People")
        attributes:
          objectClass: ["person"]
          number: user.employeeId
          cn:
            maxLength: 40
            unique:
              scope: container
              candidates:
                - user.lastName.left(40)
                - for: { n: [2, 999] }
                  value: user.lastName.left(40 - size(string(n))) + string(n)
          dn: '"cn=" + out.cn + "," + path'
        """

    /// The same company with a service that its policy map describes.
    static let rest = Company().with("PolicyMaps/directory.yaml", restMap).with("Lookups/ou.csv", nil)

    private static let restMap = """
        managedSystem: Directory
        connector:
          type: rest
          url: https://127.0.0.1
          realm: test
          token: { env: SECRET }
          account: { id: id, groups: teams }
          answers:
            conflict: status == 409 || body.code == "TAKEN"
          requests:
            find:
              get: /people/{id}
            search:
              get: /people?{attribute}={value}
              items: people
            create:
              post: /people
              body: changes
            modify:
              patch: /people/{id}
              body: "{'person': changes}"
            addMembership: { put: "/teams/{group}/{id}" }
            removeMembership: { delete: "/teams/{group}/{id}" }
        correlation: [ number ]
        accountName: login
        onDelete: UPDATE
        attributes:
          number: user.employeeId
          login: { value: 'user.lastName', enforce: onCreate }
          name.last: user.lastName
          department: user.?department
        """

    /// Replaces a text that stands exactly once in a file.
    func changing(_ file: String, _ old: String, _ new: String) -> Company {
        var copy = self
        let text = files[file] ?? ""
        precondition(text.components(separatedBy: old).count == 2, "'\(old)' must stand in \(file) once")
        copy.files[file] = text.replacingOccurrences(of: old, with: new)
        return copy
    }

    func map(_ old: String, _ new: String) -> Company { changing("PolicyMaps/directory.yaml", old, new) }
    func service(_ old: String, _ new: String) -> Company { changing("birthright.yaml", old, new) }

    func with(_ file: String, _ text: String?) -> Company {
        var copy = self
        copy.files[file] = text
        return copy
    }

    var configurationFiles: ConfigurationFiles {
        let secrets = secretFiles
        return ConfigurationFiles(
            files: files.mapValues(Company.bytes), kinds: Kinds.all, environment: environment,
            readSecretFile: { secrets[$0].map(Company.bytes) })
    }

    /// Stands for the byte 0xFF, which no UTF-8 holds.
    static let strayByte: Unicode.Scalar = "\u{F8FF}"

    private static func bytes(_ text: String) -> [UInt8] {
        text.unicodeScalars.flatMap { $0 == strayByte ? [0xFF] : Array(String($0).utf8) }
    }

    func load() -> (configuration: Configuration?, diagnostics: [ConfigurationDiagnostic]) { ConfigurationLoader.load(configurationFiles) }

    /// Every finding, whole, as a person sees it.
    var findings: [String] { load().diagnostics.map(\.description) }
}
