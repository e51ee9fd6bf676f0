import IdentityModel
import Kinds
import Planning
import PolicyFiles
import Testing

/// A university: staff and students in complete files that both may set status, badges in an incremental one that may not, and directories whose
/// statuses nobody maps.
struct Campus {
    static let staff = SourceName("staff")
    static let students = SourceName("students")
    static let badges = SourceName("badges")
    static let person = UserID("person")
    static let today = CivilDate(days: 20_000)
    static let standard = """
        sources:
          staff:
            files: staff/*.csv
            timeZone: Europe/Oslo
            key: row.ID
            correlation: [ employeeId, email ]
            claims: 'row.STATUS != "Never"'
            map:
              employeeId: row.ID
              lastName: row.LAST
              department: row.DEPARTMENT
              email: row.EMAIL
              phone: row.PHONE
              manager: ref(row.MANAGER)
              status: 'row.STATUS == "Left" ? "terminated" : row.STATUS == "Leave" ? "leave" : "active"'
              startDate: date(row.START)
              endDate: date(row.END)
            yields: [ phone ]
          students:
            files: students/*.csv
            timeZone: America/New_York
            key: row.ID
            map: { lastName: "row.LAST", title: "row.COURSE", phone: "row.PHONE", status: "row.STATUS", endDate: "date(row.END)" }
          badges:
            files: badges/*.csv
            type: incremental
            take: all
            creates: false
            key: row.BADGE
            correlation: [ email ]
            map: { email: "row.EMAIL", phone: "row.PHONE", badge: "row.BADGE" }
            owns: [ phone, badge ]
        user: { badge: string }
        """

    let configuration: Configuration

    init(_ service: String = standard) throws {
        let files = ["birthright.yaml": service, "Roles.yaml": "roles: {}", "Rules.yaml": "rules: {}"]
        let (configuration, diagnostics) = ConfigurationLoader.load(
            ConfigurationFiles(files: files.mapValues { Array($0.utf8) }, kinds: Kinds.all, environment: [:]))
        self.configuration = try #require(configuration, "\(diagnostics.map(\.description))")
    }

    static func claim(
        _ source: SourceName, key: String = "1", _ status: UserStatus? = nil, _ attributes: [String: UserValue] = [:],
        presence: SourceClaim.Presence = .present, keepsAlive: Bool = true
    ) -> SourceClaim {
        SourceClaim(
            source: source, key: UserKey(key), user: person, keyHash: StableHash.hash(key), rowHash: 7,
            position: SourcePosition(file: "\(source)/1.csv", line: 2), presence: presence, keepsAlive: keepsAlive,
            values: SourceValues(status: status, attributes: attributes))
    }

    static func user(_ status: UserStatus, _ attributes: [String: UserValue] = [:]) -> User {
        User(id: person, key: UserKey("1"), source: staff, status: status, attributes: attributes, version: 3)
    }

    func merged(
        _ claims: [SourceClaim], before: User? = nil, days: SourceDays = SourceDays(today)
    ) -> UserMerge.Merged {
        UserMerge(sources: configuration.sources, days: days).merge(claims, id: Campus.person, before: before)
    }

    /// The source as it is configured.
    func source(_ name: SourceName) throws -> SourceConfiguration { try #require(configuration.source(name)) }

    /// A file of these rows from line 2 on, `columnCount` as in the first; equal rows have equal hashes.
    static func batch(_ rows: [[String]], problems: [SourceRowBatch.Problem] = []) -> SourceRowBatch {
        var bytes: [UInt8] = []
        var (starts, ends): ([UInt32], [UInt32]) = ([], [])
        for value in rows.joined() {
            starts.append(UInt32(bytes.count))
            bytes += Array(value.utf8)
            ends.append(UInt32(bytes.count))
        }
        return SourceRowBatch(
            file: "hr/a.csv", columnCount: rows.first?.count ?? 0, bytes: bytes, fieldStarts: starts, fieldEnds: ends,
            lines: rows.indices.map { UInt32($0 + 2) }, hashes: rows.map(rowHash), problems: problems)
    }

    static func rowHash(_ row: [String]) -> UInt64 { StableHash.hash(row.joined(separator: ",")) }
}

extension CivilDate {
    static func + (date: CivilDate, days: Int) -> CivilDate { date.adding(days: days) }
    static func - (date: CivilDate, days: Int) -> CivilDate { date.adding(days: -days) }
}
