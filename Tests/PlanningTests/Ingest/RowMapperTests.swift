import IdentityModel
import Planning
import Testing

@Suite("A row becomes a record, or is set aside with its place and the reason")
struct RowMapperTests {
    private static let columns = ["ID", "LAST", "AGE", "ADMIN", "START", "TAGS", "BOSS", "STATUS", "PIN", "MAIL"]

    private func source(_ more: String = "", take: String = "latest") throws -> (SourceConfiguration, UserSchema) {
        let campus = try Campus(
            """
            store: { sqlite: s }
            sources:
              hr:
                files: hr/*.csv
                take: \(take)
                type: \(take == "all" ? "incremental" : "complete")
                key: row.ID
                correlation: [ employeeId, email ]
                contract: { columns: [ID, LAST] }
            \(more)
                map:
                  employeeId: row.ID
                  email: row.MAIL
                  lastName: row.LAST
                  age: int(row.AGE)
                  admin: 'row.ADMIN == "yes"'
                  startDate: row.?START.optMap(d, date(d))
                  tags: row.TAGS.split(";")
                  manager: ref(row.BOSS)
                  pin: row.PIN.substring(4)
                  status: 'row.STATUS == "T" ? "terminated" : row.STATUS == "" ? "active" : row.STATUS'
            user: { age: int, admin: bool, tags: list<string>, pin: { type: string, sensitive: true } }
            """)
        return (try campus.source(SourceName("hr")), campus.configuration.schema)
    }

    private func row(_ changes: [String: String] = [:]) -> [String] {
        let values = [
            "ID": "E1", "LAST": "Berg", "AGE": "41", "ADMIN": "yes", "START": "2026-03-02", "TAGS": "a;;b", "BOSS": "E9", "STATUS": "",
            "PIN": "0000secret", "MAIL": "b@x",
        ].merging(changes) { $1 }
        return Self.columns.map { values[$0] ?? "" }
    }

    private func map(_ values: [String], _ more: String = "", take: String = "latest") throws -> RowMapper.Outcome {
        let (source, schema) = try source(more, take: take)
        let mapper = RowMapper(configuration: source, schema: schema, columns: Self.columns)
        return mapper.map(Campus.batch([values]), row: 0, key: UserKey(values[0]), again: .date, standing: .order)
    }

    private func record(_ outcome: RowMapper.Outcome) throws -> SourceRecord {
        guard case .record(let record) = outcome else { throw Surprise(outcome) }
        return record
    }

    private func setAside(_ outcome: RowMapper.Outcome) throws -> RowSetAside {
        guard case .setAside(let row) = outcome else { throw Surprise(outcome) }
        return row
    }

    private struct Surprise: Error, CustomStringConvertible {
        let description: String
        init(_ outcome: RowMapper.Outcome) { description = "\(outcome)" }
    }

    @Test func `each type of the schema gets its value, and what is empty has none`() throws {
        let full = try record(map(row()))
        #expect(full.status == .active && full.isClaimed && full.again == .date && full.rowHash == Campus.rowHash(row()) && full.row == nil)
        #expect(full.position == SourcePosition(file: "hr/a.csv", line: 2))
        #expect(full.attributes["lastName"] == .string("Berg"))
        #expect(full.attributes["age"] == .int(41))
        #expect(full.attributes["admin"] == .bool(true))
        #expect(full.attributes["startDate"] == .date(CivilDate(days: 20_514)))
        #expect(full.attributes["tags"] == .list(["a", "b"]))
        #expect(full.attributes["manager"] == .reference(UserKey("E9"), in: SourceName("hr")))
        let bare = try record(map(row(["LAST": "", "START": "", "TAGS": "", "BOSS": ""])))
        #expect(Set(bare.attributes.keys) == ["employeeId", "email", "age", "admin", "pin"])
    }

    @Test(arguments: [
        ("AGE", "old", 3, "age: ", "AGE"), ("START", "02.03.2026", 5, "startDate: ", "START"),
        ("STATUS", "gone", 8, "status: 'gone' is no status; a user is one of pendingStart, active, leave, terminated", "STATUS"),
    ])
    func `a value that cannot be used sets the row aside, at its column`(
        column: String, value: String, index: Int, words: String, name: String
    ) throws {
        let aside = try setAside(map(row([column: value])))
        #expect(aside.quarantine.reason.hasPrefix(words), "\(aside.quarantine.reason)")
        #expect(aside.quarantine.columnName == name && aside.quarantine.key == UserKey("E1"))
        #expect(aside.quarantine.position.line == 2)
        #expect(aside.again == .order && !aside.readsTerminated)
        #expect(aside.correlating == ["employeeId": .string("E1"), "email": .string("b@x")])
    }

