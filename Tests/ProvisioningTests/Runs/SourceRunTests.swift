import Contracts
import IdentityModel
import Planning
import Provisioning
import StoreSQL
import Testing

@Suite("What becomes of rows over several runs")
struct SourceRunTests {
    private static let hr = """
        sources:
          hr:
            files: "*.csv"
            key: row.ID
            correlation: [ email ]
            validate: [ { check: 'row.LAST != ""', reason: no last name } ]
            map:
              lastName: row.LAST
              email: row.EMAIL
              status: 'row.STATUS == "Left" ? "terminated" : "active"'
        """

    @Test("a quarantined row that says that somebody has left is said in every run, and the person stays as they are")
    func quarantinedLeaver() async throws {
        try await RowsWorld.with { world in
            let configuration = try world.configuration(Self.hr)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n")
            for _ in 1...2 {
                let report = try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,,a@x,Left\n2,Dahl,b@x,\n")
                #expect(report.warnings == ["rows of 1 person say that they have left, but are in quarantine: nothing is withdrawn"])
                #expect(report.quarantined == 1)
            }
            #expect(try await world.people().first == "hr:1 active email=a@x lastName=Berg")
        }
    }

    @Test("while a key cannot be read nobody is missing, and it is said how many that concerns")
    func missingSuspended() async throws {
        try await RowsWorld.with { world in
            let configuration = try world.configuration(Self.hr)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n3,Ek,c@x,\n")
            let report = try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n,Dahl,b@x,\n")
            #expect(report.warnings == ["a row's key could not be read, so 2 people without a row are not called missing in this run"])
            #expect(try await world.people().filter { $0.contains("terminated") } == [])
        }
    }

    @Test("somebody whom a quarantined row means is not missing, although nobody has their key")
    func quarantinedAndRenumbered() async throws {
        try await RowsWorld.with { world in
            let configuration = try world.configuration(Self.hr)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n")
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n77,,a@x,\n")
            #expect(try await world.people() == ["hr:1 active email=a@x lastName=Berg", "hr:2 terminated email=b@x lastName=Dahl"])
        }
    }

    @Test("a new key is refused while the old one stands in the file, and taken over when it does not")
    func renumbered() async throws {
        try await RowsWorld.with { world in
            let configuration = try world.configuration(Self.hr)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n")
            let both = try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n77,Berg,a@x,\n1,Berg,a@x,\n")
            #expect(both.quarantined == 1)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n77,Berg,a@x,\n")
            #expect(try await world.people() == ["hr:77 active email=a@x lastName=Berg"])
            let again = try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n77,Berg,a@x,\n")
            #expect(again.plan?.totals.changes.isEmpty ?? true)
            #expect(try await world.people() == ["hr:77 active email=a@x lastName=Berg"])
        }
    }

    @Test("whose row claims them no more leaves as they were, with everything the row said last")
    func unclaimed() async throws {
        try await RowsWorld.with { world in
            let service = Self.hr.replacing("    map:", with: "    claims: row.STATUS != \"Guest\"\n    map:")
            let configuration = try world.configuration(service)
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n")
            for _ in 1...2 {
                try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,Guest\n2,Dahl,b@x,\n")
                #expect(try await world.people().first == "hr:1 terminated email=a@x lastName=Berg")
            }
        }
    }

    @Test("a row that claims nobody is no second row, and is told when it goes and comes back")
    func unclaimedTwice() async throws {
        try await RowsWorld.with { world in
            let service = Self.hr.replacing("    map:", with: "    claims: row.STATUS != \"Guest\"\n    map:")
            let configuration = try world.configuration(service)
            let others = "2,Dahl,b@x,\n3,Ek,c@x,\n4,Moe,d@x,\n5,Li,e@x,\n6,Bo,f@x,\n"
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n" + others)
            let twice = try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,Guest\n1,Berg,a@x,Guest\n" + others)
            #expect(twice.quarantined == 0)
            #expect(try await world.people().first == "hr:1 terminated email=a@x lastName=Berg")
            // The row is gone, the rule is another one by then, and the row comes back as it was.
            try await world.run(configuration, "hr", "ID,LAST,EMAIL,STATUS\n" + others)
            let edited = try world.configuration(Self.hr)
            try await world.run(edited, "hr", "ID,LAST,EMAIL,STATUS\n" + others)
            try await world.run(edited, "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,Guest\n" + others)
            #expect(try await world.people().first?.contains("terminated") == false)
        }
    }

