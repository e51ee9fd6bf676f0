import Foundation
import IdentityModel
import Kinds
import PolicyFiles
import Testing
import Yams

@Suite("JSON Schema files")
struct SchemaTests {
    private static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().resolvingSymlinksInPath()

    /// Every YAML file of the repository that a configuration could hold, with the schema it has to fit.
    private static func shipped() throws -> [(path: String, schema: SchemaFile)] {
        let paths = try ["SampleData", "PolicyMaps", "Tests"].flatMap { top in
            try FileManager.default.subpathsOfDirectory(atPath: repository.appendingPathComponent(top).path).map { top + "/" + $0 }
        }
        return paths.filter { $0.hasSuffix(".yaml") }.sorted().compactMap { path in
            let folders = path.split(separator: "/").dropLast()
            switch path.split(separator: "/").last {
            case "birthright.yaml": return (path, .service)
            case "Roles.yaml": return (path, .roles)
            case "Rules.yaml": return (path, .rules)
            default:
                guard folders.last == "PolicyMaps" else { return nil }
                return (path, ConfigurationLayout.isPolicyMap(path) ? .policyMap : .policyTests)
            }
        }
    }

    /// As editors read it: dates are texts.
    private static func value(_ yaml: String) throws -> JSON {
        json(try Yams.load(yaml: yaml, Resolver.default.removing(.timestamp)) as Any)
    }

    private static func json(_ value: Any) -> JSON {
        switch value {
        case let flag as Bool: return .bool(flag)
        case let number as Int: return .int(Int64(number))
        case let text as String: return .string(text)
        case let number as Double: return .int(Int64(number))
        case let list as [Any]: return .array(list.map(json))
        case let mapping as [AnyHashable: Any]:
            return .object(mapping.map { JSON.Member("\($0.key.base)", json($0.value)) }.sorted { $0.name < $1.name })
        default: return .null
        }
    }

    @Test("take every YAML file that ships")
    func files() throws {
        let files = try SchemaTests.shipped()
        #expect(Set(files.map(\.schema)) == Set(SchemaFile.allCases), "there is a file for each schema")
        for file in files {
            let text = try String(contentsOf: SchemaTests.repository.appendingPathComponent(file.path), encoding: .utf8)
            #expect(SchemaValidation(root: file.schema.json(Kinds.all)).findings(try SchemaTests.value(text)) == [], "\(file.path)")
        }
    }

    @Test(
        "refuse what the loader refuses",
        arguments: [
            (SchemaFile.policyMap, "onDelete: DISABLE", "ondelete: DISABLE", ".ondelete: unknown key"),
            (.policyMap, "onDelete: DISABLE", "onDelete: DISABEL", ".onDelete: fits nothing"),
            (.policyMap, "maxLength: 40", "maxLength: 0", ".attributes.cn: fits nothing"),
            (.policyMap, "password: { env: SECRET }", "password: hunter2", ".connector: fits nothing"),
            (.policyMap, "password: { env: SECRET }", "password: { env: SECRET, default: x }", ".connector: fits nothing"),
            (.policyMap, "accountName: dn\n", "", ": 'accountName' is missing"),
            (.policyMap, "path: tables", "1path: tables", ".let.1path: unknown key"),
            (.policyMap, "[ number ]", "[]", ".correlation: is too short"),
            (.service, "maxRowCountChange: 20%", "maxRowCountChange: 20", ".sources.hr.contract.maxRowCountChange: fits nothing"),
            (.service, "timeZone", "timezone", ".sources.hr.timezone: unknown key"),
            (.rules, "roles: [Employee]", "statuses: [retired], roles: [Employee]", ".rules.everybody.statuses[0]: fits nothing"),
            (.roles, "system: Directory", "systems: Directory", ".roles.Employee.entitlements[0]: 'system' is missing"),
        ])
    func mistakes(_ schema: SchemaFile, _ old: String, _ new: String, _ finding: String) throws {
        let file = schema == .policyMap ? "PolicyMaps/directory.yaml" : schema.pattern
        let validation = SchemaValidation(root: schema.json(Kinds.all))
        #expect(validation.findings(try SchemaTests.value(Company().files[file] ?? "")) == [])
        let company = Company().changing(file, old, new)
        let found = validation.findings(try SchemaTests.value(company.files[file] ?? ""))
        #expect(found.contains { $0.hasPrefix(finding) }, "\(found)")
        #expect(company.load().configuration == nil, "the loader takes what the schema refuses")
    }

