internal import Hashing
package import IdentityModel

/// What happened to a user, and when they have to be looked at again.
package enum ChangeDetection {
    /// The user a new key stands for. The same on every machine: ids come from content.
    package static func userID(source: SourceName, key: UserKey, generation: Int = 1) -> UserID {
        let digest = SHA256.hash("\(source.text)\u{0}\(key.text)\u{0}\(generation)")
        return UserID(hexadecimal(digest.prefix(16)))
    }

    package static func change(from before: User?, to user: User) -> LifecycleChange {
        guard let before else { return .joiner }
        if before.status == .terminated && user.status != .terminated { return .rehire }
        if before.status != .terminated && user.status == .terminated { return .leaver }
        // Whoever waited for the first day joins on it, however long we have known them.
        if before.status == .pendingStart && user.status.isEmployed { return .joiner }
        return before.status == user.status && before.attributes == user.attributes ? .unchanged : .mover
    }

    /// The next day, in the zone that the user's dates are read in, on which they must be looked at although no row changed.
    package static func nextDue(_ user: User, rules: [BusinessRule], today: CivilDate) -> CivilDate? {
        var next: CivilDate?
        func consider(_ date: CivilDate?) {
            if let date, date > today, next.map({ date < $0 }) ?? true { next = date }
        }
        // Whom a row or its absence terminated no date brings back; whom a date terminated had it in the past.
        if user.status != .terminated {
            consider(user.attributes["startDate"]?.date)
            consider(user.attributes["endDate"]?.date?.adding(days: 1))
        }
        for rule in rules where rule.statuses.contains(user.status) {
            consider(rule.from)
            consider(rule.until?.adding(days: 1))
        }
        return next
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
