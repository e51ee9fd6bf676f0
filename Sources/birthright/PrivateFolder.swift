import Foundation

/// The folder in which the store and the events lie is for its owner only: what HR knows of people stands in them.
enum PrivateFolder {
    /// Takes the rights of others from the folder of a file, where that is ours to do: not from the configuration directory or one above it, which others may
    /// have to read (the files in it are protected by their own rights), and not from one that is shared or belongs to somebody else. A folder that is not
    /// there is made so by whoever makes it.
    static func protect(folderOf path: String, configuration: URL) {
        let folder = URL(fileURLWithPath: path).deletingLastPathComponent().resolvingSymlinksInPath().path
        let kept = configuration.resolvingSymlinksInPath().standardizedFileURL.path
        guard kept != folder, !kept.hasPrefix(folder.hasSuffix("/") ? folder : folder + "/") else { return }
        var status = stat()
        guard stat(folder, &status) == 0, status.st_uid == geteuid(), status.st_mode & S_ISVTX == 0 else { return }
        let home = URL(fileURLWithPath: NSHomeDirectory()).resolvingSymlinksInPath().path
        guard folder != home, status.st_mode & 0o077 != 0 else { return }
        chmod(folder, 0o700)
    }
}