    @Test func `a row that is of no use and reads as terminated says so`() throws {
        #expect(try setAside(map(row(["AGE": "old", "STATUS": "T"]))).readsTerminated)
    }

    @Test func `what goes wrong with a secret is not quoted`() throws {
        let aside = try setAside(map(row(["PIN": "007"])))
        #expect(aside.quarantine.reason == "pin: a value cannot be used (nothing of it is shown: it is a secret)")
        #expect(aside.quarantine.columnName == "PIN")
    }

    @Test func `a check that is not met gives its reason, one that fails says why`() throws {
        let checks = """
                validate:
                  - { check: 'row.LAST != ""', reason: last name is missing }
                  - { check: 'int(row.AGE) > 17', reason: too young }
            """
        #expect(try setAside(map(row(["LAST": ""]), checks)).quarantine.reason == "last name is missing")
        #expect(try setAside(map(row(["AGE": "17"]), checks)).quarantine.reason == "too young")
        let failed = try setAside(map(row(["AGE": "x"]), checks)).quarantine
        #expect(failed.reason.hasPrefix("the check 'int(row.AGE) > 17' failed: ") && failed.columnName == "AGE")
        #expect(try record(map(row(["AGE": "18"]), checks)).attributes["age"] == .int(18))
    }

    @Test func `a row that the source does not claim is nobody's, whatever else is wrong with it`() throws {
        let claims = "    claims: 'row.STATUS != \"T\"'"
        let unclaimed = try record(map(row(["STATUS": "T", "AGE": "old"]), claims))
        #expect(!unclaimed.isClaimed && unclaimed.attributes.isEmpty && unclaimed.status == nil)
        #expect(try record(map(row(), claims)).isClaimed)
        let undecided = try setAside(map(row(["AGE": "old"]), "    claims: 'int(row.AGE) > 17'"))
        #expect(undecided.quarantine.reason.hasPrefix("claims: "))
    }

    @Test func `a claim that cannot be decided counts`() throws {
        let (source, schema) = try source("    claims: 'int(row.AGE) > 17'")
        let mapper = RowMapper(configuration: source, schema: schema, columns: Self.columns)
        let rows = Campus.batch([row(["AGE": "12"]), row(["AGE": "old"]), row()])
        #expect((0..<3).map { mapper.claims(rows, row: $0) } == [false, true, true])
        let (plain, _) = try self.source()
        #expect(RowMapper(configuration: plain, schema: schema, columns: Self.columns).claims(rows, row: 0))
    }

    @Test func `rows that are kept are kept by column, without what is empty, and mapped anew from that`() throws {
        let kept = try #require(try record(map(row(["BOSS": "", "STATUS": ""]), take: "all")).row)
        #expect(kept["LAST"] == "Berg" && kept["BOSS"] == nil && kept.count == 8)
        let (source, schema) = try source(take: "all")
        let mapper = RowMapper(configuration: source, schema: schema)
        let position = SourcePosition(file: "hr/old.csv", line: 7)
        func again(_ values: [String: String]) -> RowMapper.Outcome {
            mapper.map(kept: values, key: UserKey("E1"), position: position, rowHash: 5, again: .order)
        }
        let record = try record(again(kept))
        #expect(record.attributes["lastName"] == .string("Berg") && record.position == position && record.row == kept)
        let aside = try setAside(again(kept.merging(["AGE": "x"]) { $1 }))
        #expect(aside.quarantine.position == position && aside.quarantine.column == 1 && aside.again == .order)
    }

    @Test func `a row that is of no use otherwise still correlates`() throws {
        let (source, schema) = try source()
        let mapper = RowMapper(configuration: source, schema: schema, columns: Self.columns)
        #expect(mapper.correlating(Campus.batch([row(["MAIL": "", "AGE": "x"])]), row: 0) == ["employeeId": .string("E1")])
    }
}
