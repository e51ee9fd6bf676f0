import IdentityModel
import Planning
import PolicyFiles
import Testing

/// Users who stand in no source.
struct MadeUpUserTests {
    private let schema = UserSchema(additional: [
        UserSchema.Attribute(name: "floor", type: .int), UserSchema.Attribute(name: "isRemote", type: .bool),
        UserSchema.Attribute(name: "tags", type: .list),
    ])

    private func read(_ text: String, _ path: String = "somebody.yaml") -> (user: MadeUpUser?, findings: [String]) {
        let (user, diagnostics) = MadeUpUser.read(path, Array(text.utf8), schema: schema)
        return (user, diagnostics.map(\.description))
    }

    @Test func `attributes are read in the types of the user schema`() throws {
        let user = try #require(
            read(
                """
                employeeId: "0042"
                startDate: 2026-03-02
                floor: 3
                isRemote: true
                tags: [one, two]
                manager: E1
                status: leave
                """
            ).user)
        #expect(
            user.attributes == [
                "employeeId": .string("0042"), "startDate": .date(try #require(CivilDate("2026-03-02"))), "floor": .int(3),
                "isRemote": .bool(true), "tags": .list(["one", "two"]), "manager": .reference(UserKey("E1")),
            ])
        #expect(user.status == .leave)
        #expect(user.user.key == UserKey("0042"))
    }

    @Test func `JSON is read as well`() throws {
        let user = try #require(read("{\"lastName\": \"Zo\\u00eb\",\n \"floor\": -1, \"tags\": [\"a\"]}", "somebody.json").user)
        #expect(user.attributes == ["lastName": .string("Zoë"), "floor": .int(-1), "tags": .list(["a"])])
        #expect(user.user.key == UserKey("somebody"))
    }

    @Test func `every mistake is reported where it stands`() {
        let (user, findings) = read("lastNmae: Berg\nfloor: third\nisRemote: yes\nstartDate: 2026-02-30\nstatus: gone\nmanager: [E1]\n")
        #expect(user == nil)
        #expect(
            findings == [
                """
                somebody.yaml:1:1: error: a user has no attribute 'lastNmae'; did you mean 'lastName'?
                lastNmae: Berg
                ^~~~~~~~
                """,
                """
                somebody.yaml:2:8: error: 'floor' must be a whole number from -9223372036854775808 to 9223372036854775807, not 'third'
                floor: third
                       ^~~~~
                """,
                """
                somebody.yaml:3:11: error: 'isRemote' must be true or false, not 'yes'
                isRemote: yes
                          ^~~
                """,
                """
                somebody.yaml:4:12: error: 'startDate' must be a date written yyyy-MM-dd, not '2026-02-30'
                startDate: 2026-02-30
                           ^~~~~~~~~~
                """,
                """
                somebody.yaml:5:9: error: 'status' must be pendingStart, active, leave or terminated, not 'gone'
                status: gone
                        ^~~~
                """,
                """
                somebody.yaml:6:10: error: 'manager' must be a text, not a list
                manager: [E1]
                         ^
                """,
            ])
    }

    @Test func `a setting gives an attribute another value, and nothing behind it takes it away`() throws {
        var user = MadeUpUser()
        try user.set("tags", "one, two", schema: schema)
        try user.set("lastName", "Berg", schema: schema)
        try user.set("lastName", "", schema: schema)
        try user.set("status", "terminated", schema: schema)
        #expect(user.attributes == ["tags": .list(["one", "two"])])
        #expect(user.status == .terminated)
    }

    @Test func `a setting that cannot be is refused`() {
        var user = MadeUpUser()
        #expect(throws: MadeUpUser.Refusal(message: "a user has no attribute 'flor'; did you mean 'floor'?")) {
            try user.set("flor", "3", schema: schema)
        }
        #expect(throws: MadeUpUser.Refusal(message: "'floor' must be a whole number, not 'x'")) {
            try user.set("floor", "x", schema: schema)
        }
        #expect(throws: MadeUpUser.Refusal(message: "status must be pendingStart, active, leave, terminated, not 'gone'")) {
            try user.set("status", "gone", schema: schema)
        }
    }
}
