import ConnectorLDAP
import ConnectorLDIF
import Contracts
import Foundation
import IdentityModel
import Planning
import SinkFile
import SourceCSV
import StoreSQL

/// The only file that names an adapter: a new connector, store, sink or source is one case here.
enum Adapters {
    static func store(path: String) async throws(StoreError) -> any Store {
        try await SQLStore.openSQLite(path: path)
    }

    /// For commands that promise to write nothing: a store that is not there is not made.
    static func storeToRead(path: String) async throws(StoreError) -> any Store {
        try await SQLStore.readSQLite(path: path)
    }

    static func source(_ source: SourceConfiguration, directory: URL) -> any SyncSource {
        CSVFileSource(
            CSVFileSettings(
                directory: directory.path, pattern: source.files, takesLatestOnly: source.take == .latest,
                needsMarker: source.completion == .marker, delimiter: source.delimiter, encoding: source.encoding))
    }

    /// By the name under which the store remembers how far each has got.
    static func sinks(_ service: ServiceSettings, directory: URL) -> [String: any EventSink] {
        guard let file = service.eventFile else { return [:] }
        let path = file.hasPrefix("/") ? file : directory.appendingPathComponent(file).path
        PrivateFolder.protect(folderOf: path, configuration: directory)
        let format: EventFormat =
            switch service.eventFormat {
            case .sailPoint: .sailPoint
            case .cloudEvents: .cloudEvents
            }
        return ["file": FileSink(path: path, format: format)]
    }

    /// Every kind of connector: a new one is a line here.
    static let connectors: [ConnectorKind] = [
        LDAPConnector.kind, LDIFConnector.kind, .announced(.announcedWeb("rest")), .announced(.announcedWeb("scim")),
    ]

    static var shapes: [AdapterShape] { connectors.map(\.shape) }

    /// The connector of a policy map; `directory` is where relative paths start.
    static func connector(_ map: PolicyMap, directory: URL) throws -> any Connector {
        let settings = map.connector
        guard let make = connectors.first(where: { $0.shape.type == settings.type })?.make else {
            throw Stop(.configuration, "\(settings.position): error: this version has no connector of type '\(settings.type)'")
        }
        var values = settings.values
        values["dialect"] = settings.dialect
        return try make(ConnectorSetup(values: values, secrets: settings.secrets, lookedForBy: lookedForBy(map), folder: directory.path))
    }

    /// Correlation and names: what the system is asked for by value.
    private static func lookedForBy(_ map: PolicyMap) -> [String] {
        let names = map.attributes.filter { rule in
            guard case .unique = rule.value else { return false }
            return rule.name != map.accountName
        }
        return map.correlation + names.map(\.name).filter { !map.correlation.contains($0) }
    }
}
