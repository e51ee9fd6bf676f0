import ConnectorLDAP
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

    /// The connector of a policy map; `directory` is where relative paths start.
    static func connector(_ map: PolicyMap, directory: URL) throws -> any Connector {
        let settings = map.connector
        guard settings.type == "ldap" else {
            throw Stop(.configuration, "\(settings.position): error: this version has no connector of type '\(settings.type)'")
        }
        let caFile = settings.values["caFile"].map { $0.hasPrefix("/") ? $0 : directory.appendingPathComponent($0).path }
        guard let dialect = Dialect(rawValue: settings.dialect ?? Dialect.openLDAP.rawValue) else {
            throw Stop(.configuration, "\(settings.position): error: dialect '\(settings.dialect ?? "")' is unknown")
        }
        var ldap = LDAPSettings(
            url: settings.values["url"] ?? "", startTLS: settings.values["startTLS"] == "true", bindDN: settings.values["bindDN"] ?? "",
            password: settings.secrets["password"] ?? Sensitive(""), caFile: caFile, base: settings.values["base"] ?? "", dialect: dialect)
        if let connections = settings.values["connections"].flatMap(Int.init) { ldap.connections = connections }
        if let window = settings.values["window"].flatMap(Int.init) { ldap.window = window }
        if let timeout = settings.values["timeout"].flatMap(Int.init) { ldap.timeoutSeconds = timeout }
        if let maintains = settings.values["maintainsReferences"] { ldap.maintainsReferences = maintains == "true" }
        ldap.lookedForBy = lookedForBy(map)
        return LDAPConnector(ldap)
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
