package import IdentityModel

/// A JSON Schema for one kind of YAML file, for editors: they complete keys, show what each is for, and mark what is unknown.
package enum SchemaFile: String, Sendable, CaseIterable {
    case service = "birthright"
    case roles
    case rules
    case policyMap = "policy-map"
    case policyTests = "policy-tests"

    package var fileName: String { rawValue + ".schema.json" }

    /// The files it is for, relative to the configuration directory.
    package var pattern: String {
        switch self {
        case .service: ConfigurationLayout.serviceFile
        case .roles: ConfigurationLayout.rolesFile
        case .rules: ConfigurationLayout.rulesFile
        case .policyMap: "\(ConfigurationLayout.standardPolicyMapFolder)/*.yaml"
        case .policyTests: "\(ConfigurationLayout.standardPolicyMapFolder)/*.tests.yaml"
        }
    }

    /// `kinds`: the kinds of adapter that there are.
    package func json(_ kinds: AdapterShapes) -> JSON { JSONSchema.document("Birthright: \(pattern)", root(kinds)) }

    private func root(_ kinds: AdapterShapes) -> MappingShape {
        switch self {
        case .service: ServiceShapes.root(kinds)
        case .roles: RoleShapes.roles
        case .rules: RoleShapes.rules
        case .policyMap: PolicyMapShapes.root(kinds.connectors)
        case .policyTests: PolicyTestShapes.root
        }
    }
}
