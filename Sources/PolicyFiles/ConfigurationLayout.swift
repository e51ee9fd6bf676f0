internal import Planning

/// Which files belong to a configuration, so that whoever may read files knows what to fetch.
///
/// Read `birthright.yaml`, `Roles.yaml` and `Rules.yaml`; then every file of `policyMapFolder` that `isPolicyMap` or `isPolicyTests`; then the
/// `lookupPaths` of each map. A file that is missing is left out: `ConfigurationLoader` says what was needed.
package enum ConfigurationLayout {
    package static let serviceFile = "birthright.yaml"
    package static let rolesFile = "Roles.yaml"
    package static let rulesFile = "Rules.yaml"
    package static let standardPolicyMapFolder = "PolicyMaps"

    /// The folder of the policy maps, relative to the configuration directory, without a slash at its end.
    package static func policyMapFolder(of files: ConfigurationFiles) -> String {
        guard let file = ConfigurationFile.open(serviceFile, files, DiagnosticCollection()), let root = YAMLReader.read(file) else {
            return standardPolicyMapFolder
        }
        return folder(root, file)
    }

    static func folder(_ root: YAMLNode, _ file: ConfigurationFile) -> String {
        guard let node = root["policyMaps"], let value = file.nonEmptyText(node, "policyMaps") else { return standardPolicyMapFolder }
        var path = value.text
        while path.hasSuffix("/") { path.removeLast() }
        while path.hasPrefix("./") { path.removeFirst(2) }
        return path.isEmpty ? "." : path
    }

    /// `*.yaml`, but not the tests beside the maps.
    package static func isPolicyMap(_ name: String) -> Bool { name.hasSuffix(".yaml") && !isPolicyTests(name) }

    /// `corp-directory.tests.yaml`, beside `corp-directory.yaml`.
    package static func isPolicyTests(_ name: String) -> Bool { name.hasSuffix(testsSuffix) }

    private static let testsSuffix = ".tests.yaml"

    /// The policy map that a file of tests stands beside.
    package static func policyMap(ofTests path: String) -> String { path.dropLast(testsSuffix.count) + ".yaml" }

    /// The file in which a policy map's tests belong.
    package static func policyTests(ofMap path: String) -> String { path.dropLast(".yaml".count) + testsSuffix }

    /// The lookup tables that a policy map names, relative to the configuration directory.
    package static func lookupPaths(policyMap path: String, in files: ConfigurationFiles) -> [String] {
        guard let file = ConfigurationFile.open(path, files, DiagnosticCollection()), let root = YAMLReader.read(file) else { return [] }
        return lookupPaths(root["tables"], file)
    }

    static func lookupPaths(_ tables: YAMLNode?, _ file: ConfigurationFile) -> [String] {
        (tables?.mapping ?? []).compactMap { file.text($0.value, $0.key)?.text }.sorted()
    }

    /// The policy maps among the files, sorted.
    static func policyMaps(in folder: String, of files: ConfigurationFiles) -> [String] {
        let prefix = folder == "." ? "" : folder + "/"
        return files.files.keys.filter { path in
            path.hasPrefix(prefix) && isPolicyMap(path) && !path.dropFirst(prefix.count).contains("/")
                && ![serviceFile, rolesFile, rulesFile].contains(path)
        }.sorted()
    }

    /// The files of tests among the files, sorted.
    static func policyTests(in folder: String, of files: ConfigurationFiles) -> [String] {
        let prefix = folder == "." ? "" : folder + "/"
        return files.files.keys.filter { path in
            path.hasPrefix(prefix) && isPolicyTests(path) && !path.dropFirst(prefix.count).contains("/")
        }.sorted()
    }
}
