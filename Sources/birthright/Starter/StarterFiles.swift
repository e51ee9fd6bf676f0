/// A small company that runs on a machine with no server at all: what `birthright init` writes.
enum StarterFiles {
    /// Path below the directory, and text; in the order in which they are told.
    static let all: [(path: String, text: String)] = [
        ("birthright.yaml", service), ("Rules.yaml", rules), ("Roles.yaml", roles), ("PolicyMaps/directory.yaml", map),
        ("PolicyMaps/directory.tests.yaml", tests), ("Lookups/folders.csv", folders), ("hr/staff-1.csv", staff),
    ]

    private static let service = """
        # What to read, where to keep what is known, and what may happen without somebody's approval.
        #
        #   hr/                what HR sends: a file lists everybody who works here
        #   Rules.yaml         who is born with which role
        #   Roles.yaml         what a role gives: an account on a system, and groups there
        #   PolicyMaps/        how an account looks on a system, attribute by attribute; and tests of that
        #   Lookups/           tables that policy maps read
        #
        # `birthright check` tells what is wrong with these files, with line and column. Paths are relative to this directory.

        store: { sqlite: .birthright/store.sqlite }

        # Every completed provisioning is announced as one line of JSON.
        events: { file: .birthright/events.jsonl }

        # A plan that would disable or delete more accounts than this is held until somebody approves it.
        guards: { disable: { count: 2 }, delete: { count: 1 } }

        sources:
          hr:
            files: hr/*.csv
            take: latest                  # the last one by name: staff-1.csv, staff-2.csv ...
            type: complete                # who is not in the file has left
            key: row.ID
            correlation: [ employeeId ]   # a person whose key changes is found again by this

            # What a file must look like before anything in it is believed.
            contract:
              columns: [ID, FIRST_NAME, LAST_NAME, TITLE, DEPARTMENT, SUPERVISOR, START_DATE, STATUS]
              maxRowCountChange: 50%

            # A row that fails a check is set aside with the reason; the person stays as they are, and the run goes on.
            validate:
              - { check: 'row.LAST_NAME != ""', reason: "last name is missing" }
              - { check: 'row.STATUS in ["Active", "Leave", "Terminated"]', reason: "status is none of Active, Leave, Terminated" }

            # Columns of the file -> attributes of a person. row.X is "" when the field is empty, row.?X is no value then.
            map:
              employeeId: row.ID
              firstName: row.FIRST_NAME
              lastName: row.LAST_NAME
              title: row.?TITLE
              department: row.?DEPARTMENT
              manager: ref(row.SUPERVISOR)
              startDate: row.?START_DATE.optMap(d, date(d))
              status: |-
                row.STATUS == "Terminated" ? "terminated" : row.STATUS == "Leave" ? "leave" : "active"

            missing: terminate

        """

    private static let rules = """
        # Who is born with which role. When a rule stops matching, exactly its own roles end. `unless` beats `when`.

        rules:
          everybody: { when: "true", roles: [Employee] }
          finance: { when: 'user.department == "Finance"', roles: [Finance] }
          managers: { when: 'user.title.startsWith("Head")', roles: [Manager] }

          # People on leave do not need it.
          vpn: { when: 'user.department == "IT"', unless: 'user.status == "leave"', roles: [Remote Access] }

        """

    private static let roles = """
        # A role is a bundle: an account on a system, and groups there. Whoever holds no role with an account on a system loses it, as the policy map's
        # onDelete says.

        roles:
          Employee:
            entitlements: [ { system: Directory, groups: ["cn=All Staff,ou=Groups,dc=example,dc=com"] } ]
          Finance:
            entitlements: [ { system: Directory, groups: ["cn=Finance,ou=Groups,dc=example,dc=com"] } ]
          Manager:
            entitlements: [ { system: Directory, groups: ["cn=Managers,ou=Groups,dc=example,dc=com"] } ]
          Remote Access:
            entitlements: [ { system: Directory, groups: ["cn=VPN,ou=Groups,dc=example,dc=com"] } ]

        """

