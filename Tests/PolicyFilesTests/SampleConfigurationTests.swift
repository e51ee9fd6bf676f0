import Foundation
import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

@Suite("The shipped configuration")
struct SampleConfigurationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The sample company as the shell would collect it.
    private static func sample() -> ConfigurationFiles {
        let folder = root.appending(path: "SampleData")
        let environment = ["CORP_LDAP_PASSWORD": "secret", "CORP_LDAP_CA": "ca.pem"]
        var files: [String: [UInt8]] = [:]
        func read(_ path: String) {
            if let content = try? Data(contentsOf: folder.appending(path: path)) { files[path] = Array(content) }
        }
        for path in [ConfigurationLayout.serviceFile, ConfigurationLayout.rolesFile, ConfigurationLayout.rulesFile] { read(path) }
        let maps = ConfigurationLayout.policyMapFolder(
            of: ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment))
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.appending(path: maps).path())) ?? []
        for name in names where ConfigurationLayout.isPolicyMap(name) { read(maps + "/" + name) }
        let found = ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment)
        for map in files.keys where map.hasPrefix(maps) {
            for lookup in ConfigurationLayout.lookupPaths(policyMap: map, in: found) { read(lookup) }
        }
        return ConfigurationFiles(files: files, kinds: Kinds.all, environment: environment)
    }

    @Test("the sample company loads, and says only what is not acted on yet")
    func sampleLoads() throws {
        let (configuration, diagnostics) = ConfigurationLoader.load(SampleConfigurationTests.sample())
        #expect(diagnostics.map(\.message) == ["the key 'schedule' is accepted, but not acted on yet"])
        let loaded = try #require(configuration)
        #expect(loaded.hash.count == 64)
        let map = try #require(loaded.policyMap(SystemName("Corp Directory")))
        #expect(map.correlation == ["employeeNumber"])
        #expect(map.connector.secrets["password"]?.reveal() == "secret")
        #expect(loaded.schema.index["badgeNumber"] != nil)
    }

    @Test("every step of the sample map stands behind what it reads")
    func stepsInOrder() throws {
        let loaded = try #require(ConfigurationLoader.load(SampleConfigurationTests.sample()).configuration)
        let map = try #require(loaded.policyMaps.first)
        let names = map.steps.map { step in
            switch step {
            case .define(let index): map.lets[index].name
            case .compute(let index): "out." + map.attributes[index].name
            }
        }
        func place(_ name: String) throws -> Int { try #require(names.firstIndex(of: name)) }
        #expect(names.count == map.lets.count + map.attributes.count)
        #expect(try place("given") < place("asciiFirst"))
        #expect(try place("mailbox") < place("out.mail"))
        #expect(try place("out.sAMAccountName") < place("out.cn"))
        // The container of a cn is read off the dn, which needs the path.
        #expect(try place("path") < place("out.cn"))
        #expect(try place("out.cn") < place("out.dn"))
    }
}
