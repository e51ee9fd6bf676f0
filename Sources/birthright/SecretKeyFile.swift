import Foundation
import Planning

/// The key by which secrets are told apart: 32 random bytes in a file beside the store, for its owner only. A copy of the store without it tells nothing.
struct SecretKeyFile {
    let path: String

    init(besides store: String) { path = store + ".key" }

    private static let length = 32

    /// What lies there is no key, in words.
    struct Damage: Error { let text: String }

    /// Nil: it is not there.
    func read() throws(Damage) -> SecretDigest? {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        guard let bytes = FileManager.default.contents(atPath: path) else { throw Damage(text: "\(path) cannot be read") }
        guard bytes.count == Self.length else {
            throw Damage(text: "\(path) is no key of a store: it has \(bytes.count) bytes and not \(Self.length)")
        }
        chmod(path, 0o600)
        return SecretDigest(key: [UInt8](bytes))
    }

    /// Makes the file, unless somebody else has: what is there counts. It has all its bytes, on the disk, before it has its name.
    func make() throws -> SecretDigest {
        let draft = "\(path).\(ProcessInfo.processInfo.processIdentifier)"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failed(draft) }
        let bytes = (0..<Self.length).map { _ in UInt8.random(in: .min ... .max) }
        let isWritten = write(descriptor, bytes, bytes.count) == bytes.count && fsync(descriptor) == 0
        close(descriptor)
        defer { unlink(draft) }
        guard isWritten else { throw failed(draft) }
        guard link(draft, path) == 0 || errno == EEXIST else { throw failed(path) }
        syncFolder()
        guard let digest = try readOrStop() else { throw failed(path) }
        return digest
    }

    /// For a store that has no key yet.
    func readOrStop() throws -> SecretDigest? {
        do {
            return try read()
        } catch {
            throw Stop(.unable, "error: \(error.text); move it away, and the store gets one")
        }
    }

    /// What lies there is kept under another name: it may be the key of another store.
    func moveAside() throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        var number = 1
        while FileManager.default.fileExists(atPath: "\(path).replaced-\(number)") { number += 1 }
        guard rename(path, "\(path).replaced-\(number)") == 0 else { throw failed(path) }
    }

    private func syncFolder() {
        let folder = open(URL(fileURLWithPath: path).deletingLastPathComponent().path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private func failed(_ file: String) -> Stop { Stop(.unable, "error: \(file) cannot be written: \(String(cString: strerror(errno)))") }
}
