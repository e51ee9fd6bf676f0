package import IdentityModel

/// The configuration directory as a value: PolicyFiles reads no file itself.
package struct ConfigurationFiles: Sendable {
    /// Bytes by path relative to the configuration directory, as the files were found: `birthright.yaml`, `Roles.yaml`, `Rules.yaml`,
    /// `../PolicyMaps/corp-directory.yaml`, `Lookups/department-ou.csv` (`ConfigurationLayout` says which).
    package let files: [String: [UInt8]]
    package let environment: [String: String]
    /// The bytes of a file named by `{file: PATH}`; nil when it cannot be read.
    package let readSecretFile: @Sendable (String) -> [UInt8]?

    /// The kinds of connector that there are.
    package let connectors: [AdapterShape]

    package init(
        files: [String: [UInt8]], connectors: [AdapterShape], environment: [String: String] = [:],
        readSecretFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.files = files
        self.connectors = connectors
        self.environment = environment
        self.readSecretFile = readSecretFile
    }
}
