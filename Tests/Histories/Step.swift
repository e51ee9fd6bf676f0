/// A change of the configuration.
package enum Edit: Codable, Hashable, Sendable {
    case folder(department: String, folder: String)
    case group(role: String, group: String)
    case titleStyle(Int)
    case alumniUntil(Int)
    case campaign(from: Int, until: Int)
    case salesHaveMail(Bool)
    case bossesHaveLibrary(Bool)
    case category(String)
    case showsPhone(Bool)
    case titleNeeded(String?)
    case claimsGuests(Bool)
    case yieldsTitle(Bool)
    case capitalTitles(Bool)
    case studentsSayTitle(Bool)
    /// Entries are called by another attribute than before.
    case namedByNumber(system: String, Bool)
}

/// What goes wrong while a run is under way.
package enum Mishap: Codable, Hashable, Sendable {
    /// From the n-th call of store or systems on nothing happens any more.
    case death(call: Int)
    /// Nothing happens any more once an entry was renamed.
    case deathAfterRename(system: String)
    /// Nothing happens any more once the n-th write request is carried out.
    case deathAtWrite(system: String, write: Int)
    /// An entry is renamed, and nobody hears of it.
    case lostRename(system: String)
    /// The answer to the n-th write request is lost; `done`: it was carried out.
    case lostAnswer(system: String, write: Int, done: Bool)
    /// The n-th write request is the last one that is answered; the system is away until it is repaired.
    case outage(system: String, write: Int)
    /// The n-th write request is not answered in time, and carried out `delay` calls later, whoever calls.
    case late(system: String, write: Int, delay: Int)
    /// The n-th write request and the one behind it are answered "busy".
    case busy(system: String, write: Int)

    package var system: String? {
        switch self {
        case .death: nil
        case .deathAfterRename(let system), .deathAtWrite(let system, _), .lostRename(let system): system
        case .lostAnswer(let system, _, _), .outage(let system, _), .late(let system, _, _), .busy(let system, _): system
        }
    }

    package var kind: Disturbance {
        switch self {
        case .death, .deathAfterRename, .deathAtWrite: .death
        case .lostAnswer(_, _, true), .lostRename: .lostAfter
        case .lostAnswer(_, _, false): .lostBefore
        case .outage: .outage
        case .late: .late
        case .busy: .busy
        }
    }
}

/// A run: of a source, or of the dates that are due.
package struct Errand: Codable, Hashable, Sendable {
    package var feed: Feed?
    package var mishap: Mishap?
    package init(feed: Feed?, mishap: Mishap? = nil) {
        self.feed = feed
        self.mishap = mishap
    }

    package var step: Step { feed.map { .sync($0, mishap) } ?? .due(mishap) }
}

/// Kinds of disturbances, as they are drawn and counted.
package enum Disturbance: String, Codable, Sendable, CaseIterable {
    case death, lostAfter, lostBefore, outage
    /// A system is down before the run begins, and others go on.
    case away
    case refusedGroup, refusedValue, failingAttribute
    /// Entries and groups changed by hand.
    case movedByHand, deletedByHand, replacedByHand, foreignEntry, takenName
    /// An entry whose id the service account may not read.
    case hiddenID
    /// Two entries that nobody owns, with one person's number.
    case twins
    /// memberOf is wrong after a cut connection.
    case staleMemberOf
    case missingFolder
    /// Only where runs meet.
    case late, busy

    /// Those that every history may draw.
    package static let common = allCases.filter { $0 != .late && $0 != .busy }
}

/// What happens in a history. Steps hold everything they need: leaving some out gives a history again.
package enum Step: Codable, Hashable, Sendable {
    case days(Int)
    case set(person: Int, field: Field, value: String)
    case appear(person: Int, feed: Feed)
    case vanish(person: Int, feed: Feed)
    case renumber(person: Int, key: String)
    /// The row fails a check until it is healed.
    case corrupt(person: Int)
    /// The row stands twice in the file until it is healed.
    case double(person: Int)
    case heal(person: Int)
    /// A new file of the source.
    case publish(Feed)
    /// A file with a header and nothing else.
    case publishEmpty(Feed)
    /// The rows of the source's first file, under a name behind all others.
    case republish(Feed)
    /// The source's first file is picked by hand.
    case resend(Feed)
    case sync(Feed, Mishap?)
    case due(Mishap?)
    /// Two runs at a time, of different origins.
    case both(Errand, Errand)
    case plan(Feed)
    /// Whatever waits for a person is approved, and applied.
    case approve
    case edit(Edit)
    case away(system: String)
    case repair
    case refuseGroup(system: String, group: String)
    case refuseValue(system: String, value: String)
    case dropFolder(system: String, folder: String)
    case moveByHand(system: String, person: Int, folder: String)
    case deleteByHand(system: String, person: Int)
    /// The entry is another one by now, with the same name and values and in no group.
    case replaceByHand(system: String, person: Int)
    /// An entry that nobody of ours owns, with the person's number.
    case foreignEntry(system: String, person: Int)
    /// An entry that is nobody's and has the login that the person would get.
    case takeName(system: String, person: Int)
    /// The same with the entry's own name.
    case takeDN(system: String, person: Int)
    case staleMemberOf(system: String)
    case hideID(system: String, person: Int)
    case twins(system: String, person: Int)

    package var disturbance: Disturbance? {
        switch self {
        case .sync(_, let mishap?), .due(let mishap?): mishap.kind
        case .both(let one, let other): one.mishap?.kind ?? other.mishap?.kind
        case .away: .away
        case .refuseGroup: .refusedGroup
        case .refuseValue: .refusedValue
        case .edit(.titleNeeded("fail")): .failingAttribute
        case .moveByHand: .movedByHand
        case .deleteByHand: .deletedByHand
        case .replaceByHand: .replacedByHand
        case .foreignEntry: .foreignEntry
        case .takeName, .takeDN: .takenName
        case .staleMemberOf: .staleMemberOf
        case .hideID: .hiddenID
        case .twins: .twins
        case .dropFolder: .missingFolder
        case .days, .set, .appear, .vanish, .renumber, .corrupt, .double, .heal, .publish, .publishEmpty, .republish, .resend, .sync, .due,
            .plan, .approve, .edit,
            .repair:
            nil
        }
    }

    /// The run that the step is.
    package var errand: Errand? {
        switch self {
        case .sync(let feed, let mishap): Errand(feed: feed, mishap: mishap)
        case .due(let mishap): Errand(feed: nil, mishap: mishap)
        default: nil
        }
    }

    /// The person the step is about.
    package var person: Int? {
        switch self {
        case .set(let person, _, _), .appear(let person, _), .vanish(let person, _), .renumber(let person, _), .corrupt(let person),
            .double(let person), .heal(let person), .moveByHand(_, let person, _), .deleteByHand(_, let person),
            .replaceByHand(_, let person), .hideID(_, let person), .twins(_, let person), .foreignEntry(_, let person),
            .takeName(_, let person),
            .takeDN(_, let person):
            person
        default: nil
        }
    }

    package var system: String? {
        switch self {
        case .away(let system), .refuseGroup(let system, _), .refuseValue(let system, _), .dropFolder(let system, _),
            .moveByHand(let system, _, _), .deleteByHand(let system, _), .replaceByHand(let system, _), .foreignEntry(let system, _),
            .takeName(let system, _), .takeDN(let system, _),
            .staleMemberOf(let system), .hideID(let system, _), .twins(let system, _):
            system
        case .sync(_, let mishap?), .due(let mishap?): mishap.system
        default: nil
        }
    }
}

