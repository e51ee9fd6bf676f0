import Foundation
import PolicyFiles

/// Reads the files of a configuration directory; what they mean is decided by PolicyFiles.
enum ConfigurationDirectory {
    /// `argument` is what the command calls the directory.
    static func read(_ directory: URL, argument: String = "--config") throws -> ConfigurationFiles {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: directory.path, isDirectory: &isDirectory), isDirectory.boolValue else {
            throw Stop(.configuration, "\(directory.path): error: there is no such configuration directory (\(argument))")
        }
        guard let main = bytes(directory, ConfigurationLayout.serviceFile) else {
            throw Stop(
                .configuration, "\(directory.path): error: birthright.yaml is missing; is this a configuration directory (\(argument))?")
        }
        var files = [ConfigurationLayout.serviceFile: main]
        for name in [ConfigurationLayout.rolesFile, ConfigurationLayout.rulesFile] { files[name] = bytes(directory, name) }
        let folder = ConfigurationLayout.policyMapFolder(of: configuration(files, directory))
        let names = try policyMapNames(folder, directory)
        for name in names.sorted() where ConfigurationLayout.isPolicyMap(name) || ConfigurationLayout.isPolicyTests(name) {
            let path = folder == "." ? name : folder + "/" + name
            files[path] = files[path] ?? bytes(directory, path)
            guard ConfigurationLayout.isPolicyMap(name) else { continue }
            for lookup in ConfigurationLayout.lookupPaths(policyMap: path, in: configuration(files, directory)) {
                files[lookup] = bytes(directory, lookup)
            }
        }
        return configuration(files, directory)
    }

    /// A folder that the configuration names has to be there: without it every role would be said to name a system that there is not. The standard one may be
    /// missing where nobody has an account anywhere yet.
    private static func policyMapNames(_ folder: String, _ directory: URL) throws -> [String] {
        let path = folder.hasPrefix("/") ? folder : directory.appendingPathComponent(folder).path
        if let names = try? FileManager.default.contentsOfDirectory(atPath: path) { return names }
        let isThere = FileManager.default.fileExists(atPath: path)
        if !isThere, folder == ConfigurationLayout.standardPolicyMapFolder { return [] }
        let file = directory.appendingPathComponent(ConfigurationLayout.serviceFile).path
        throw Stop(
            .configuration,
            "\(file): error: the directory of policy maps, '\(folder)' (policyMaps), \(isThere ? "cannot be read as a directory" : "is not there"); "
                + "paths are relative to the configuration directory")
    }

    private static func configuration(_ files: [String: [UInt8]], _ directory: URL) -> ConfigurationFiles {
        ConfigurationFiles(
            files: files, kinds: Adapters.shapes, environment: ProcessInfo.processInfo.environment,
            readSecretFile: { path in bytes(directory, path) })
    }

    private static func bytes(_ directory: URL, _ path: String) -> [UInt8]? {
        let url = path.hasPrefix("/") ? URL(fileURLWithPath: path) : directory.appendingPathComponent(path)
        return (try? Data(contentsOf: url)).map { Array($0) }
    }
}
