import ArgumentParser
import Foundation

/// `birthright init DIR`: a configuration to begin with.
struct InitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Writes a small configuration that runs at once, without any server.",
        discussion: "Files that are there already are not touched: the directory has to be empty, or not to be there.")

    @Argument(help: ArgumentHelp("The directory to make.", valueName: "DIR"))
    var directory: String

    func run() async throws {
        try await ending {
            let folder = URL(fileURLWithPath: directory, isDirectory: true)
            try requireEmpty(folder)
            for file in StarterFiles.all { try write(file.text, to: folder.appendingPathComponent(file.path)) }
            say(InitCommand.closing(directory))
            return .done
        }
    }

    private func requireEmpty(_ folder: URL) throws {
        var isDirectory: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory) else { return }
        guard isDirectory.boolValue else { throw Stop(.configuration, "\(directory): error: there is a file of that name") }
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        } catch {
            throw Stop(.unable, "\(directory): error: cannot be read: \((error as NSError).localizedDescription)")
        }
        guard let first = names.min() else { return }
        throw Stop(.configuration, "\(directory): error: the directory is not empty ('\(first)' is in it); name one that is, or a new one")
    }

    private func write(_ text: String, to file: URL) throws {
        do {
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            // Never over a file that somebody made meanwhile.
            try Data(text.utf8).write(to: file, options: .withoutOverwriting)
        } catch {
            throw Stop(.unable, "\(file.path): error: cannot be written: \((error as NSError).localizedDescription)")
        }
    }

    /// What to try next.
    private static func closing(_ directory: String) -> String {
        let files = StarterFiles.all.map { "  \(directory)/\($0.path)" }.joined(separator: "\n")
        return """
            \(files)

            A company of seven people, and a directory that is a file (target.ldif). Try

              cd \(quoted(directory))
              birthright check                 what is wrong with the files: nothing yet
              birthright test                  the tests of the policy map
              birthright plan hr               what would happen
              birthright sync hr               it happens
              birthright explain E002          where each value comes from

            Then be HR: copy hr/staff-1.csv to hr/staff-2.csv, give somebody another DEPARTMENT, write Terminated behind somebody else, add a row; and

              birthright plan hr

            Comments in the files say what each part does, and how a real directory is named in the place of the file.
            """
    }

    /// As a shell takes it for one word.
    private static func quoted(_ word: String) -> String {
        let isPlain = word.allSatisfy { $0.isLetter || $0.isNumber || "/._-+".contains($0) }
        return isPlain ? word : "'\(word.replacing("'", with: "'\\''"))'"
    }
}