    @Test("the first plan after an edit says how many values it removes")
    func edit() async throws {
        try await RowsWorld.with { world in
            let csv = "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n"
            try await world.run(try world.configuration(Self.hr), "hr", csv)
            let edited = try world.configuration(Self.hr.replacing("email: row.EMAIL", with: "phone: row.EMAIL"))
            #expect(try await world.run(edited, "hr", csv).warnings == ["the edit of the configuration removes values: email of 2 people"])
            #expect(try await world.people().first == "hr:1 active lastName=Berg phone=a@x")
            #expect(try await world.run(edited, "hr", csv).warnings == [])
        }
    }

    @Test("whoever has a reason to be planned is, although the row is bad now, or stands twice")
    func quarantinedAndPlannedAgain() async throws {
        try await RowsWorld.with { world in
            let good = "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n3,Ek,c@x,\n"
            try await world.run(try world.configuration(Self.hr), "hr", good)
            // Of whom the edit makes something else: the rule of everybody is new.
            let edited = try world.configuration(Self.hr, roles: "roles: { Everybody: { entitlements: [] } }", rules: Self.everybody)
            let report = try await world.run(edited, "hr", "ID,LAST,EMAIL,STATUS\n1,,a@x,\n2,Dahl,b@x,\n3,Ek,c@x,\n3,Eik,c@x,\n")
            #expect(report.quarantined == 3)
            #expect(report.plan?.totals.changes.values.reduce(0, +) == 3)
            #expect(try await world.roles() == ["1 Everybody", "2 Everybody", "3 Everybody"])
            #expect(try await world.people().last == "hr:3 active email=c@x lastName=Ek")
            let again = try await world.run(edited, "hr", "ID,LAST,EMAIL,STATUS\n1,,a@x,\n2,Dahl,b@x,\n3,Ek,c@x,\n3,Eik,c@x,\n")
            #expect(again.plan == nil && again.quarantined == 3)
        }
    }

    @Test("what cannot be read of a secret is not quoted", arguments: [false, true])
    func secretInQuarantine(isChecked: Bool) async throws {
        try await RowsWorld.with { world in
            var service = "user: { pin: { type: int, sensitive: true } }\n" + Self.hr
            service = service.replacing("    map:\n", with: "    map:\n      pin: int(row.PIN)\n")
            if isChecked {
                service = service.replacing("no last name }", with: "no last name }, { check: 'int(row.PIN) > 0', reason: no pin }")
            }
            let csv = "ID,LAST,EMAIL,STATUS,PIN\n1,Berg,a@x,,4711x\n2,Dahl,b@x,,7\n"
            let report = try await world.run(try world.configuration(service), "hr", csv)
            #expect(report.quarantined == 1)
            let reason = try await world.store.quarantines(plan: report.plan?.id).first?.quarantine.reason ?? ""
            #expect(reason.contains("nothing of it is shown"), "\(reason)")
            #expect(!reason.contains("4711"))
        }
    }

    @Test("whose bad row stands twice is planned once")
    func badRowTwice() async throws {
        try await RowsWorld.with { world in
            try await world.run(try world.configuration(Self.hr), "hr", "ID,LAST,EMAIL,STATUS\n1,Berg,a@x,\n2,Dahl,b@x,\n")
            let edited = try world.configuration(Self.hr, roles: "roles: { Everybody: { entitlements: [] } }", rules: Self.everybody)
            let report = try await world.run(edited, "hr", "ID,LAST,EMAIL,STATUS\n1,,a@x,\n2,Dahl,b@x,\n1,,a@x,\n")
            #expect(report.plan?.totals.changes.values.reduce(0, +) == 2)
            #expect(try await world.roles() == ["1 Everybody", "2 Everybody"])
        }
    }

