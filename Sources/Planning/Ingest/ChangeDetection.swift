internal import Crypto
package import IdentityModel

/// Record + user -> what happened, and the user as they will be.
package struct ChangeDetection: Sendable {
    private let configuration: SourceConfiguration
    private let today: CivilDate

    /// `today` is the calendar day of the run in the source's time zone.
    package init(configuration: SourceConfiguration, today: CivilDate) {
        self.configuration = configuration
        self.today = today
    }

    package struct Detected: Sendable, Hashable {
        package let change: LifecycleChange
        package let user: User
    }

    /// The user a new key stands for. The same on every machine: ids come from content.
    package static func userID(source: SourceName, key: UserKey, generation: Int = 1) -> UserID {
        let digest = SHA256.hash(data: Array("\(source.text)\u{0}\(key.text)\u{0}\(generation)".utf8))
        return UserID(hexadecimal(digest.prefix(16)))
    }

    /// What a record makes of its user; `before` is nil for a joiner.
    package func detect(_ record: SourceRecord, before: User?) -> Detected {
        var attributes = before?.attributes ?? [:]
        for name in configuration.owns { attributes[name] = record.attributes[name] }
        let wanted = record.status ?? .active
        let status = ChangeDetection.status(wanted: wanted, attributes: attributes, today: today)
        let user = User(
            id: before?.id ?? ChangeDetection.userID(source: configuration.name, key: record.key), key: before?.key ?? record.key,
            source: before?.source ?? configuration.name, status: status, attributes: attributes, version: before?.version ?? 0)
        return Detected(change: ChangeDetection.change(from: before, to: user), user: user)
    }

    /// A user whose row is gone from every source that claims them.
    package static func missing(_ before: User) -> Detected {
        var user = before
        user.status = .terminated
        return Detected(change: change(from: before, to: user), user: user)
    }

    /// A user planned again without a row: a date arrived.
    package static func dated(_ before: User, today: CivilDate) -> Detected {
        var user = before
        // Whoever waits for the first day becomes active; whoever was terminated stays so until a row says otherwise.
        let wanted: UserStatus = before.status == .pendingStart ? .active : before.status
        user.status = status(wanted: wanted, attributes: before.attributes, today: today)
        return Detected(change: change(from: before, to: user), user: user)
    }

    /// A future start date keeps a joiner waiting; the end date is the last day of access.
    static func status(wanted: UserStatus, attributes: [String: UserValue], today: CivilDate) -> UserStatus {
        guard wanted != .terminated else { return .terminated }
        if case .date(let end)? = attributes["endDate"], end < today { return .terminated }
        if case .date(let start)? = attributes["startDate"], start > today { return .pendingStart }
        return wanted == .pendingStart ? .active : wanted
    }

    static func change(from before: User?, to user: User) -> LifecycleChange {
        guard let before else { return .joiner }
        if before.status == .terminated && user.status != .terminated { return .rehire }
        if before.status != .terminated && user.status == .terminated { return .leaver }
        return before.status == user.status && before.attributes == user.attributes ? .unchanged : .mover
    }

    /// The next day on which the user must be looked at although no row changed.
    package static func nextDue(_ user: User, rules: [BusinessRule], today: CivilDate) -> CivilDate? {
        var dates: [CivilDate] = []
        if user.status == .terminated { return nil }
        if case .date(let start)? = user.attributes["startDate"] { dates.append(start) }
        if case .date(let end)? = user.attributes["endDate"] { dates.append(end.adding(days: 1)) }
        for rule in rules {
            if let from = rule.from { dates.append(from) }
            if let until = rule.until { dates.append(until.adding(days: 1)) }
        }
        return dates.filter { $0 > today }.min()
    }
}

/// Lower-case hexadecimal.
func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    let digits = Array("0123456789abcdef".utf8)
    var text: [UInt8] = []
    for byte in bytes {
        text.append(digits[Int(byte >> 4)])
        text.append(digits[Int(byte & 15)])
    }
    return String(decoding: text, as: UTF8.self)
}
