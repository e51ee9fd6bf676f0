package import IdentityModel

/// What a history needs to be run: the engine under test, the world around it, and a look at both.
package protocol Engine: AnyObject {
    /// A new source file. Files of one source come in the order of their names.
    func put(_ file: PublishedFile) async throws
    /// From now on runs use this configuration.
    func configure(_ rulebook: Rulebook) async throws
    /// `hour`: of UTC; nil: it is that day everywhere.
    func set(day: CivilDate, hour: Int?)

    /// Each run is a process of its own; `mishap` befalls it.
    func sync(_ feed: Feed, mishap: Mishap?, accepting: Set<String>) async -> RunReport
    func due(mishap: Mishap?, accepting: Set<String>) async -> RunReport
    /// Two processes at a time; their reports in the same order.
    func both(_ one: Errand, _ other: Errand) async -> [RunReport]
    func plan(_ feed: Feed) async -> RunReport
    /// The source's file of that name is picked by hand.
    func sync(_ feed: Feed, file: String) async -> RunReport
    /// Of the plans of every origin that wait for a person, or are being applied: the first behind `ordinal` is approved and applied.
    /// Nil: none waits.
    func approveNext(after ordinal: Int) async -> (ordinal: Int, report: RunReport)?

    /// A step that changes a system or the way to it.
    func disturb(_ step: Step, person: Person?) async throws
    /// Every server answers and refuses nothing.
    func calm() async throws

    /// What stands in each system.
    func systems() async throws -> [String: SystemView]
    /// Waits until servers that repair references after their answers have. False: nothing comes late here.
    func settle() async -> Bool
    /// The last applied file of a source.
    func applied(_ feed: Feed) async throws -> AppliedFile?
    /// So far, over all runs.
    func counts() async throws -> Counts
    /// By system: whose entry was changed by hand, and seen by a look-up of an undisturbed run since then.
    func met() async -> [String: Set<Int>]
    /// By system: whose memberships were written under a name that the entry had lost by hand, before anybody looked at it.
    func misled() async -> [String: Set<Int>]
    /// Events that say SUCCESS of what no server answered and no look showed; empty where servers do not tell what they did.
    func untrueEvents() async throws -> [String]
    /// Of two runs at a time only the store knows which one spoke first: sources in the order in which their plans were started last.
    func startOrder() async throws -> [Feed]
    /// And whom they found to have started: who is active or on leave.
    func active() async throws -> Set<Int>
    /// What did not hold at some moment, where that is watched.
    func violations() async throws -> [String]
    /// Every order that was made, in a line, for whoever looks into a failure.
    func remains() async throws -> [String]
    /// Rare events that were reached.
    func marks() async throws -> Set<Mark>
    func close() async
}

extension Engine {
    package func violations() async throws -> [String] { [] }
    package func startOrder() async throws -> [Feed] { [] }
    package func active() async throws -> Set<Int> { [] }
    package func both(_ one: Errand, _ other: Errand) async -> [RunReport] { [await run(one), await run(other)] }

    /// One run, of whatever origin.
    package func run(_ errand: Errand) async -> RunReport {
        guard let feed = errand.feed else { return await due(mishap: errand.mishap, accepting: []) }
        return await sync(feed, mishap: errand.mishap, accepting: [])
    }
}

package struct AppliedFile: Hashable, Sendable {
    package let name: String
    /// The hash of the configuration it was read under.
    package let configuration: String
    package init(name: String, configuration: String) {
        self.name = name
        self.configuration = configuration
    }
}

/// What has happened so far.
package struct Counts: Hashable, Sendable {
    /// Write requests that systems carried out.
    package var writes = 0
    package var sealed = 0
    package var events = 0
    package init(writes: Int = 0, sealed: Int = 0, events: Int = 0) {
        self.writes = writes
        self.sealed = sealed
        self.events = events
    }
}

package struct PublishedFile: Hashable, Sendable {
    package let feed: Feed
    /// `hr/003.csv`
    package let name: String
    package let columns: [String]
    package let rows: [[String]]

    package var text: String {
        ([columns] + rows).map { $0.joined(separator: ",") }.joined(separator: "\n") + "\n"
    }
}

/// How a run ended.
package struct RunReport: Hashable, Sendable {
    package var exit: Int32
    package var text: String
    /// The mishap took effect.
    package var wasStruck = false
    /// It fell between the run's first and its last write.
    package var wasStruckAmidWrites = false
    package var writes = 0
    /// Some write was refused or could not be made.
    package var refusals = 0
    /// Accounts that the policy map could not be evaluated for.
    package var failedEvaluations = 0
    /// The run went on and on until it was ended.
    package static let endless: Int32 = 142
    package static let killed: Int32 = 137

    package init(exit: Int32, text: String) {
        self.exit = exit
        self.text = text
    }
}

/// What a managed system holds.
package struct SystemView: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let id: String
        package let name: String
        /// By lower-case name.
        package let attributes: [String: [String]]
        package init(id: String, name: String, attributes: [String: [String]]) {
            self.id = id
            self.name = name
            self.attributes = attributes
        }
        package func values(_ name: String) -> [String] { attributes[name.lowercased()] ?? [] }
    }

    package var entries: [Entry]
    /// Members by the group's DN; DNs folded.
    package var groups: [String: Set<String>]
    package init(entries: [Entry], groups: [String: Set<String>]) {
        self.entries = entries
        self.groups = groups
    }
}

/// A DN as directories compare it: case and spaces around separators make no difference.
package func foldedName(_ name: String) -> String {
    var folded: [UInt8] = []
    folded.reserveCapacity(name.utf8.count)
    var isFirst = true
    for byte in name.utf8 {
        switch byte {
        case 0x80...: return foldedUnicodeName(name)
        case UInt8(ascii: " ") where isFirst: continue
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): folded.append(byte | 0x20)
        default: folded.append(byte)
        }
        isFirst = byte == UInt8(ascii: ",")
    }
    return String(decoding: folded, as: UTF8.self)
}

private func foldedUnicodeName(_ name: String) -> String {
    name.split(separator: ",", omittingEmptySubsequences: false)
        .map { part in String(part.drop { $0 == " " }).lowercased() }
        .joined(separator: ",")
}

package func parentName(_ name: String) -> String {
    name.firstIndex(of: ",").map { String(name[name.index(after: $0)...]) } ?? ""
}
