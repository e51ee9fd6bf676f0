package import Contracts
internal import IdentityModel

extension SCIMConnector {
    /// `type: scim`.
    package static let kind = ConnectorKind(
        ConnectorShape(
            type: "scim", keys: WebSettings.keys(example: "https://app.example.com/scim/v2"),
            traits: SystemTraits(names: .flat, membershipAttribute: "groups", disablingAttributes: ["active"]))
    ) { setup throws(ConnectorFailure) in
        try SCIMConnector(WebSettings(setup), attributes: setup.attributes, correlation: setup.correlation)
    }
}
