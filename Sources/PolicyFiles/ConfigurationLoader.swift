internal import IdentityModel
package import Planning

/// Configuration files -> checked configuration.
package enum ConfigurationLoader {
    /// Reports everything that is wrong in one run, sorted by file and place. The configuration is nil when there is any error;
    /// warnings leave it usable.
    package static func load(_ files: ConfigurationFiles) -> (configuration: Configuration?, diagnostics: [ConfigurationDiagnostic]) {
        let diagnostics = DiagnosticCollection()
        let serviceFile = ConfigurationFile.open(ConfigurationLayout.serviceFile, files, diagnostics)
        let service = serviceFile.flatMap(ServiceFile.read)
        let schema = service?.schema ?? UserSchema(additional: [])
        let folder = service?.policyMapFolder ?? ConfigurationLayout.standardPolicyMapFolder
        let paths = ConfigurationLayout.policyMaps(in: folder, of: files)
        let mapFiles = paths.compactMap { ConfigurationFile.open($0, files, diagnostics).flatMap(PolicyMapFile.init) }
        PolicyMapSet.check(mapFiles)
        let maps = mapFiles.map { $0.compile(schema) }
        // A map that could not be read may be for any system.
        let areAllKnown = mapFiles.count == paths.count && mapFiles.allSatisfy { $0.system != nil }
        let systems = areAllKnown ? mapFiles.compactMap { $0.system?.text } : nil
        let rolesFile = ConfigurationFile.open(ConfigurationLayout.rolesFile, files, diagnostics)
        let groupless = Set(maps.compactMap(\.map).filter { $0.traits.abilities[.memberships] == nil }.map(\.system.text))
        let roles = rolesFile.map { RolesFile.read($0, systems: systems, groupless: groupless) }
        let rulesFile = ConfigurationFile.open(ConfigurationLayout.rulesFile, files, diagnostics)
        let rules = rulesFile.map { RulesFile.read($0, schema, roles: roles?.names) }
        guard !diagnostics.hasErrors, let serviceFile, let service, let roles, let rulesFile, let rules else {
            diagnostics.settleAllowances()
            return (nil, diagnostics.sorted)
        }
        ConfigurationLints(
            service: service, serviceFile: serviceFile, roles: roles, rules: rules, rulesFile: rulesFile, maps: maps
        ).run()
        diagnostics.settleAllowances()
        let outside = outsideValues([serviceFile, rolesFile, rulesFile].compactMap { $0 } + mapFiles.map(\.file))
        let configuration = Configuration(
            service: service.settings, schema: schema, sources: service.sources, roles: roles.roles, rules: rules.map(\.rule),
            policyMaps: maps.compactMap(\.map).sorted { $0.system < $1.system }, guards: service.guards,
            hash: hash(files, mapFiles, outside),
            outsideValues: outside.mapValues(ConfigurationHash.digest))
        return (configuration, diagnostics.sorted)
    }

    private static func outsideValues(_ files: [ConfigurationFile]) -> [String: String] {
        files.reduce(into: [:]) { all, file in all.merge(file.outsideValues) { first, _ in first } }
    }

    /// Over what was read: every YAML file and the lookups, but not the tests beside the maps.
    private static func hash(_ files: ConfigurationFiles, _ maps: [PolicyMapFile], _ outside: [String: String]) -> String {
        let fixed = [ConfigurationLayout.serviceFile, ConfigurationLayout.rolesFile, ConfigurationLayout.rulesFile]
        let lookups = maps.flatMap { ConfigurationLayout.lookupPaths($0.section["tables"], $0.file) }
        let paths = Set(fixed + maps.map(\.file.path) + lookups)
        return ConfigurationHash.hexadecimal(of: files.files.filter { paths.contains($0.key) }, outside: outside)
    }
}
