internal import CEL
internal import IdentityModel

/// Which attributes of a policy map switch an account on and off.
struct Switching {
    /// Names of the attributes whose rule reads `account.enabled`, by itself or through `let` and `out`; without the one that names the account.
    private(set) var attributes: Set<String> = []
    private var lets: Set<String> = []

    init(steps: [PolicyMap.Step], lets definitions: [PolicyMap.Let], attributes rules: [AttributeRule], accountName: String) {
        // Steps stand in dependency order, so what a step reads stands before it.
        for step in steps {
            switch step {
            case .define(let index):
                if reads([definitions[index].expression]) { lets.insert(definitions[index].name) }
            case .compute(let index):
                if reads(rules[index].expressions) { attributes.insert(rules[index].name) }
            }
        }
        attributes.remove(accountName)
    }

    private func reads(_ expressions: [Expression]) -> Bool {
        expressions.flatMap(\.program.references).contains { reference in
            if reference.variable == "account" { return true }
            guard reference.variable == "out" else { return lets.contains(reference.variable) }
            return reference.field.map(attributes.contains) ?? !attributes.isEmpty
        }
    }
}

extension PolicyMap {
    /// The attributes of the map by which a system of its kind itself disables accounts. Of a system that has none: those whose rule reads `account.enabled`.
    package var disablingAttributes: [String] {
        attributes.map(\.name).filter { name in
            traits.disablingAttributes.contains(name.lowercased()) || !traits.switchesOffByItself && switchingAttributes.contains(name)
        }
    }
}
