package import CEL

/// What expressions may name, in each of the three places they stand in. PolicyFiles compiles against these; the planner fills the slots.
package enum Vocabulary {
    /// `ref(row.SUPERVISOR)`: a user by key. The empty key is nobody.
    package static let userReference = CELType.opaque("ref")
    /// `account(user.manager)`: the account of that user on this system. The empty key is no value.
    package static let accountReference = CELType.opaque("account")

    package static let accountType = ObjectType(
        name: "account", fields: [ObjectType.Field(name: "enabled", type: .bool)], whenAbsent: .error)

    /// `row`: every column is text; `row.X` is "" when empty, `row.?X` is none.
    package static func rowType(columns: [String]) -> ObjectType {
        ObjectType(name: "row", fields: columns.map { ObjectType.Field(name: $0, type: .string) }, whenAbsent: .empty)
    }

    /// For `key`, `validate` and `map` of a source.
    /// Programs read a record fastest when its type is the very object they were compiled with: make it once, and keep it.
    package static func sourceEnvironment(row: ObjectType) -> Environment {
        Environment(variables: [(name: "row", type: .object(row))], functions: [reference])
    }

    /// For `when` and `unless` of business rules.
    package static func ruleEnvironment(_ schema: UserSchema) -> Environment {
        Environment(variables: [(name: "user", type: .object(schema.objectType))], functions: [])
    }

    /// Where the fixed variables of a policy map stand, in the order in which `mapEnvironment` declares them.
    package enum Slots {
        package static let user = 0
        package static let account = 1
        package static let tables = 2
        package static let out = 3
    }

    /// For a policy map. `defined` are the lets and counters with their types; their slots follow the four fixed variables in order.
    package static func mapEnvironment(
        _ schema: UserSchema, tables: ObjectType, out: ObjectType, defined: [(name: String, type: CELType)]
    ) -> Environment {
        let fixed: [(name: String, type: CELType)] = [
            (name: "user", type: .object(schema.objectType)), (name: "account", type: .object(accountType)),
            (name: "tables", type: .object(tables)),
            (name: "out", type: .object(out)),
        ]
        return Environment(variables: fixed + defined, functions: [account])
    }

    private static let reference = HostFunction(name: "ref", isReceiverStyle: false, parameters: [.string], result: userReference) {
        (arguments: [Value]) throws(CELError) -> Value in
        guard case .string(let key)? = arguments.first else { throw CELError(.noOverload, "ref() takes the key of a user, a text") }
        return .opaque(OpaqueValue(typeName: "ref", payload: key))
    }

    private static let account = HostFunction(
        name: "account", isReceiverStyle: false, parameters: [userReference], result: accountReference
    ) {
        (arguments: [Value]) throws(CELError) -> Value in
        guard case .opaque(let user)? = arguments.first else { throw CELError(.noOverload, "account() takes a reference to a user") }
        return .opaque(OpaqueValue(typeName: "account", payload: user.payload, context: user.context))
    }
}
