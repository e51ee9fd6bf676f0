/// What sources have said and were believed: the rows in force, given the files that were applied. Kept by whoever runs the history, because what was
/// applied when is not to be had from the configuration and the files alone (law.md, due state 1 and 4).
package struct Ledger: Sendable {
    /// The last good row of a person in a source, and whether it is in force.
    package struct Standing: Sendable {
        package var row: [String]
        /// In the last applied file, good or quarantined; of an incremental source always.
        package var isPresent: Bool
        /// The row there is quarantined: the last good one stays in force.
        package var isQuarantined = false
        /// The configuration it was read under: what a complete source said keeps the form it had then.
        package var readUnder = ""
    }

    package private(set) var standings: [Feed: [Int: Standing]] = [:]
    /// The complete source that had the person last.
    package private(set) var lastHolder: [Int: Feed] = [:]
    /// Whose key a key of hr ever was.
    package private(set) var owners: [String: Int] = [:]
    /// People about whom the law says too little: their row was gone, and came back quarantined.
    package var unclear: Set<Int> { Set(unclearIn.values.joined()) }
    private var unclearIn: [Feed: Set<Int>] = [:]
    /// Every name a person's rows ever gave, as logins are made of it.
    package private(set) var loginBases: [Int: Set<String>] = [:]
    private var applied: [Feed: Int] = [:]
    /// The configuration under which the last file was read.
    private var readUnder: [Feed: String] = [:]
    /// Whose key somebody else's row has while they are not known to have another one: the rows of both are as good as mixed up.
    package private(set) var tangled: Set<Int> = []
    package private(set) var hasReusedKey = false

    package init() {}

    package var known: Set<Int> { Set(lastHolder.keys) }

    package func isPresent(_ person: Int, in feed: Feed) -> Bool { standings[feed]?[person]?.isPresent ?? false }

    /// The file of that name was applied, read under that configuration, and with `all` every file before it as well. `isClaimed`: whether a row counts.
    /// Returns whether that is news.
    package mutating func accept(
        _ publications: [World.Publication], upTo name: String, under configuration: String, of feed: Feed,
        isClaimed: ([String]) throws -> Bool
    ) rethrows -> Bool {
        guard let index = publications.firstIndex(where: { $0.file.name == name }) else { return false }
        let first = applied[feed] ?? 0
        // A complete file is read again under another configuration, which may claim others.
        let isReread = feed.isComplete && index == first - 1 && readUnder[feed] != configuration
        guard index >= first || isReread else { return false }
        readUnder[feed] = configuration
        let those = feed.isComplete ? [publications[index]] : Array(publications[first...index])
        for publication in those { try take(publication, feed, isClaimed) }
        applied[feed] = index + 1
        return true
    }

    private mutating func take(_ publication: World.Publication, _ feed: Feed, _ isClaimed: ([String]) throws -> Bool) rethrows {
        let before = feed.isComplete ? Set((standings[feed] ?? [:]).filter(\.value.isPresent).keys) : []
        for person in before { standings[feed]?[person]?.isPresent = false }
        if feed == .hr { noteTangles(publication) }
        for (person, row) in publication.rows where try isClaimed(row) {
            let isGood = (feed == .badges || !row[3].isEmpty) && !publication.doubled.contains(person)
            if isGood {
                standings[feed, default: [:]][person] = Standing(row: row, isPresent: true, readUnder: readUnder[feed] ?? "")
                if feed.isComplete {
                    lastHolder[person] = feed
                    loginBases[person, default: []].insert((row[3] + row[2].prefix(1)).lowercased())
                }
            } else if let before = standings[feed]?[person] {
                standings[feed]?[person] = Standing(row: before.row, isPresent: true, isQuarantined: true, readUnder: before.readUnder)
            } else if lastHolder[person] != nil {
                unclearIn[feed, default: []].insert(person)
            }
            // A quarantined row gives its key to nobody: who points at it points at nobody yet (law.md, keys).
            if feed == .hr, isGood {
                if let owner = owners[row[0]], owner != person, !tangled.contains(person) { hasReusedKey = true }
                owners[row[0]] = person
            }
        }
        guard feed.isComplete else { return }
        // Who had a person last is who lost them last.
        for person in before where !isPresent(person, in: feed) { lastHolder[person] = feed }
        for (person, standing) in standings[feed] ?? [:] where !standing.isPresent { wasGone[feed, default: []].insert(person) }
        for (person, standing) in standings[feed] ?? [:] where standing.isPresent {
            if standing.isQuarantined, wasGone[feed]?.contains(person) == true { unclearIn[feed, default: []].insert(person) }
            if !standing.isQuarantined {
                wasGone[feed]?.remove(person)
                unclearIn[feed]?.remove(person)
            }
        }
    }

    /// Two runs at a time lost them, each of another source: who had them last nobody can tell.
    package mutating func noteLostAtOnce(_ people: Set<Int>) { unclearIn[.hr, default: []].formUnion(people) }

    /// A key that still is somebody else's, whose own row in the same file has a new one: which of the two is meant nobody can tell.
    private mutating func noteTangles(_ publication: World.Publication) {
        for (person, row) in publication.rows {
            guard let owner = owners[row[0]], owner != person, standings[.hr]?[owner]?.row[0] == row[0] else { continue }
            tangled.formUnion([owner, person])
        }
    }

    private var wasGone: [Feed: Set<Int>] = [:]
}
