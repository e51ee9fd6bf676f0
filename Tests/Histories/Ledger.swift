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
    }

    package private(set) var standings: [Feed: [Int: Standing]] = [:]
    /// The complete source that had the person last.
    package private(set) var lastHolder: [Int: Feed] = [:]
    /// Whose key a key of hr ever was.
    package private(set) var owners: [String: Int] = [:]
    /// People about whom the law says too little: their row was gone, and came back quarantined.
    package private(set) var unclear: Set<Int> = []
    /// Every name a person's rows ever gave, as logins are made of it.
    package private(set) var loginBases: [Int: Set<String>] = [:]
    private var applied: [Feed: Int] = [:]

    package init() {}

    package var known: Set<Int> { Set(lastHolder.keys) }

    package func isPresent(_ person: Int, in feed: Feed) -> Bool { standings[feed]?[person]?.isPresent ?? false }

    /// The file of that name was applied, and with `all` every file before it as well.
    package mutating func accept(_ publications: [World.Publication], upTo name: String, of feed: Feed) {
        guard let index = publications.firstIndex(where: { $0.file.name == name }) else { return }
        let first = applied[feed] ?? 0
        guard index >= first else { return }
        let those = feed.isComplete ? [publications[index]] : Array(publications[first...index])
        for publication in those { take(publication, feed) }
        applied[feed] = index + 1
    }

    private mutating func take(_ publication: World.Publication, _ feed: Feed) {
        if feed.isComplete { for person in (standings[feed] ?? [:]).keys { standings[feed]?[person]?.isPresent = false } }
        for (person, row) in publication.rows {
            let isGood = (feed == .badges || !row[3].isEmpty) && !publication.doubled.contains(person)
            if isGood {
                standings[feed, default: [:]][person] = Standing(row: row, isPresent: true)
                if feed.isComplete {
                    lastHolder[person] = feed
                    loginBases[person, default: []].insert((row[3] + row[2].prefix(1)).lowercased())
                }
            } else if let before = standings[feed]?[person] {
                standings[feed]?[person] = Standing(row: before.row, isPresent: true, isQuarantined: true)
            } else if lastHolder[person] != nil {
                unclear.insert(person)
            }
            // A quarantined row gives its key to nobody: who points at it points at nobody yet (law.md, keys).
            if feed == .hr, isGood { owners[row[0]] = person }
        }
        guard feed.isComplete else { return }
        for (person, standing) in standings[feed] ?? [:] where !standing.isPresent { wasGone[feed, default: []].insert(person) }
        for (person, standing) in standings[feed] ?? [:] where standing.isPresent {
            if standing.isQuarantined, wasGone[feed]?.contains(person) == true { unclear.insert(person) }
            if !standing.isQuarantined {
                wasGone[feed]?.remove(person)
                unclear.remove(person)
            }
        }
    }

    private var wasGone: [Feed: Set<Int>] = [:]
}
