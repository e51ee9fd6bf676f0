package import Contracts
package import IdentityModel
package import Planning

/// A system we write to: its connector, and what dispatch has to know of its policy map.
package struct ManagedSystem: Sendable {
    package let name: SystemName
    package let connector: any Connector
    package let traits: SystemTraits
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
    /// Names that the system is asked about once more, right before a Create.
    package let probedNames: [ProbedName]
    /// Attributes by which an entry is told to be somebody's.
    package let correlation: [String]
    /// What the values of an attribute are, where they are no texts.
    package let types: [String: ValueType]

    /// A name that nobody else may hold, and that does not stand in the account's own name.
    package struct ProbedName: Hashable, Sendable {
        package let attribute: String
        package let isPerContainer: Bool
        package init(attribute: String, isPerContainer: Bool) {
            self.attribute = attribute
            self.isPerContainer = isPerContainer
        }
    }

    package init(_ map: PolicyMap, connector: any Connector) {
        self.init(
            name: map.system, connector: connector, traits: map.traits, accountName: map.accountName, requires: map.requires,
            leavesDisablingToConnector: map.disablingAttributes.isEmpty, switchingAttributes: map.switchingAttributes,
            adoption: Adoption(map), probedNames: ManagedSystem.probedNames(map), correlation: map.correlation, types: map.types)
    }

    private static func probedNames(_ map: PolicyMap) -> [ProbedName] {
        map.attributes.compactMap { rule in
            guard case .unique(let unique) = rule.value, unique.places.contains(.target), rule.name != map.accountName,
                !(unique.scope == .container && map.attributesInName.contains(rule.name))
            else { return nil }
            return ProbedName(attribute: rule.name, isPerContainer: unique.scope == .container)
        }
    }

    package init(
        name: SystemName, connector: any Connector, traits: SystemTraits, accountName: String, requires: [SystemName] = [],
        leavesDisablingToConnector: Bool = false, switchingAttributes: Set<String> = [], adoption: Adoption = Adoption(),
        probedNames: [ProbedName] = [], correlation: [String] = [], types: [String: ValueType] = [:]
    ) {
        self.name = name
        self.connector = connector
        self.traits = traits
        self.accountName = accountName
        self.requires = requires
        self.leavesDisablingToConnector = leavesDisablingToConnector
        self.switchingAttributes = switchingAttributes
        self.adoption = adoption
        self.probedNames = probedNames
        self.correlation = correlation
        self.types = types
    }

    /// Nobody but us keeps memberships and references right when an account gets another name.
    var leavesReferencesToUs: Bool { !connector.capabilities.maintainsReferences }
}
