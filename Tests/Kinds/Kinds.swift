internal import ConnectorLDAP
internal import ConnectorLDIF
internal import Contracts
package import IdentityModel

/// The kinds of connector that the executable knows, for tests that read configurations.
package enum Kinds {
    package static let all: [AdapterShape] = [
        LDAPConnector.kind.shape, LDIFConnector.kind.shape, .announcedWeb("rest"), .announcedWeb("scim"),
    ]
}
