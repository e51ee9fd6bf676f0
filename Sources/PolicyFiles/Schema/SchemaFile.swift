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

    /// `connectors`: the kinds of connector that there are.
    package func json(_ connectors: [AdapterShape]) -> JSON { JSONSchema.document("Birthright: \(pattern)", root(connectors)) }

    private func root(_ connectors: [AdapterShape]) -> MappingShape {
        switch self {
        case .service: ServiceShapes.root
        case .roles: RoleShapes.roles
        case .rules: RoleShapes.rules
        case .policyMap: PolicyMapShapes.root(connectors)
        case .policyTests: PolicyTestShapes.root
        }
    }
}
