import ChildProcesses
import Foundation
import Histories

/// A private slapd from SampleData/directory, behind a proxy, used for one history after the other.
final class DirectoryProcess: @unchecked Sendable {
    let proxy: CutProxy
    private let folder: URL
    private let environment: [String: String]
    private let url: String
    /// DN and entryCSN of everything, as last looked at.
    private var seen: [String: String] = [:]
    private(set) var writes = 0

    struct Failed: Error, CustomStringConvertible { let description: String }
    struct Record {
        var name = ""
        var attributes: [String: [String]] = [:]
    }

    static let account = "cn=svc-birthright,dc=example,dc=com"
    private static let scripts = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("SampleData/directory")

    init(overlays: Bool) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-torture-\(UUID().uuidString.prefix(8))")
        let script = DirectoryProcess.scripts.appendingPathComponent("start.sh").path
        let output = try DirectoryProcess.run(script, [folder.path, "0", "--fast"] + (overlays ? [] : ["--no-overlays"])).output
        var values: [String: String] = [:]
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { values[parts[0]] = parts[1] }
        }
        environment = values
        url = values["CORP_LDAP_URL"] ?? ""
        guard let port = url.split(separator: ":").last.flatMap({ UInt16($0) }) else {
            throw Failed(description: "slapd did not start: \(output)")
        }
        proxy = try CutProxy(upstream: port)
        try change(
            "dn: ou=Annex,ou=People,\(Rulebook.suffix)\nchangetype: add\nobjectClass: organizationalUnit\nou: Annex\n", mayFail: true)
        for name in Rulebook.groupNames {
            try change(
                "dn: \(Rulebook.group(name))\nchangetype: add\nobjectClass: groupOfNames\ncn: \(name)\nmember: \(DirectoryProcess.account)\n",
                mayFail: true)
        }
    }

    var proxyURL: String { "ldaps://127.0.0.1:\(proxy.port)" }
    var caFile: String { environment["CORP_LDAP_CA"] ?? "" }
    var passwordFile: String { environment["CORP_LDAP_PASSWORD_FILE"] ?? "" }
    var password: String { (try? String(contentsOfFile: passwordFile, encoding: .utf8)) ?? "" }

    func stop() {
        _ = try? DirectoryProcess.run(DirectoryProcess.scripts.appendingPathComponent("stop.sh").path, [folder.path])
        try? FileManager.default.removeItem(at: folder)
    }

    // MARK: Reading

    func records(_ filter: String) throws -> [Record] {
        let found = try ldap("ldapsearch", ["-LLL", "-o", "ldif-wrap=no", "-b", Rulebook.suffix, filter, "*", "entryUUID", "entryCSN"])
        var records: [Record] = []
        for block in found.output.components(separatedBy: "\n\n") {
            var record = Record()
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
                guard parts.count == 2 else { continue }
                let isEncoded = parts[1].hasPrefix(":")
                let text = parts[1].drop { $0 == ":" || $0 == " " }
                let value = isEncoded ? Data(base64Encoded: String(text)).map { String(decoding: $0, as: UTF8.self) } ?? "" : String(text)
                if parts[0] == "dn" { record.name = value } else { record.attributes[parts[0].lowercased(), default: []].append(value) }
            }
            if !record.name.isEmpty { records.append(record) }
        }
        return records
    }

    /// Counts what changed since the last look; an entry that changed several times counts once.
    func look() throws {
        var now: [String: String] = [:]
        for record in try records("(objectClass=*)") { now[record.name] = record.attributes["entrycsn"]?.first ?? "" }
        if !seen.isEmpty {
            writes += now.count { seen[$0.key] != $0.value } + seen.count { now[$0.key] == nil }
        }
        seen = now
    }

    /// What the history itself changed is not counted.
    func forget() throws {
        let before = writes
        try look()
        writes = before
    }

    // MARK: Writing

    func change(_ ldif: String, mayFail: Bool = false) throws {
        let file = folder.appendingPathComponent("change.ldif")
        try ldif.write(to: file, atomically: false, encoding: .utf8)
        let result = try ldap("ldapmodify", ["-c", "-f", file.path])
        if result.code != 0, !mayFail { throw Failed(description: "ldapmodify: \(result.output)") }
    }

    /// Empty of people, as at the beginning.
    func clear() throws {
        var ldif = ""
        for record in try records("(objectClass=inetOrgPerson)") { ldif += "dn: \(record.name)\nchangetype: delete\n\n" }
        for folder in Rulebook.folderNames {
            ldif += "dn: \(Rulebook.folder(folder))\nchangetype: add\nobjectClass: organizationalUnit\nou: \(folder)\n\n"
        }
        if !ldif.isEmpty { try change(ldif, mayFail: true) }
        ldif = ""
        for name in Rulebook.groupNames {
            ldif += "dn: \(Rulebook.group(name))\nchangetype: modify\nreplace: member\nmember: \(DirectoryProcess.account)\n\n"
        }
        try change(ldif)
        proxy.reopen()
        proxy.arm(nil, .before)
        seen = [:]
        try look()
        writes = 0
    }

    private func ldap(_ tool: String, _ arguments: [String]) throws -> (code: Int32, output: String) {
        try DirectoryProcess.run(
            "/usr/bin/" + tool, ["-x", "-H", url, "-D", DirectoryProcess.account, "-y", passwordFile] + arguments,
            environment: ["LDAPTLS_CACERT": caFile])
    }

    /// Runs a program to its end; what it printed, errors included.
    static func run(
        _ path: String, _ arguments: [String], environment: [String: String] = [:], started: (pid_t) -> Void = { _ in }
    ) throws -> (code: Int32, output: String) {
        let settings = environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC"]) { own, _ in own }
        return try ChildProcess.run(path, arguments, environment: settings, started: started)
    }
}
