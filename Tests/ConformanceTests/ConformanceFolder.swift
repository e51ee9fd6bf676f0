import Foundation

/// The parts of public test suites that this package is measured against; they are not in the repository.
enum ConformanceFolder {
    /// `$BIRTHRIGHT_CONFORMANCE`, or `../shared/conformance` beside the package; nil if there is no such folder.
    static var url: URL? {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: candidate.path, isDirectory: &isFolder)
        return exists && isFolder.boolValue ? candidate : nil
    }

    /// Where it was looked for, for the message of a skipped test.
    static var candidate: URL {
        if let path = ProcessInfo.processInfo.environment["BIRTHRIGHT_CONFORMANCE"], !path.isEmpty {
            return URL(fileURLWithPath: path, isDirectory: true)
        }
        let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        return package.deletingLastPathComponent().appendingPathComponent("shared/conformance", isDirectory: true)
    }
}
