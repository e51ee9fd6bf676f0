package import Contracts
package import IdentityModel
package import Planning

/// A system we write to: its connector, and what dispatch has to know of its policy map.
package struct ManagedSystem: Sendable {
    package let name: SystemName
    package let connector: any Connector
    /// Systems whose orders of the same user come first.
    package let requires: [SystemName]
    /// The attribute rule that names the account.
    package let accountName: String
    /// The map writes no attribute by which a directory disables an account: for `Disable` the connector does.
    package let leavesDisablingToConnector: Bool
    /// Never computed again: an entry that is adopted keeps them.
    package let onCreateAttributes: Set<String>
    /// Lists of literals (object classes): what an adopted entry holds beside them stays.
    package let literalAttributes: Set<String>

    package init(_ map: PolicyMap, connector: any Connector) {
        let disabling: Set<String> = ["useraccountcontrol", "nsaccountlock", "pwdaccountlockedtime", "logindisabled"]
        self.init(
            name: map.system, connector: connector, requires: map.requires, accountName: map.accountName,
            leavesDisablingToConnector: !map.attributes.contains { disabling.contains($0.name.lowercased()) },
            onCreateAttributes: Set(map.attributes.filter { $0.enforce == .onCreate }.map(\.name)),
            literalAttributes: Set(
                map.attributes.filter { rule in
                    if case .literals = rule.value { true } else { false }
                }.map(\.name)))
    }

    package init(
        name: SystemName, connector: any Connector, requires: [SystemName] = [], accountName: String = "dn",
        leavesDisablingToConnector: Bool = false,
        onCreateAttributes: Set<String> = [], literalAttributes: Set<String> = []
    ) {
        self.name = name
        self.connector = connector
        self.requires = requires
        self.accountName = accountName
        self.leavesDisablingToConnector = leavesDisablingToConnector
        self.onCreateAttributes = onCreateAttributes
        self.literalAttributes = literalAttributes
    }
}
