internal import CEL
package import IdentityModel
package import Planning

/// A user who stands in no source: attributes from a file or a command line, to try expressions on.
package struct MadeUpUser: Sendable {
    package var attributes: [String: UserValue] = [:]
    package var status = UserStatus.active

    package init() {}

    /// The users of a source have it as their key.
    private static let keyAttribute = "employeeId"

    /// Known by its employee id; where it has none, as `somebody`.
    package var user: User {
        let key = attributes[MadeUpUser.keyAttribute].map { UserKey($0.text) } ?? UserKey("somebody")
        let source = SourceName("made up")
        return User(
            id: ChangeDetection.userID(source: source, key: key), key: key, source: source, status: status, attributes: attributes,
            version: 0)
    }

    // MARK: From a file

    /// A mapping of attribute names to values in YAML or JSON, as strict as the configuration: `lastName: Berg`, `startDate: 2026-03-02`,
    /// `manager: E0042`, `status: leave`. Nil when anything was reported.
    package static func read(_ path: String, _ bytes: [UInt8], schema: UserSchema) -> (
        user: MadeUpUser?, diagnostics: [ConfigurationDiagnostic]
    ) {
        let found = DiagnosticCollection()
        guard let file = ConfigurationFile.open(path, ConfigurationFiles(files: [path: bytes], kinds: .none), found),
            let root = YAMLReader.read(file)
        else { return (nil, found.sorted) }
        let person = TestPeople(file: file, schema: schema).changed(TestPeople.Person(), by: root, named: "")
        var made = MadeUpUser()
        made.attributes = person.attributes
        made.status = person.status
        return (found.hasErrors ? nil : made, found.sorted)
    }

    // MARK: From a command line

    /// Why a `NAME=VALUE` cannot be taken.
    package struct Refusal: Error, Sendable, Hashable {
        package let message: String
        package init(message: String) { self.message = message }
    }

    /// Gives an attribute, or the status, another value; the empty text takes it away. Several values of a list stand between commas.
    package mutating func set(_ name: String, _ text: String, schema: UserSchema) throws(Refusal) {
        if name == MadeUpUser.statusName {
            guard let status = UserStatus(rawValue: text) else {
                throw Refusal(message: "status must be \(UserStatus.allCases.map(\.rawValue).joined(separator: ", ")), not '\(text)'")
            }
            self.status = status
            return
        }
        guard let index = schema.index[name] else {
            let hint = nearest(name, in: MadeUpUser.names(schema)).map { "; did you mean '\($0)'?" } ?? ""
            throw Refusal(message: "a user has no attribute '\(name)'\(hint)")
        }
        guard !text.isEmpty else {
            attributes[name] = nil
            return
        }
        let type = schema.attributes[index].type
        guard let value = type.value(text) else { throw Refusal(message: "'\(name)' must be \(type.example), not '\(text)'") }
        attributes[name] = value
    }

    private static let statusName = "status"
    private static func names(_ schema: UserSchema) -> [String] { schema.attributes.map(\.name) + [statusName] }
}

extension UserSchema.ValueType {
    /// Nil when the text is none of this type; an empty text is of none.
    fileprivate func value(_ text: String) -> UserValue? {
        guard !text.isEmpty else { return nil }
        switch self {
        case .string: return .string(text)
        case .int: return Int64(text).map(UserValue.int)
        case .bool: return Bool(text).map(UserValue.bool)
        case .date: return CivilDate(text).map(UserValue.date)
        case .list: return .list(text.split(separator: ",").map { String($0).trimmingSpaces })
        case .reference: return .reference(UserKey(text))
        }
    }

    fileprivate var example: String {
        switch self {
        case .string: "a text that is not empty"
        case .int: "a whole number"
        case .bool: "true or false"
        case .date: "a date written yyyy-MM-dd"
        case .list: "texts between commas"
        case .reference: "the key of a user"
        }
    }
}
