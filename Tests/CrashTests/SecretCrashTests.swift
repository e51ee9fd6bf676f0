import Foundation
import Testing

/// Secrets in the real program, against a real directory: killed while it writes, asked for everything it can show, and without its key.
@Suite("No secret is left behind by a run, a killed one, or one that goes on", .serialized)
struct SecretCrashTests {
    private static let rules = """

          userPassword: '"Initial-" + user.employeeId + "-" + out.sAMAccountName'
          carLicense: { value: '"Plate-" + user.employeeId + "-" + user.department', sensitive: true, enforce: onChange }

        """
    private static let secrets = ["Initial-E", "Plate-E"]
    private static let directory = "Corp Directory"

    private func playground() throws -> Playground {
        let playground = try Playground("secrets")
        let map = playground.folder.appendingPathComponent("PolicyMaps/corp-directory.yaml")
        let lines = Self.rules.split(separator: "\n").map { "  " + $0.trimmingCharacters(in: .whitespaces) }.joined(separator: "\n")
        try (String(contentsOf: map, encoding: .utf8) + lines + "\n").write(to: map, atomically: true, encoding: .utf8)
        return playground
    }

    /// Everything that the program wrote, but for the directory server's own files.
    private func leaks(_ playground: Playground) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: playground.folder.path).filter { name in
            guard name.hasPrefix("store") || name == "events.jsonl" || name == "output" else { return false }
            let bytes = try Data(contentsOf: playground.folder.appendingPathComponent(name))
            return Self.secrets.contains { bytes.range(of: Data($0.utf8)) != nil }
        }
    }

    private func expectNothingShown(_ playground: Playground) throws {
        let commands = [
            ["plans", "show", "1"], ["plans", "show", "1", "--format", "json"], ["orders", "list"], ["orders", "list", "--format", "json"],
            ["orders", "show", "1-1"], ["orders", "show", "1-1", "--format", "json"], ["users", "show", "E1"],
            ["users", "show", "E1", "--format", "json"], ["explain", "E1", Self.directory], ["audit", "--limit", "0"],
            ["explain", "E1", Self.directory, "carLicense", "--format", "json"], ["explain", "E1", Self.directory, "userPassword"],
            ["events", "--limit", "0"],
        ]
        for command in commands {
            let said = try playground.birthright(command)
            #expect(said.code == 0, "\(command): \(said.output.prefix(500))")
            for secret in Self.secrets { #expect(!said.output.contains(secret), "\(command)") }
        }
    }

    private func entries(_ playground: Playground) throws -> [String] {
        try playground.directory().filter { $0.contains("\nemployeeNumber: E") }
    }

    private func value(_ attribute: String, of entry: String) -> String? {
        for line in entry.split(separator: "\n") {
            if line.hasPrefix(attribute + ":: ") {
                return Data(base64Encoded: String(line.dropFirst(attribute.count + 3))).map { String(decoding: $0, as: UTF8.self) }
            }
            if line.hasPrefix(attribute + ": ") { return String(line.dropFirst(attribute.count + 2)) }
        }
        return nil
    }

    @Test func `the directory has every secret, and nothing else has any, whenever the run was killed`() throws {
        let playground = try playground()
        defer { playground.strike() }
        let planned = try playground.birthright(["plan", "hr"])
        #expect(planned.code == 0 && !Self.secrets.contains { planned.output.contains($0) })
        #expect(try leaks(playground) == [])
        var killedWhileWriting = 0
        for attempt in 1...40 where killedWhileWriting < 2 {
            guard try playground.killed(["apply", "1"], after: 0.1 * Double(attempt)) else { break }
            #expect(try leaks(playground) == [])
            if (1..<Playground.people).contains(try entries(playground).count) { killedWhileWriting += 1 }
        }
        #expect(killedWhileWriting > 0)
        let resumed = try playground.birthright(["sync", "hr"])
        #expect(resumed.code == 0, "\(resumed.output)")
        #expect(try leaks(playground) == [])
        let entries = try entries(playground)
        #expect(entries.count == Playground.people)
        for entry in entries {
            let (key, login) = (value("employeeNumber", of: entry) ?? "", value("sAMAccountName", of: entry) ?? "")
            #expect(value("userPassword", of: entry) == "Initial-\(key)-\(login)")
            #expect(value("carLicense", of: entry)?.hasPrefix("Plate-\(key)-") == true)
        }
        try expectNothingShown(playground)
        try withoutTheKey(playground)
    }

    /// The file for the key is for its owner only; without it a joiner waits and the run ends with 3, and with it the run goes on.
    private func withoutTheKey(_ playground: Playground) throws {
        let files = FileManager.default
        let (key, aside) = (playground.storePath + ".key", playground.storePath + ".aside")
        #expect(try files.attributesOfItem(atPath: key)[.posixPermissions] as? Int == 0o600)
        let people = playground.folder.appendingPathComponent("hr/people.csv")
        let rows = try String(contentsOf: people, encoding: .utf8) + "E900,Nora,Lund,Sales,E1\n"
        try rows.write(to: people, atomically: false, encoding: .utf8)
        try files.moveItem(atPath: key, toPath: aside)
        let lost = try playground.birthright(["sync", "hr"])
        #expect(lost.code == 3 && lost.output.contains("nothing secret is sent: \(key)"), "\(lost.output)")
        #expect(try entries(playground).count == Playground.people && !files.fileExists(atPath: key))
        try Data(repeating: 1, count: 32).write(to: URL(fileURLWithPath: key))
        let other = try playground.birthright(["sync", "hr"])
        #expect(other.code == 3 && other.output.contains("is not the key of this store's secrets"), "\(other.output)")
        // A key that was cut is as good as none: it stops what is secret, and nothing else.
        try Data(repeating: 1, count: 10).write(to: URL(fileURLWithPath: key))
        let cut = try playground.birthright(["sync", "hr"])
        #expect(cut.code == 3 && cut.output.contains("is no key of a store: it has 10 bytes and not 32"), "\(cut.output)")
        #expect(try playground.birthright(["plans", "list"]).code == 0)
        try files.removeItem(atPath: key)
        try files.moveItem(atPath: aside, toPath: key)
        let back = try playground.birthright(["sync", "hr"])
        #expect(back.code == 0, "\(back.output)")
        #expect(try entries(playground).contains { value("userPassword", of: $0) == "Initial-E900-lundn" })
        #expect(try leaks(playground) == [])
        try withANewKey(playground, people, rows)
    }

    /// Gone for good: a person says so, and what is enforced is sent once more to whoever is planned.
    private func withANewKey(_ playground: Playground, _ people: URL, _ rows: String) throws {
        let key = URL(fileURLWithPath: playground.storePath + ".key")
        let before = try Data(contentsOf: key)
        try Data(repeating: 1, count: 32).write(to: key)
        try (rows + "E901,Ole,Holm,Sales,E1\n").write(to: people, atomically: false, encoding: .utf8)
        let accepted = try playground.birthright(["sync", "hr", "--accept", "secretKey", "--reason", "the disk is gone"])
        #expect(accepted.code == 0, "\(accepted.output)")
        #expect(try Data(contentsOf: key) != before && Data(contentsOf: key).count == 32)
        #expect(try Data(contentsOf: key.appendingPathExtension("replaced-1")) == Data(repeating: 1, count: 32))
        #expect(try entries(playground).contains { value("userPassword", of: $0) == "Initial-E901-holmo" })
        #expect(try playground.birthright(["audit", "--limit", "0"]).output.contains("the disk is gone (secretKey: a new key"))
        #expect(try playground.birthright(["sync", "hr"]).code == 0)
    }
}
