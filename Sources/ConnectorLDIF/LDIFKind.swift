package import Contracts
internal import IdentityModel

extension LDIFConnector {
    /// `type: ldif`. Announced: names that are exchanged within a batch, and what only a server can refuse, are still to come.
    package static let kind = ConnectorKind(
        ConnectorShape(
            type: "ldif",
            keys: [ConnectorShape.Key("file", .text, "Where change records are written: target.ldif", isRequired: true)],
            traits: SystemTraits(names: .path, membershipAttribute: "memberOf", flags: FlagWords(yes: "TRUE", no: "FALSE")),
            isAnnounced: true)
    ) { setup in LDIFConnector(path: setup.path("file") ?? "") }
}
