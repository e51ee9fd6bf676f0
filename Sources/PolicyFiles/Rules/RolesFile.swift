internal import CEL
internal import IdentityModel
internal import Planning

/// `Roles.yaml`.
struct RolesFile {
    let file: ConfigurationFile
    let roles: [Role]
    /// Also of roles with mistakes in them; nil when the file could not be read at all.
    let names: [String]?

    /// `systems` are the managed systems of the policy maps; nil when one of them could not be read, then names are not checked.
    /// `groupless` are those whose connector knows no groups.
    static func read(_ file: ConfigurationFile, systems: [String]?, groupless: Set<String>) -> RolesFile {
        guard let root = YAMLReader.read(file), let section = Section(root, named: "", keys: RoleShapes.roles.names, in: file),
            let node = section.required("roles"),
            let entries = file.mapping(node, named: "'roles'")
        else { return RolesFile(file: file, roles: [], names: nil) }
        let roles = entries.compactMap { entry -> Role? in
            guard let part = Section(entry.value, named: "role '\(entry.key)'", keys: RoleShapes.role.names, in: file) else { return nil }
            let entitlements = part.required("entitlements").map { self.entitlements($0, systems, groupless, file) } ?? []
            return Role(name: RoleName(entry.key), entitlements: entitlements, position: file.position(entry.keyPoint))
        }
        return RolesFile(file: file, roles: roles, names: entries.map(\.key))
    }

    private static func entitlements(
        _ node: YAMLNode, _ systems: [String]?, _ groupless: Set<String>, _ file: ConfigurationFile
    ) -> [Entitlement] {
        guard !node.isRefused else { return [] }
        guard let nodes = node.list else {
            file.error("'entitlements' must be a list, not \(node.kind)", at: node)
            return []
        }
        return nodes.compactMap { node in
            guard let part = Section(node, named: "an entitlement", keys: RoleShapes.entitlement.names, in: file),
                let name = part.required("system"),
                let system = file.nonEmptyText(name, "system")
            else { return nil }
            if let systems, !systems.contains(system.text) {
                file.error(
                    "no policy map is for the managed system '\(system.text)'", at: system.point, length: system.length,
                    suggestion: nearest(system.text, in: systems))
            }
            let groups = part["groups"].flatMap { file.texts($0, "groups") } ?? []
            if let group = groups.first, groupless.contains(system.text) {
                file.error(
                    "the connector of '\(system.text)' does not say how somebody is put into a group", at: group.point, length: group.length
                )
            }
            return Entitlement(system: SystemName(system.text), groups: groups.map(\.text))
        }
    }
}
