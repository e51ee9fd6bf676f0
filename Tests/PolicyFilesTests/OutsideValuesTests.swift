import Planning
import PolicyFiles
import Testing

@Suite("Values from outside are part of the configuration")
struct OutsideValuesTests {
    private func configuration(_ company: Company, _ environment: [String: String] = [:], files: [String: String] = [:]) throws
        -> Configuration
    {
        var company = company
        company.environment.merge(environment) { $1 }
        company.secretFiles = files
        let (configuration, diagnostics) = company.load()
        return try #require(configuration, "\(diagnostics)")
    }

    static let group = Company().with(
        "Roles.yaml", "roles:\n  Employee: { entitlements: [ { system: Directory, groups: [ { env: GROUP, default: \"cn=Staff\" } ] } ] }")

    static let read: [Company] = [
        group,
        Company().map("objectClass: [\"person\"]", "objectClass: [\"person\", { env: GROUP, default: \"cn=Staff\" }]"),
        Company().with("Rules.yaml", "rules:\n  a: { when: \"true\", roles: [ Employee ], from: { env: GROUP, default: 2026-01-01 } }"),
        Company().service("    timeZone: Europe/Oslo", "    timeZone: { env: GROUP, default: UTC }"),
    ]

    @Test("what roles, rules, maps and sources read changes the hash, and is named", arguments: read)
    func hashed(_ company: Company) throws {
        let value = company.files["Rules.yaml"]?.contains("GROUP") == true ? "2026-06-01" : "Europe/Rome"
        let standard = try configuration(company)
        let other = try configuration(company, ["GROUP": value])
        #expect(standard.hash != other.hash)
        #expect(other.changedValues(since: standard.outsideValues) == ["env GROUP"])
        #expect(try configuration(company, ["GROUP": value]).changedValues(since: other.outsideValues) == [])
        #expect(!other.outsideValues.values.contains(value), "a digest is kept, not the value")
    }

    @Test("the default counts as the value it is")
    func standard() throws {
        #expect(try configuration(Self.group).hash == configuration(Self.group, ["GROUP": "cn=Staff"]).hash)
    }

    @Test("a value that stands in a file counts like one from the environment")
    func file() throws {
        let company = Company().with(
            "Roles.yaml", "roles:\n  Employee: { entitlements: [ { system: Directory, groups: [ { file: group.txt } ] } ] }")
        let first = try configuration(company, files: ["group.txt": "cn=A\n"])
        let second = try configuration(company, files: ["group.txt": "cn=B\n"])
        #expect(first.hash != second.hash)
        #expect(second.changedValues(since: first.outsideValues) == ["file group.txt"])
    }

    static let unread: [Company] = [
        Company().service("store.sqlite", "{ env: PLACE, default: a.sqlite }"),
        Company().service("file: events.jsonl", "file: { env: PLACE, default: a.jsonl }"),
        Company().service("files: hr/*.csv", "files: { env: PLACE, default: a/*.csv }"),
        Company().map("ldaps://127.0.0.1", "{ env: PLACE, default: \"ldaps://a\" }"),
        Company().map("{ env: SECRET }", "{ env: PLACE }"),
    ]

    @Test("where things are, and secrets, are none of it: moving the store plans nobody again", arguments: unread)
    func unhashed(_ company: Company) throws {
        let first = try configuration(company, ["PLACE": "ldaps://b"])
        let second = try configuration(company, ["PLACE": "ldaps://c"])
        #expect(first.hash == second.hash)
        #expect(second.outsideValues.isEmpty)
    }

    @Test("a value that only one of two configurations reads is an edit of the files, and no changed value")
    func edited() throws {
        let kept = try configuration(Self.group).outsideValues
        #expect(try configuration(Company()).changedValues(since: kept) == [])
        #expect(try configuration(Self.group).changedValues(since: [:]) == [])
    }

    @Test("the case of an encoding's name does not count", arguments: ["UTF-8", "utf-8", "Windows-1252", "UTF-16LE"])
    func encoding(_ name: String) throws {
        let company = Company().service("    files: hr/*.csv", "    format: { encoding: \(name) }\n    files: hr/*.csv")
        #expect(try configuration(company).sources.first?.encoding == name.lowercased())
    }

    @Test("events are CloudEvents where that is asked for")
    func cloudEvents() throws {
        #expect(try configuration(Company()).service.sinks.map(\.values) == [["file": "events.jsonl"]])
        let company = Company().service("{ file: events.jsonl }", "{ file: events.jsonl, format: cloudevents }")
        #expect(try configuration(company).service.sinks.first?.values["format"] == "cloudevents")
        #expect(
            Company().service("{ file: events.jsonl }", "{ file: events.jsonl, format: cloudevent }").findings == [
                """
                birthright.yaml:2:39: error: 'format' must be sailpoint or cloudevents, not 'cloudevent'; did you mean 'cloudevents'?
                events: { file: events.jsonl, format: cloudevent }
                                                      ^~~~~~~~~~
                """
            ])
    }
}
