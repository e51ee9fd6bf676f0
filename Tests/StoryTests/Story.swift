import ChildProcesses
import Foundation
import Testing

/// A story: a folder with HR files, what its configuration has beyond `Common`, and `story.txt`, a transcript that is played against the real binary and a
/// private slapd of its own.
///
///     # prose
///     $ birthright sync hr --file hr/day1.csv --as-of 2026-03-02
///     what it prints
///     [1]                  the exit code, when it is not 0
///
/// Commands are shell. Besides `birthright` (run in the story's configuration) the prelude offers `directory FILTER [ATTRIBUTE...]`,
/// `eventually TEXT COMMAND` (until it prints the text: servers repair references in the background), `entries FILE` (adds an LDIF), `change FILE` (modifies by LDIF), `edit FILE SED`, `directory_stop` and `directory_start`.
/// Set BIRTHRIGHT_ACCEPT=1 to write what was printed into the story, and read the difference before committing it.
struct Story: CustomTestStringConvertible, Sendable {
    let folder: URL
    var testDescription: String { folder.lastPathComponent }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Stories")
    static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static let all: [Story] = ((try? FileManager.default.contentsOfDirectory(atPath: root.path)) ?? []).sorted()
        .map { Story(folder: root.appendingPathComponent($0)) }
        .filter { FileManager.default.fileExists(atPath: $0.folder.appendingPathComponent("story.txt").path) }

    /// The binary that was built together with the tests.
    static var binary: URL {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("birthright")
        if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
        return package.appendingPathComponent(".build/debug/birthright")
    }

    /// One command of the transcript with what it must print.
    struct Step {
        let line: Int
        let command: String
        let expected: [String]
    }

    enum Piece {
        case prose(String)
        case step(Step)
    }

    func pieces() throws -> [Piece] {
        let text = try String(contentsOf: folder.appendingPathComponent("story.txt"), encoding: .utf8)
        var pieces: [Piece] = []
        var current: (line: Int, command: String, expected: [String])?
        func close() {
            guard var step = current else { return }
            var blanks = 0
            while step.expected.last == "" {
                step.expected.removeLast()
                blanks += 1
            }
            pieces.append(.step(Step(line: step.line, command: step.command, expected: step.expected)))
            for _ in 0..<blanks { pieces.append(.prose("")) }
            current = nil
        }
        var lines = text.components(separatedBy: "\n")
        if lines.last == "" { lines.removeLast() }
        for (index, line) in lines.enumerated() {
            if line.hasPrefix("$ ") {
                close()
                current = (index + 1, String(line.dropFirst(2)), [])
            } else if line.hasPrefix("# ") {
                close()
                pieces.append(.prose(line))
            } else if current != nil {
                current?.expected.append(line)
            } else {
                pieces.append(.prose(line))
            }
        }
        close()
        return pieces
    }
}

/// Where a story is played: a copy of its folder, and a directory server of its own.
final class Stage {
    let folder: URL
    private var environment: [String: String]
    private let scripts = Story.package.appendingPathComponent("SampleData/directory")

    init(_ story: Story) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("birthright-story-\(story.testDescription)-\(getpid())")
        try? FileManager.default.removeItem(at: folder)
        try FileManager.default.copyItem(at: Story.root.deletingLastPathComponent().appendingPathComponent("Common"), to: folder)
        for file in try FileManager.default.subpathsOfDirectory(atPath: story.folder.path) where file != "hr" && file != "PolicyMaps" {
            let target = folder.appendingPathComponent(file)
            try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
            try? FileManager.default.removeItem(at: target)
            try FileManager.default.copyItem(at: story.folder.appendingPathComponent(file), to: target)
        }
        environment = [
            "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TZ": "UTC", "LC_ALL": "C.UTF-8", "HOME": folder.path, "USER": "story",
            "BIRTHRIGHT": Story.binary.path, "SCRIPTS": scripts.path, "STAGE": folder.path, "LDAPTLS_REQCERT": "demand",
        ]
        let started = try run("directory_start")
        guard started.code == 0 else { throw StageError(message: "the directory server did not start: \(started.output)") }
    }

    struct StageError: Error, CustomStringConvertible {
        let message: String
        var description: String { message }
    }

    private let prelude = """
        cd "$STAGE"
        [ -f ldap.env ] && { set -a; . ./ldap.env; CORP_LDAP_PASSWORD=$(cat ldap/password); LDAPTLS_CACERT=$CORP_LDAP_CA; set +a; }
        SERVICE=cn=svc-birthright,dc=example,dc=com
        birthright() { "$BIRTHRIGHT" "$@"; }
        directory() { ldapsearch -LLL -o ldif-wrap=no -x -H "$CORP_LDAP_URL" -D $SERVICE -y ldap/password -b dc=example,dc=com "$@" | sorted; }
        sorted() { perl -00 -ne 'chomp; my ($dn, @rest) = split /\\n/; push @e, join "\\n", $dn, sort @rest; END { print map "$_\\n", sort @e }'; }
        eventually() { text=$1; shift; i=0; until "$@" | grep -q "$text" || [ $i = 100 ]; do sleep 0.1; i=$((i+1)); done; "$@"; }
        entries() { ldapadd -x -H "$CORP_LDAP_URL" -D $SERVICE -y ldap/password -f "$1" >/dev/null; }
        change() { ldapmodify -x -H "$CORP_LDAP_URL" -D $SERVICE -y ldap/password -f "$1" >/dev/null; }
        edit() { sed -i "$2" "$1"; }
        directory_start() { port=0; [ -f ldap.env ] && port=${CORP_LDAP_URL##*:}; "$SCRIPTS/start.sh" "$STAGE/ldap" "$port" --fast >ldap.env; }
        directory_stop() { "$SCRIPTS/stop.sh" "$STAGE/ldap" >/dev/null; }

        """

    func run(_ command: String) throws -> (output: String, code: Int32) {
        // A file, not a pipe: a server started by the command must not keep the test waiting for the end of its output.
        let captured = folder.appendingPathComponent(".output")
        _ = FileManager.default.createFile(atPath: captured.path, contents: nil)
        let shell = try ChildProcess("/bin/sh", ["-c", prelude + command], environment: environment, output: .file(captured.path))
        let code = shell.wait()
        return (String(decoding: try Data(contentsOf: captured), as: UTF8.self), code)
    }

    /// Output as the story shows it: this machine's paths and ports are gone.
    func lines(_ result: (output: String, code: Int32)) -> [String] {
        var text = result.output.replacingOccurrences(of: folder.path, with: "STAGE")
        text = text.replacingOccurrences(of: #"127\.0\.0\.1:\d+"#, with: "127.0.0.1:PORT", options: .regularExpression)
        let identifier = #"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"#
        text = text.replacingOccurrences(of: identifier, with: "ENTRY-UUID", options: .regularExpression)
        // The ids that the server gave are sealed with the plan.
        text = text.replacingOccurrences(of: #"\b[0-9a-f]{12}\b"#, with: "SEAL", options: .regularExpression)
        text = text.replacingOccurrences(of: #"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*"#, with: "TIME", options: .regularExpression)
        var lines = text.components(separatedBy: "\n").map { line in
            line.replacingOccurrences(of: #"\s+$"#, with: "", options: .regularExpression)
        }
        while lines.last == "" { lines.removeLast() }
        if result.code != 0 { lines.append("[\(result.code)]") }
        return lines
    }

    func strike() {
        _ = try? run("directory_stop")
        try? FileManager.default.removeItem(at: folder)
    }
}
