import CEL
import IdentityModel
import Planning
import PolicyFiles
import Testing

@Suite("What a configuration becomes")
struct LoadedConfigurationTests {
    @Test("a source keeps its contract, columns and standards")
    func source() throws {
        let source = try #require(Company().load().configuration?.source(SourceName("hr")))
        #expect(source.columns == ["ID", "LAST", "FIRST", "DEPT", "MIDDLE"])
        #expect(source.contract.maxRowCountChange == 20)
        #expect(source.contract.maxNullRateChange == 10)
        #expect(source.contract.optionalColumns == ["MIDDLE"])
        #expect(source.take == .latest && source.completion == .stable && source.kind == .complete && source.missing == .terminate)
        #expect(source.delimiter == nil && source.encoding == nil)
        #expect(source.owns == ["employeeId", "lastName", "firstName", "department", "status"])
        #expect(source.key.position.description == "birthright.yaml:7:10")
    }

    @Test("a source without a contract may read any column")
    func noContract() throws {
        let text =
            "sources:\n  s:\n    files: a.csv\n    key: row['ID'] + row.?X.orValue(\"row.NOT\")\n    map: { lastName: 'row.?NAME' }\n"
        let configuration = try #require(Company().with("birthright.yaml", text).load().configuration)
        #expect(configuration.sources.first?.columns == ["ID", "X", "NAME"])
        #expect(configuration.sources.first?.timeZone == "UTC")
        #expect(configuration.service.store == nil)
    }

    @Test("a source says whose rows count, whether it creates users, where it yields, and whether a file may be empty")
    func precedence() throws {
        let text = """
            sources:
              staff:
                files: a.csv
                key: row.ID
                map: { lastName: "row.N", email: "row.E" }
                claims: row.STATUS != "Terminated"
                creates: false
                yields: [email]
                contract: { columns: [ID, N, E, STATUS], mayBeEmpty: true }
              students: { files: b.csv, key: "row.ID", map: { phone: "row.P" } }
            """
        let sources = try #require(Company().with("birthright.yaml", text).load().configuration).sources
        #expect(sources[0].claims?.program.source == "row.STATUS != \"Terminated\"" && sources[1].claims == nil)
        #expect(!sources[0].creates && sources[1].creates)
        #expect(sources[0].yields == ["email"] && sources[1].yields == [])
        #expect(sources[0].contract.mayBeEmpty && !sources[1].contract.mayBeEmpty)
        #expect(!sources[0].keepsAlive && sources[1].keepsAlive)
    }

    @Test("attributes are sensitive that a policy map or the user schema calls so, and those whose names say it")
    func sensitive() throws {
        let map = """
            number: { value: 'user.employeeId', sensitive: true }
              userPassword: user.lastName
              sn: { value: 'user.lastName', sensitive: false }
            """
        let company = Company().map("number: user.employeeId", map)
            .service("sources:", "user: { nationalId: { type: string, sensitive: true }, badge: { type: int }, floor: int }\nsources:")
        let configuration = try #require(company.load().configuration, "\(company.findings)")
        #expect(configuration.sensitiveAttributes == ["number", "nationalId"])
        let rules = try #require(configuration.policyMaps.first).attributes
        #expect(rules.filter(\.isSensitive).map(\.name) == ["number", "userPassword"])
        #expect(rules.filter(\.isMarkedSensitive).map(\.name) == ["number"])
        #expect(configuration.schema.attributes.suffix(3).map(\.name) == ["nationalId", "badge", "floor"])
        #expect(configuration.schema.attributes.suffix(3).map(\.type) == [.string, .int, .int])
    }

    @Test("guards keep their standards unless they are set")
    func guards() throws {
        #expect(try #require(Company().load().configuration).guards == GuardSettings.standard)
        let text = "guards: { disable: { percent: 8% }, modify: { count: 7 }, window: { days: 7, delete: { count: 9 } } }\nsources:"
        let guards = try #require(Company().service("sources:", text).load().configuration).guards
        #expect(guards.limits[.disable] == GuardSettings.Limit(count: nil, percent: 8))
        #expect(guards.limits[.delete] == GuardSettings.Limit(count: 100, percent: 5, ofFew: 5))
        #expect(guards.limits[.modify] == GuardSettings.Limit(count: 7, percent: nil))
        #expect(
            guards.windows == [
                GuardSettings.Window(days: 1),
                GuardSettings.Window(days: 7, limits: [.delete: GuardSettings.Limit(count: 9, percent: nil)]),
            ])
    }

    @Test("a rule keeps its dates and statuses")
    func rule() throws {
        let text =
            "rules:\n  a: { when: 'true', unless: 'false', roles: [Employee], statuses: [pendingStart], from: 2026-03-01, until: 2026-03-31 }\n"
        let rule = try #require(Company().with("Rules.yaml", text).load().configuration?.rules.first)
        #expect(rule.statuses == [.pendingStart])
        #expect(rule.from == CivilDate("2026-03-01"))
        #expect(rule.until == CivilDate("2026-03-31"))
        #expect(rule.unless != nil)
    }

    @Test("a map's steps, slots and values fit together")
    func map() throws {
        let map = try #require(Company().load().configuration?.policyMaps.first)
        #expect(map.steps == [.define(0), .compute(0), .compute(1), .compute(2), .compute(3)])
        #expect(map.lets.first?.slot == 4)
        #expect(map.environment.slot(of: "path") == 4)
        #expect(map.environment.slot(of: "n") == 5)
        guard case .unique(let rule) = map.attributes[2].value else {
            Issue.record("cn is not unique")
            return
        }
        #expect(rule.scope == .container)
        #expect(rule.candidates.last?.counter == UniqueRule.Counter(variable: "n", slot: 5, from: 2, to: 999))
        #expect(map.outType.fields.map(\.type) == [.list(.string), .string, .string, .string])
        #expect(map.tables[field: "ou"].value?.asMap?["Finance"]?.asString == "ou=Finance")
        #expect(map.onDelete == .disable)
    }

    @Test("a counter is unknown outside its candidate")
    func counterScope() {
        #expect(
            Company().map("number: user.employeeId", "number: string(n)").load().diagnostics.map(\.headline) == [
                "PolicyMaps/directory.yaml:15:18: error: unknown variable 'n'"
            ])
    }

    @Test("the hash changes with every file that counts, and not with the environment or the tests beside a map")
    func hash() throws {
        func hash(_ company: Company) throws -> String { try #require(company.load().configuration).hash }
        let plain = try hash(Company())
        #expect(try hash(Company().with("Lookups/ou.csv", "department,ou\nFinance,x\n")) != plain)
        #expect(try hash(Company().with("Rules.yaml", "rules:\n  a: { when: 'true', roles: [Employee] }\n")) != plain)
        #expect(try hash(Company().with("PolicyMaps/directory.tests.yaml", "a: 1")) == plain)
        var other = Company()
        other.environment["SECRET"] = "other"
        #expect(try hash(other) == plain)
    }
}
