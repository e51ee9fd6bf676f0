import ChildProcesses
import Foundation

/// A configuration with 500 people, its store, and a directory server, all in one temporary folder.
final class Playground {
    let folder: URL
    private var environment: [String: String] = [:]

    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    static let people = 500

    init(_ name: String) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-crash-\(name)-\(getpid())")
        try? FileManager.default.removeItem(at: folder)
        let configuration = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Configuration")
        try FileManager.default.copyItem(at: configuration, to: folder)
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("hr"), withIntermediateDirectories: false)
        try Playground.rows.write(to: folder.appendingPathComponent("hr/people.csv"), atomically: false, encoding: .utf8)
        try "".write(to: folder.appendingPathComponent("hr/people.csv.done"), atomically: false, encoding: .utf8)
        try startDirectory()
    }

    /// Many namesakes, two departments, managers above and below, and one circle.
    static var rows: String {
        let first = ["Anna", "Bo", "Carla", "David", "Elin"]
        let last = ["Smith", "Berg", "Novak", "Costa", "Young", "Rossi", "Weber"]
        var text = "ID,FIRST,LAST,DEPARTMENT,MANAGER\n"
        for number in 1...people {
            let manager = number == 1 ? people : max(1, number / 7)
            text += "E\(number),\(first[number % 5]),\(last[number % 7]),\(number % 3 == 0 ? "Finance" : "Sales"),E\(manager)\n"
        }
        return text
    }

    private func startDirectory() throws {
        let ldap = folder.appendingPathComponent("ldap")
        let output = try run(
            Playground.package.appendingPathComponent("SampleData/directory/start.sh").path, [ldap.path, "0", "--fast"], environment: [:])
        for line in output.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
            if parts.count == 2 { environment[parts[0]] = parts[1] }
        }
        environment["CORP_LDAP_PASSWORD"] = try String(contentsOf: ldap.appendingPathComponent("password"), encoding: .utf8)
        environment["LDAPTLS_CACERT"] = environment["CORP_LDAP_CA"]
    }

    static var binary: String {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("birthright")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside.path }
        return package.appendingPathComponent(".build/debug/birthright").path
    }

    var storePath: String { folder.appendingPathComponent("store.sqlite").path }

    /// Runs a command of the real binary to its end.
    func birthright(_ arguments: [String]) throws -> (code: Int32, output: String) {
        let process = try start(arguments)
        let code = process.wait()
        return (code, (try? String(contentsOf: folder.appendingPathComponent("output"), encoding: .utf8)) ?? "")
    }

    /// Runs a command and kills it after that many seconds; true when it was still running.
    func killed(_ arguments: [String], after seconds: Double) throws -> Bool {
        let process = try start(arguments)
        let deadline = Date().addingTimeInterval(seconds)
        while process.isRunning && Date() < deadline { usleep(500) }
        let wasRunning = process.isRunning
        if wasRunning { kill(process.pid, SIGKILL) }
        process.wait()
        return wasRunning
    }

    private func start(_ arguments: [String]) throws -> ChildProcess {
        let captured = folder.appendingPathComponent("output")
        _ = FileManager.default.createFile(atPath: captured.path, contents: nil)
        return try ChildProcess(
            // One day for all of them: a run that goes on after midnight plans anew, as it should.
            Playground.binary, arguments + ["--config", folder.path, "--as-of", "2026-11-02"],
            environment: environment.merging(["PATH": "/usr/bin:/bin", "TZ": "UTC"]) { own, _ in own }, output: .file(captured.path))
    }

    /// Everything in the directory without operational attributes, entries and values sorted.
    func directory() throws -> [String] {
        let output = try run(
            "/usr/bin/ldapsearch",
            [
                "-LLL", "-o", "ldif-wrap=no", "-x", "-H", environment["CORP_LDAP_URL"] ?? "", "-D", "cn=svc-birthright,dc=example,dc=com",
                "-y",
                folder.appendingPathComponent("ldap/password").path, "-b", "dc=example,dc=com",
                "(|(objectClass=inetOrgPerson)(objectClass=groupOfNames))",
            ], environment: environment)
        return output.components(separatedBy: "\n\n").filter { !$0.isEmpty }.map { entry in
            let lines = entry.split(separator: "\n").map(String.init)
            return ([lines.first ?? ""] + lines.dropFirst().sorted()).joined(separator: "\n")
        }.sorted()
    }

    private func run(_ path: String, _ arguments: [String], environment: [String: String]) throws -> String {
        try ChildProcess.run(
            path, arguments, environment: environment.merging(["PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"]) { own, _ in own },
            errors: .nowhere
        ).output
    }

    func strike() {
        _ = try? run(
            Playground.package.appendingPathComponent("SampleData/directory/stop.sh").path, [folder.appendingPathComponent("ldap").path],
            environment: [:])
        try? FileManager.default.removeItem(at: folder)
    }
}
