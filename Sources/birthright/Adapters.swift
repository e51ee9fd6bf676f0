import ConnectorLDAP
import ConnectorLDIF
import ConnectorREST
import Contracts
import Foundation
import IdentityModel
import Planning
import PolicyFiles
import Provisioning
import SinkFile
import SourceCSV
import StoreSQL

/// The only file that names an adapter: a new connector, store or sink is a line here.
enum Adapters {
    static let connectors: [ConnectorKind] = [
        LDAPConnector.kind, LDIFConnector.kind, RESTConnector.kind, SCIMConnector.kind,
    ]
    /// The first one is the standard.
    static let stores: [StoreKind] = [SQLStore.sqlite]
    static let sinks: [SinkKind] = [FileSink.kind]

    static var shapes: AdapterShapes {
        AdapterShapes(connectors: connectors.map(\.shape), stores: stores.map(\.shape), sinks: sinks.map(\.shape))
    }

    /// `directory` is where relative paths start, here and below.
    static func store(_ service: ServiceSettings, directory: URL) -> (kind: StoreKind, setup: AdapterSetup) {
        let settings = service.store
        let kind = stores.first { $0.shape.type == settings?.type } ?? stores[0]
        return (kind, AdapterSetup(values: settings?.values ?? [:], secrets: settings?.secrets ?? [:], folder: directory.path))
    }

    /// By the name under which the store remembers how far each has got.
    static func sinks(_ service: ServiceSettings, directory: URL) -> [String: any EventSink] {
        service.sinks.reduce(into: [:]) { made, settings in
            guard let kind = sinks.first(where: { $0.shape.type == settings.type }) else { return }
            let setup = AdapterSetup(values: settings.values, secrets: settings.secrets, folder: directory.path)
            if let file = kind.file(setup) { PrivateFolder.protect(folderOf: file, configuration: directory) }
            made[settings.type] = kind.make(setup)
        }
    }

    static func source(_ source: SourceConfiguration, directory: URL) -> any SyncSource {
        CSVFileSource(
            CSVFileSettings(
                directory: directory.path, pattern: source.files, takesLatestOnly: source.take == .latest,
                needsMarker: source.completion == .marker, delimiter: source.delimiter, encoding: source.encoding))
    }

    /// The connector of a policy map.
    static func connector(_ map: PolicyMap, directory: URL) throws -> any Connector {
        let settings = map.connector
        guard let kind = kind(map) else {
            throw Stop(.configuration, "\(settings.position): error: there is no connector of type '\(settings.type)'")
        }
        return try kind.make(setup(map, directory))
    }

    /// Compares what policy tests expect of requests; needs neither the system nor secrets.
    static func rehearsal(_ map: PolicyMap) -> RequestRehearsal {
        RequestRehearsal(map: map, kind(map), setup(map, URL(fileURLWithPath: "/")))
    }

    private static func kind(_ map: PolicyMap) -> ConnectorKind? { connectors.first { $0.shape.type == map.connector.type } }

    private static func setup(_ map: PolicyMap, _ directory: URL) -> ConnectorSetup {
        let settings = map.connector
        var values = settings.values
        values["dialect"] = settings.dialect
        let setup = AdapterSetup(values: values, secrets: settings.secrets, folder: directory.path)
        return ConnectorSetup(
            setup, lookedForBy: lookedForBy(map), attributes: map.attributes.map(\.name), lists: map.listAttributes,
            accountName: map.accountName, correlation: map.correlation)
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
