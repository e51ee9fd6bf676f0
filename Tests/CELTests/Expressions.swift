import CEL

/// The sample world of these tests: a user without title and mobile, a row, tables, an account under construction.
enum World {
    static let user = ObjectType(
        name: "user",
        fields: [
            .init(name: "employeeId", type: .string), .init(name: "firstName", type: .string), .init(name: "lastName", type: .string),
            .init(name: "preferredName", type: .string), .init(name: "department", type: .string), .init(name: "title", type: .string),
            .init(name: "mobile", type: .string), .init(name: "country", type: .string), .init(name: "startDate", type: .timestamp),
            .init(name: "manager", type: .opaque("ref")),
        ], whenAbsent: .error)
    static let row = ObjectType(
        name: "row",
        fields: [.init(name: "STATUS", type: .string), .init(name: "TITLE", type: .string), .init(name: "First Name", type: .string)],
        whenAbsent: .empty)
    static let tables = ObjectType(
        name: "tables", fields: [.init(name: "ouByDepartment", type: .map(.string, .string))], whenAbsent: .error)
    static let account = ObjectType(name: "account", fields: [.init(name: "enabled", type: .bool)], whenAbsent: .error)
    static let out = ObjectType(
        name: "out", fields: [.init(name: "cn", type: .string), .init(name: "mail", type: .string)], whenAbsent: .error)

    static let environment = Environment(
        variables: [
            ("user", .object(user)), ("row", .object(row)), ("tables", .object(tables)), ("account", .object(account)),
            ("out", .object(out)),
            ("given", .string), ("n", .int), ("anything", .dyn),
        ],
        functions: [
            HostFunction(name: "ref", parameters: [.string], result: .opaque("ref")) { (values) throws(CELError) in
                .opaque(OpaqueValue(typeName: "ref", payload: values[0].asString ?? ""))
            }
        ])

    static func activation() -> Activation {
        let activation = Activation(environment)
        set(
            activation, "user",
            .object(
                ObjectValue(
                    type: user,
                    fields: [
                        "employeeId": .string("E0042"), "firstName": .string("Zoë"), "lastName": .string("Müller"),
                        "department": .string("Finance"),
                        "country": .string("DE"), "startDate": .timestamp(Timestamp(seconds: 1_769_817_600)),
                    ])))
        set(activation, "row", .object(ObjectValue(type: row, fields: ["STATUS": .string("Leave"), "First Name": .string("Zoë")])))
        set(
            activation, "tables",
            .object(
                ObjectValue(
                    type: tables,
                    fields: [
                        "ouByDepartment": .table([("Finance", "ou=Finance,dc=example,dc=com"), ("Sales", "ou=Sales,dc=example,dc=com")])
                    ])))
        set(activation, "account", .object(ObjectValue(type: account, fields: ["enabled": .bool(true)])))
        set(activation, "given", .string("Zoë"))
        set(activation, "n", .int(12))
        return activation
    }

    private static func set(_ activation: Activation, _ name: String, _ value: Value) {
        if let slot = environment.slot(of: name) { activation.set(slot, .value(value)) }
    }
}

struct DoesNotCompile: Error { let messages: [String] }

func program(_ source: String, expecting: CELType? = nil) throws -> Program {
    switch World.environment.compile(source, expecting: expecting) {
    case .program(let program): return program
    case .failure(let diagnostics): throw DoesNotCompile(messages: diagnostics.map(\.text))
    }
}

func evaluate(_ source: String) throws -> Value { try program(source).evaluate(World.activation()) }

/// `line:column: message`, one for each diagnostic; empty when the expression is fine.
func diagnostics(_ source: String, expecting: CELType? = nil) -> [String] {
    switch World.environment.compile(source, expecting: expecting) {
    case .program: []
    case .failure(let diagnostics): diagnostics.map { "\($0.line):\($0.column): \($0.text)" }
    }
}

/// `offset: message` of the error an evaluation ends with.
func failure(_ source: String) -> String {
    do {
        return "gave \(try evaluate(source).shown)"
    } catch let error as CELError {
        return "\(error.offset.map(String.init) ?? "-"): \(error.message)"
    } catch {
        return "\(error)"
    }
}
