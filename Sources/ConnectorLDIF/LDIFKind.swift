package import Contracts
internal import IdentityModel

extension LDIFConnector {
    /// `type: ldif`.
    package static let kind = ConnectorKind(
        ConnectorShape(
            type: "ldif",
            keys: [
                ConnectorShape.Key(
                    "file", .text, "Where change records (RFC 2849) are appended; it is also what is known of the system: target.ldif",
                    isRequired: true)
            ],
            traits: SystemTraits(
                names: .path, membershipAttribute: "memberOf", switchesOffByItself: false, flags: FlagWords(yes: "TRUE", no: "FALSE")))
    ) { setup in LDIFConnector(path: setup.path("file") ?? "") }
}
