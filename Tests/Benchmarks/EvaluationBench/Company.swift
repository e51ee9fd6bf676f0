import CSV
import Foundation
import IdentityModel
import Kinds
import Planning
import PolicyFiles

/// A configuration and the people of one HR file, mapped as a run would map them.
struct Company {
    let configuration: Configuration
    let map: PolicyMap
    let users: [User]

    init(_ directory: URL, people file: URL) throws {
        let (configuration, diagnostics) = ConfigurationLoader.load(try Company.files(directory))
        guard let configuration, let map = configuration.policyMaps.first, let source = configuration.sources.first else {
            throw Refusal(diagnostics.map(\.description).joined(separator: "\n"))
        }
        self.configuration = configuration
        self.map = map
        users = try Company.users(file, source, configuration.schema)
    }

    private static func files(_ directory: URL) throws -> ConfigurationFiles {
        // Nothing is connected to; the map only has to load.
        let environment = ["CORP_LDAP_PASSWORD": "unused", "CORP_LDAP_CA": "unused"]
        var files: [String: [UInt8]] = [:]
        func read(_ path: String) throws { files[path] = Array(try Data(contentsOf: directory.appending(path: path))) }
        for path in [ConfigurationLayout.serviceFile, ConfigurationLayout.rolesFile, ConfigurationLayout.rulesFile] { try read(path) }
        let folder = ConfigurationLayout.policyMapFolder(
            of: ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment))
        for name in try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path()).sorted()
        where ConfigurationLayout.isPolicyMap(name) {
            let path = folder + "/" + name
            try read(path)
            let found = ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment)
            for lookup in ConfigurationLayout.lookupPaths(policyMap: path, in: found) { try read(lookup) }
        }
        return ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment)
    }

    private static func users(_ file: URL, _ source: SourceConfiguration, _ schema: UserSchema) throws -> [User] {
        let table = try CSVTable(Array(try Data(contentsOf: file)))
        let rows = table.rows
        let fields = (0..<rows.rowCount).flatMap { row in (0..<rows.columnCount).map { rows.range(row: row, column: $0) } }
        let batch = SourceRowBatch(
            file: file.lastPathComponent, columnCount: rows.columnCount, bytes: rows.bytes,
            fieldStarts: fields.map { UInt32($0.lowerBound) }, fieldEnds: fields.map { UInt32($0.upperBound) }, lines: rows.rowLine,
            hashes: rows.rowHash, problems: [])
        let mapper = RowMapper(configuration: source, schema: schema, columns: table.header.names)
        return (0..<batch.rowCount).compactMap { row in
            let key = UserKey(batch.text(row: row, column: 0))
            guard case .record(let record) = mapper.map(batch, row: row, key: key, again: []) else { return nil }
            return User(
                id: UserID(key.text), key: key, source: source.name, status: record.status ?? .active, attributes: record.attributes,
                version: 0)
        }
    }
}