    private static let everybody = "rules: { everybody: { when: 'user.status == \"active\"', roles: [Everybody] } }"

    // MARK: Several sources

    private static let campus = """
        sources:
          staff:
            files: "*.csv"
            key: row.ID
            correlation: [ email ]
            map: { lastName: "row.LAST", email: "row.EMAIL", department: "row.DEPT" }
          students:
            files: "*.csv"
            key: row.ID
            correlation: [ email ]
            map: { firstName: "row.FIRST", lastName: "row.LAST", email: "row.EMAIL" }
          badges:
            files: "*.csv"
            type: incremental
            creates: false
            key: row.ID
            correlation: [ email ]
            map: { email: "row.EMAIL", phone: "row.PHONE" }
            owns: [ phone ]
        """

    /// All six orders of three sources, each followed by a quiet round.
    @Test("in whatever order sources are read first, two rounds end equally, and a third changes nobody")
    func order() async throws {
        let files = [
            "staff": "ID,LAST,EMAIL,DEPT\n1,Berg,a@x,Law\n2,Dahl,b@x,\n",
            "students": "ID,FIRST,LAST,EMAIL\n1,Dag,Foss,d@x\n9,Anna,Berg,A@x\n",
            "badges": "ID,EMAIL,PHONE\n1,a@x,11\n2,d@x,22\n3,nobody@x,33\n",
        ]
        let orders = [
            ["staff", "students", "badges"], ["staff", "badges", "students"], ["students", "staff", "badges"],
            ["students", "badges", "staff"], ["badges", "staff", "students"], ["badges", "students", "staff"],
        ]
        var outcomes: Set<[String]> = []
        for order in orders {
            outcomes.insert(
                try await RowsWorld.with { world in
                    let configuration = try world.configuration(Self.campus)
                    for source in order + ["staff", "students", "badges"] {
                        let report = try await world.run(configuration, source, files[source], file: source + ".csv")
                        #expect(report.quarantined == 0)
                    }
                    for source in order {
                        let report = try await world.run(configuration, source, files[source], file: source + ".csv")
                        #expect(report.plan?.totals.changes.isEmpty ?? true, "\(order) \(source)")
                    }
                    return try await world.people()
                })
        }
        #expect(
            outcomes == [
                [
                    "staff:1 active department=Law email=a@x lastName=Berg phone=11",
                    "staff:2 active email=b@x lastName=Dahl", "students:1 active email=d@x firstName=Dag lastName=Foss phone=22",
                ].map { $0.replacing("email=a@x lastName", with: "email=a@x firstName=Anna lastName") }
            ])
    }

    @Test("an edit reaches rows of an incremental source that no file has any more")
    func keptRows() async throws {
        try await RowsWorld.with { world in
            let configuration = try world.configuration(Self.campus)
            try await world.run(configuration, "staff", "ID,LAST,EMAIL,DEPT\n1,Berg,a@x,Law\n2,Dahl,b@x,\n", file: "staff.csv")
            try await world.run(configuration, "badges", "ID,EMAIL,PHONE\n1,a@x,11\n", file: "badges1.csv")
            try await world.run(configuration, "badges", "ID,EMAIL,PHONE\n2,b@x,22\n", file: "badges2.csv")
            let edited = try world.configuration(Self.campus.replacing("\"row.PHONE\"", with: "\"'+' + row.PHONE\""))
            try await world.run(edited, "badges", "ID,EMAIL,PHONE\n2,b@x,22\n", file: "badges2.csv")
            #expect(try await world.people().map { $0.hasSuffix("phone=+11") || $0.hasSuffix("phone=+22") } == [true, true])
        }
    }
}
