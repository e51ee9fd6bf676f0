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
    /// Attributes whose rule reads `account.enabled`.
    package let switchingAttributes: Set<String>
    /// What becomes of a Create when the entry is there already.
    package let adoption: Adoption

    package init(_ map: PolicyMap, connector: any Connector) {
        self.init(
            name: map.system, connector: connector, requires: map.requires, accountName: map.accountName,
            leavesDisablingToConnector: map.disablingAttributes.isEmpty, switchingAttributes: map.switchingAttributes,
            adoption: Adoption(map))
    }

    package init(
        name: SystemName, connector: any Connector, requires: [SystemName] = [], accountName: String = "dn",
        leavesDisablingToConnector: Bool = false, switchingAttributes: Set<String> = [], adoption: Adoption = Adoption()
    ) {
        self.name = name
        self.connector = connector
        self.requires = requires
        self.accountName = accountName
        self.leavesDisablingToConnector = leavesDisablingToConnector
        self.switchingAttributes = switchingAttributes
        self.adoption = adoption
    }

    /// Nobody but us keeps memberships and references right when an account gets another name.
    var leavesReferencesToUs: Bool { !connector.capabilities.maintainsReferences }
}
