/// Where a user's own documents stand within the document of their change, in Unicode scalars from 1 (as SQL's `substr` counts):
/// a store can make users real from a plan's documents without reading them.
public struct UserChangeLayout: Hashable, Sendable {
    public let assignmentsStart: Int
    public let assignmentsLength: Int
    public let attributesStart: Int
    public let attributesLength: Int
    /// The values of the claim: often those of the user. Nil where the claim brings none.
    public let valuesStart: Int?
    public let valuesLength: Int?
}

extension UserChange: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) { _ = writeSpans(to: &writer) }

    /// The document, and the places of the user's own documents in it.
    public func documentWithLayout() -> (bytes: [UInt8], layout: UserChangeLayout) {
        var writer = DocumentWriter()
        let (assignments, attributes, values) = writeSpans(to: &writer)
        let bytes = writer.bytes
        func scalars(_ range: Range<Int>) -> Int { bytes[range].reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
        let assignmentsStart = scalars(0..<assignments.lowerBound)
        let assignmentsLength = scalars(assignments)
        let between = scalars(assignments.upperBound..<attributes.lowerBound)
        let attributesStart = assignmentsStart + assignmentsLength + between
        let attributesLength = scalars(attributes)
        var own = (start: attributesStart, length: attributesLength)
        if let values {
            own = (attributesStart + attributesLength + scalars(attributes.upperBound..<values.lowerBound), scalars(values))
        }
        let hasValues = claim?.values != nil
        let layout = UserChangeLayout(
            assignmentsStart: assignmentsStart + 1, assignmentsLength: assignmentsLength,
            attributesStart: attributesStart + 1, attributesLength: attributesLength,
            valuesStart: hasValues ? own.start + 1 : nil, valuesLength: hasValues ? own.length : nil)
        return (bytes, layout)
    }

    /// Writes the document and says where, in bytes, the assignments, the attributes and the claim's own values stand.
    private func writeSpans(
        to writer: inout DocumentWriter
    ) -> (assignments: Range<Int>, attributes: Range<Int>, values: Range<Int>?) {
        var spans: (assignments: Range<Int>, attributes: Range<Int>, values: Range<Int>?) = (0..<0, 0..<0, nil)
        writer.object { writer in
            writer.name("assignments")
            spans.assignments = writer.span { self.assignments.write(to: &$0) }
            // Absent: as they are now.
            if assignmentsBefore != assignments {
                writer.name("assignmentsBefore")
                assignmentsBefore.write(to: &writer)
            }
            writer.name("attributes")
            spans.attributes = writer.span { UserAttributes(user.attributes).write(to: &$0) }
            // Absent for a joiner, `true` for a user who stays as they are.
            if let before {
                writer.name("before")
                if before == user { writer.bool(true) } else { before.write(to: &writer) }
            }
            writer.member("change", change.rawValue)
            if let claim {
                writer.name("claim")
                spans.values = claim.write(to: &writer, of: user.attributes)
            }
            writer.member("due", ifPresent: due?.description)
            if !ended.isEmpty {
                writer.name("ended")
                ended.write(to: &writer)
            }
            writer.member("id", user.id.text)
            writer.member("key", user.key.text)
            writer.member("reasons", ifAny: reasons)
            writer.member("source", user.source.text)
            writer.member("status", user.status.rawValue)
            writer.member("version", user.version)
        }
        return spans
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var parts = Parts()
        try reader.object { reader, name throws(DocumentError) in try parts.read(name, from: &reader) }
        let assignments = try parts.assignments.required("assignments")
        let user = try parts.user()
        self.init(
            change: try parts.change.required("change"), user: user, before: parts.isSameAsBefore ? user : parts.before,
            assignments: assignments, assignmentsBefore: parts.assignmentsBefore ?? assignments, claim: parts.claim,
            ended: parts.ended, due: parts.due, reasons: parts.reasons)
    }

    private struct Parts {
        var change: LifecycleChange?
        var id: UserID?
        var key: UserKey?
        var source: SourceName?
        var status: UserStatus?
        var attributes: UserAttributes?
        var version: Int?
        var before: User?
        var isSameAsBefore = false
        var assignments: [RoleAssignment]?
        var assignmentsBefore: [RoleAssignment]?
        var claim: SourceClaim?
        var ended: [SourceClaim] = []
        var due: CivilDate?
        var reasons: [String] = []

        mutating func read(_ name: String, from reader: inout DocumentReader) throws(DocumentError) {
            switch name {
            case "assignments": assignments = try [RoleAssignment](reading: &reader)
            case "assignmentsBefore": assignmentsBefore = try [RoleAssignment](reading: &reader)
            case "attributes": attributes = try UserAttributes(reading: &reader)
            case "before" where reader.peek == UInt8(ascii: "t"): isSameAsBefore = try reader.bool()
            case "before": before = try User(reading: &reader)
            case "change": change = try reader.raw(LifecycleChange.self)
            case "claim": claim = try SourceClaim(reading: &reader, of: attributes?.values ?? [:])
            case "ended": ended = try [SourceClaim](reading: &reader)
            case "due":
                let text = try reader.string()
                guard let date = CivilDate(text) else { throw DocumentError("'\(text)' is no date") }
                due = date
            case "id": id = try reader.identifier(UserID.self)
            case "key": key = try reader.identifier(UserKey.self)
            case "reasons": reasons = try reader.strings()
            case "source": source = try reader.identifier(SourceName.self)
            case "status": status = try reader.raw(UserStatus.self)
            case "version": version = Int(try reader.int())
            default: try reader.skip()
            }
        }

        func user() throws(DocumentError) -> User {
            User(
                id: try id.required("id"), key: try key.required("key"), source: try source.required("source"),
                status: try status.required("status"), attributes: try attributes.required("attributes").values,
                version: try version.required("version"))
        }
    }
}
