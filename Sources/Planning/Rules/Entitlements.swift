package import IdentityModel

/// What a user's roles give on one system.
package struct SystemEntitlement: Sendable, Hashable {
    package let system: SystemName
    package let groups: Set<String>
    /// Why, for the order's reasons: "role Finance (rule finance)".
    package let reasons: [String]
}

extension Configuration {
    /// What the assignments give, by system; a system without an entitlement has no entry.
    package func entitlements(of assignments: [RoleAssignment]) -> [SystemName: SystemEntitlement] {
        var groups: [SystemName: Set<String>] = [:]
        var reasons: [SystemName: [String]] = [:]
        for assignment in assignments {
            guard let role = roles.first(where: { $0.name == assignment.role }) else { continue }
            for entitlement in role.entitlements {
                groups[entitlement.system, default: []].formUnion(entitlement.groups)
                let reason = "role \(role.name) (\(assignment.origin))"
                if reasons[entitlement.system]?.last != reason { reasons[entitlement.system, default: []].append(reason) }
            }
        }
        return groups.reduce(into: [:]) { result, entry in
            result[entry.key] = SystemEntitlement(system: entry.key, groups: entry.value, reasons: reasons[entry.key] ?? [])
        }
    }
}
