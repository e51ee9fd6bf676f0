import Foundation
import PolicyFiles

/// Reads the files of a configuration directory; what they mean is decided by PolicyFiles.
enum ConfigurationDirectory {
    static func read(_ directory: URL) throws -> ConfigurationFiles {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Stop(.configuration, "\(directory.path): error: there is no such configuration directory (--config)")
        }
        var files: [String: [UInt8]] = [:]
        guard let main = bytes(directory.appendingPathComponent("birthright.yaml")) else {
            throw Stop(.configuration, "\(directory.path): error: birthright.yaml is missing; is this a configuration directory (--config)?")
        }
        files["birthright.yaml"] = main
        for name in ["Roles.yaml", "Rules.yaml"] { files[name] = bytes(directory.appendingPathComponent(name)) }
        for folder in [ConfigurationLayout.policyMapsFolder(of: main), "Lookups"] {
            let url = directory.appendingPathComponent(folder)
            for name in ((try? FileManager.default.contentsOfDirectory(atPath: url.path)) ?? []).sorted() {
                guard name.hasSuffix(".yaml") || name.hasSuffix(".csv") else { continue }
                files[folder + "/" + name] = bytes(url.appendingPathComponent(name))
            }
        }
        return ConfigurationFiles(
            files: files, environment: ProcessInfo.processInfo.environment,
            readSecretFile: { path in bytes(path.hasPrefix("/") ? URL(fileURLWithPath: path) : directory.appendingPathComponent(path)) })
    }

    private static func bytes(_ url: URL) -> [UInt8]? {
        (try? Data(contentsOf: url)).map { Array($0) }
    }
}