    private static let map = """
        # How one person's account has to look in the directory. The values are expressions (CEL):
        #
        #   user.X           an attribute of the person; user.?X where some have none
        #   account.enabled  false when the person has left
        #   out.X            the value of another rule below
        #   tables.X         a lookup table
        #
        # `birthright explain E002` shows where each value of an account comes from, down to the line of HR's file.

        managedSystem: Directory

        # A directory that is a file: every change becomes a record (LDIF, RFC 2849) at its end. For a real one:
        #
        #   connector: { type: ldap, url: ldaps://dc1.example.com, bindDN: "cn=svc,dc=example,dc=com", password: { env: LDAP_PASSWORD }, base: "dc=example,dc=com" }
        connector: { type: ldif, file: target.ldif }

        # How an account that is there already is recognised.
        correlation: [ employeeNumber ]

        # The rule that names the account: where the entry stands.
        accountName: dn

        # Whoever leaves keeps a disabled account, without the groups that we gave. DELETE deletes it.
        onDelete: DISABLE

        tables:
          folders: Lookups/folders.csv

        let:
          plainFirst: user.firstName.tryTransliterate().orValue("").lowerAscii().alnum()
          plainLast: user.lastName.tryTransliterate().orValue(user.employeeId).lowerAscii().alnum()

        attributes:
          objectClass: ["user"]

          # The first candidate that nobody else has: smithj, smithj2, smithj3 ...
          sAMAccountName:
            enforce: onCreate             # a marriage does not rename a login
            unique:
              in: [store, target]
              scope: system
              match: caseInsensitive
              candidates:
                - plainLast.left(19) + plainFirst.left(1)
                - { for: { n: [2, 99] }, value: 'plainLast.left(17) + plainFirst.left(1) + string(n)' }

          cn:
            unique:
              in: [store, target]
              scope: container
              match: caseInsensitive
              candidates:
                - user.firstName + " " + user.lastName
                - user.firstName + " " + user.lastName + " (" + out.sAMAccountName + ")"

          # A new cn renames the entry, a new folder moves it.
          dn: |-
            ldap.rdn("cn", out.cn) + "," + (account.enabled
              ? tables.folders[?user.?department.orValue("")].orValue("ou=People,dc=example,dc=com")
              : "ou=Disabled,dc=example,dc=com")

          employeeNumber: user.employeeId
          givenName: user.firstName
          sn: user.lastName
          mail: out.sAMAccountName + "@example.com"
          title: user.?title
          department: user.?department

          # Another person's account: it becomes a DN just before it is sent.
          manager: user.?manager.optMap(m, account(m))

          # 512 is an enabled account, 514 a disabled one.
          userAccountControl: 'account.enabled ? 512 : 514'

        """

    private static let tests = """
        # What directory.yaml makes of people, one sentence each. `birthright test` runs them; what a test does not name is not compared.

        defaults:
          person: anna
          date: 2026-01-05

        people:
          anna: { employeeId: E002, firstName: Anna, lastName: Müller, title: Accountant, department: Finance }

        tests:
          a joiner gets an account named after them:
            expect:
              operation: Create
              attributes:
                sAMAccountName: mullera
                cn: Anna Müller
                dn: cn=Anna Müller,ou=Finance,ou=People,dc=example,dc=com
                userAccountControl: 512
              memberships: [ "cn=All Staff,ou=Groups,dc=example,dc=com", "cn=Finance,ou=Groups,dc=example,dc=com" ]

          the second of a name gets a number:
            taken: { sAMAccountName: [mullera] }
            expect: { attributes: { sAMAccountName: mullera2 } }

          a department that the table does not know is no error:
            given: { department: Astrology }
            expect: { attributes: { dn: "cn=Anna Müller,ou=People,dc=example,dc=com" } }

        """

    private static let folders = """
        department,folder
        Finance,"ou=Finance,ou=People,dc=example,dc=com"
        IT,"ou=IT,ou=People,dc=example,dc=com"
        Sales,"ou=Sales,ou=People,dc=example,dc=com"

        """

    private static let staff = """
        ID,FIRST_NAME,LAST_NAME,TITLE,DEPARTMENT,SUPERVISOR,START_DATE,STATUS
        E001,Sofia,Lindqvist,Head of Finance,Finance,,2019-03-01,Active
        E002,Anna,Müller,Accountant,Finance,E001,2022-08-15,Active
        E003,Adam,Muller,Accountant,Finance,E001,2024-02-01,Active
        E004,Kwame,Boateng,Head of IT,IT,,2018-01-08,Active
        E005,Noor,Haddad,Engineer,IT,E004,2023-05-02,Active
        E006,Tom,O'Neill,Engineer,IT,E004,2021-11-22,Leave
        E007,Lucía,Fernández,Account Manager,Sales,E001,2020-06-01,Active

        """
}