    @Test("say what every key is for")
    func descriptions() throws {
        func missing(_ schema: JSON, _ path: String) -> [String] {
            let properties = schema["properties"]?.members ?? []
            let own = properties.filter { $0.value["description"]?.stringValue?.isEmpty ?? true }.map { path + "." + $0.name }
            let inner = (schema.members ?? []).flatMap { member in
                (member.value.arrayValue ?? [member.value]).flatMap {
                    missing($0, member.name == "properties" ? path : path + "." + member.name)
                }
            }
            return own + inner
        }
        for schema in SchemaFile.allCases { #expect(missing(schema.json(Kinds.all), schema.rawValue) == []) }
    }

    @Test("and readers take their keys from one table")
    func oneTable() throws {
        let folder = SchemaTests.repository.appendingPathComponent("Sources/PolicyFiles")
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }.sorted()
        let texts = try files.map { (path: $0, text: try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8)) }
        let readers = texts.filter { !$0.path.hasPrefix("Schema/") && !$0.path.hasPrefix("Lints/") }
        for (path, text) in readers {
            let sections = text.matches(of: /Section\([^\n]*\bkeys: ([^\n]*?)(?:, in:|\))/).map { String($0.1) }
            for keys in sections where !keys.hasSuffix("Shapes.root.names") {
                let isShape = keys.contains(/\w+Shapes\.\w+\.names/) || keys.contains("shape.keys")
                #expect(isShape, "\(path): the keys \(keys) stand in no shape, so no schema knows them")
            }
        }
        // And each key of the table is asked for by some reader.
        let all = readers.map(\.text).joined()
        for key in SchemaFile.allCases.flatMap({ SchemaTests.keys($0.json(AdapterShapes(connectors: [], stores: [], sinks: []))) })
        where !SchemaTests.countedEffects.contains(key) {
            #expect(all.contains("\"\(key)\""), "no reader asks for the key '\(key)'")
        }
    }

    @Test(
        "and adapters ask for each setting that they declare",
        arguments: ["ConnectorLDAP/LDAPKind.swift", "ConnectorLDIF/LDIFKind.swift", "StoreSQL/SQLiteKind.swift", "SinkFile/FileKind.swift"])
    func adapters(_ path: String) throws {
        let file = SchemaTests.repository.appendingPathComponent("Sources/" + path)
        let text = try String(contentsOf: file, encoding: .utf8)
        let shapes = Kinds.all.connectors.map(\.adapter) + Kinds.all.stores + Kinds.all.sinks
        let shape = try #require(shapes.first { text.contains("type: \"\($0.type)\"") })
        for key in shape.keys {
            #expect(text.matches(of: try Regex("\"\(key.name)\"")).count >= 2, "'\(key.name)' is declared, and nobody asks for it")
        }
    }

    /// Keys that readers go through as an enumeration.
    private static let countedEffects = Set(
        Effect.allCases.map(\.rawValue) + ["store", "target"] + ["get", "post", "put", "patch", "delete"])

    private static func keys(_ schema: JSON) -> Set<String> {
        (schema.members ?? []).reduce(into: []) { keys, member in
            if member.name == "properties" { keys.formUnion(member.value.members?.map(\.name) ?? []) }
            for part in member.value.arrayValue ?? [member.value] { keys.formUnion(SchemaTests.keys(part)) }
        }
    }
}
