package import IdentityModel

/// The configuration directory as a value: PolicyFiles reads no file itself.
package struct ConfigurationFiles: Sendable {
    /// Bytes by path relative to the configuration directory, as the files were found: `birthright.yaml`, `Roles.yaml`, `Rules.yaml`,
    /// `../PolicyMaps/corp-directory.yaml`, `Lookups/department-ou.csv` (`ConfigurationLayout` says which).
    package let files: [String: [UInt8]]
    package let environment: [String: String]
    /// The bytes of a file named by `{file: PATH}`; nil when it cannot be read.
    package let readSecretFile: @Sendable (String) -> [UInt8]?

    /// The kinds of adapter that there are.
    package let kinds: AdapterShapes

    package init(
        files: [String: [UInt8]], kinds: AdapterShapes, environment: [String: String] = [:],
        readSecretFile: @escaping @Sendable (String) -> [UInt8]? = { _ in nil }
    ) {
        self.files = files
        self.kinds = kinds
        self.environment = environment
        self.readSecretFile = readSecretFile
    }
}

/// The kinds of adapter that there are, for whoever reads a configuration and knows none of them.
package struct AdapterShapes: Sendable {
    package let connectors: [ConnectorShape]
    /// The first one is the standard.
    package let stores: [AdapterShape]
    package let sinks: [AdapterShape]

    /// For files that name no adapter, and for keys that stand in every such file.
    static let none = AdapterShapes(connectors: [], stores: [], sinks: [])

    package init(connectors: [ConnectorShape], stores: [AdapterShape], sinks: [AdapterShape]) {
        self.connectors = connectors
        self.stores = stores
        self.sinks = sinks
    }
}
