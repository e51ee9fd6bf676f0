internal import CEL

extension PolicyMap {
    /// The user attributes that an attribute's value is computed from, through `let` and `out`.
    package func userAttributes(readFor name: String, of schema: UserSchema) -> Set<String> {
        var read: Set<String> = []
        for step in steps(neededFor: [name]) {
            let expressions: [Expression] =
                switch step {
                case .define(let index): [lets[index].expression]
                case .compute(let index): attributes[index].expressions
                }
            for reference in expressions.flatMap(\.program.references) where reference.variable == "user" {
                if let field = reference.field { read.insert(field) } else { read.formUnion(schema.attributes.map(\.name)) }
            }
        }
        return read
    }
}