extension Step {
    /// What kind of step it is, in a word or two: histories with the same kinds are often about the same thing.
    package var shape: String {
        switch self {
        case .set(_, let field, _): "set-\(field.rawValue)"
        case .sync(_, let mishap?), .due(let mishap?): mishap.kind.rawValue
        case .edit(let edit): "edit-\(String(describing: edit).prefix { $0 != "(" })"
        case .both: "both"
        default: String(String(describing: self).filter { !$0.isNumber })
        }
    }
}

extension Step: CustomStringConvertible {
    package var description: String {
        switch self {
        case .days(let count): "+\(count)d"
        case .set(let person, let field, let value): "N\(person).\(field.rawValue)=\(value.isEmpty ? "-" : value)"
        case .appear(let person, let feed): "N\(person) in \(feed.rawValue)"
        case .vanish(let person, let feed): "N\(person) out of \(feed.rawValue)"
        case .renumber(let person, let key): "N\(person) becomes \(key)"
        case .corrupt(let person): "N\(person)'s row is bad"
        case .double(let person): "N\(person)'s row is there twice"
        case .heal(let person): "N\(person)'s row is good"
        case .publish(let feed): "file \(feed.rawValue)"
        case .publishEmpty(let feed): "file \(feed.rawValue) without rows"
        case .republish(let feed): "first file of \(feed.rawValue) under a new name"
        case .resend(let feed): "sync \(feed.rawValue) --file first"
        case .sync(let feed, let mishap): "sync \(feed.rawValue)\(mishap.map { " [\($0)]" } ?? "")"
        case .due(let mishap): "sync --due\(mishap.map { " [\($0)]" } ?? "")"
        case .both(let one, let other): "(\(one.step) beside \(other.step))"
        case .plan(let feed): "plan \(feed.rawValue)"
        case .approve: "approve"
        case .edit(let edit): "edit \(edit)"
        case .away(let system): "\(system) away"
        case .repair: "all repaired"
        case .refuseGroup(let system, let group): "\(system) refuses group \(group)"
        case .refuseValue(let system, let value): "\(system) refuses '\(value)'"
        case .dropFolder(let system, let folder): "\(system) loses ou=\(folder)"
        case .moveByHand(let system, let person, let folder): "N\(person) moved by hand to \(folder) on \(system)"
        case .deleteByHand(let system, let person): "N\(person) deleted by hand on \(system)"
        case .replaceByHand(let system, let person): "N\(person) replaced by hand on \(system)"
        case .foreignEntry(let system, let person): "foreign entry for N\(person) on \(system)"
        case .takeName(let system, let person): "N\(person)'s login is taken on \(system)"
        case .hideID(let system, let person): "N\(person)'s id is hidden on \(system)"
        case .twins(let system, let person): "two foreign entries for N\(person) on \(system)"
        case .takeDN(let system, let person): "N\(person)'s DN is taken on \(system)"
        case .staleMemberOf(let system): "memberOf of \(system) is stale"
        }
    }
}

extension Mishap: CustomStringConvertible {
    package var description: String {
        switch self {
        case .death(let call): "dies at call \(call)"
        case .deathAfterRename(let system): "dies behind a rename on \(system)"
        case .deathAtWrite(let system, let write): "dies behind write \(write) on \(system)"
        case .lostRename(let system): "\(system): answer of a rename lost"
        case .lostAnswer(let system, let write, let done): "\(system): answer \(write) lost \(done ? "after" : "before") the write"
        case .outage(let system, let write): "\(system) away after write \(write)"
        case .late(let system, let write, let delay): "\(system): write \(write) not answered, and done \(delay) calls later"
        case .busy(let system, let write): "\(system): busy at writes \(write) and \(write + 1)"
        }
    }
}
