/// The configuration directory as a value: PolicyFiles reads no file itself.
package struct ConfigurationFiles: Sendable {
    /// Bytes by path relative to the configuration directory, as the files were found: `birthright.yaml`, `Roles.yaml`, `Rules.yaml`,
    /// `../PolicyMaps/corp-directory.yaml`, `Lookups/department-ou.csv` (`ConfigurationLayout` says which).
    package let files: [String: [UInt8]]
    package let environment: [String: String]
    /// The bytes of a file named by `{file: PATH}`; nil when it cannot be read.
    package let readSecretFile: @Sendable (String) -> [UInt8]?

    package init(
        files: [String: [UInt8]], environment: [String: String] = [:],
        readSecretFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.files = files
        self.environment = environment
        self.readSecretFile = readSecretFile
    }
}
