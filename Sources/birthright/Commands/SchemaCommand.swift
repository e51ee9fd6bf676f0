import ArgumentParser
import Foundation
import IdentityModel
import Planning
import PolicyFiles

/// `birthright schema DIR`: JSON Schema files for editors.
struct SchemaCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schema",
        abstract: "Writes JSON Schema files for the YAML files, so that editors complete keys and say what they are for.",
        discussion: "PolicyMaps/README.md, section \"Schemas\", says how to tell an editor. Needs no configuration.")

    @Argument(help: "The folder to write to; made if it is not there.")
    var directory: String?

    @Option(help: "Prints one schema instead: \(SchemaFile.allCases.map(\.rawValue).joined(separator: ", ")).")
    var name: String?

    func validate() throws {
        guard (directory == nil) != (name == nil) else {
            throw ValidationError("give a DIRECTORY to write to, or --name of a schema to print")
        }
    }

    func run() async throws {
        try await ending {
            if let name { say(try schema(name).json(Adapters.shapes).indentedText) }
            if let directory { try write(URL(fileURLWithPath: directory, isDirectory: true)) }
            return .done
        }
    }

    private func schema(_ name: String) throws -> SchemaFile {
        if let schema = SchemaFile(rawValue: name) { return schema }
        let known = SchemaFile.allCases.map(\.rawValue)
        let hint = nearestName(name, in: known).map { "; did you mean '\($0)'?" } ?? "; there is: \(known.joined(separator: ", "))"
        throw Stop(.configuration, "there is no schema '\(name)'\(hint)")
    }

    private func write(_ folder: URL) throws {
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for schema in SchemaFile.allCases {
                let file = folder.appendingPathComponent(schema.fileName)
                try Data((schema.json(Adapters.shapes).indentedText + "\n").utf8).write(to: file, options: .atomic)
                say("\(file.relativePath): for \(schema.pattern)")
            }
        } catch {
            throw Stop(.unable, "cannot write to \(folder.path): \(error.localizedDescription)")
        }
    }
}
