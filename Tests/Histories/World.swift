/// The made-up company on the day the history has reached: what its sources would say.
package struct World: Sendable {
    package private(set) var people: [Int: Person]
    package private(set) var rulebook: Rulebook
    package private(set) var day = 0
    /// Who has a row.
    private(set) var present: [Feed: Set<Int>] = [:]
    private(set) var keys: [Int: String] = [:]
    private(set) var corrupt: Set<Int> = []
    private(set) var doubled: Set<Int> = []
    /// Whose telephone number is still to be told.
    private var unsaid: Set<Int> = []
    package private(set) var published: [Feed: [Publication]] = [:]

    /// A file, and who each of its rows is.
    package struct Publication: Sendable {
        package let file: PublishedFile
        /// By person: the row.
        package let rows: [Int: [String]]
        /// Whose row stands there twice, or has somebody else's key.
        package let doubled: Set<Int>
    }

    package init(_ history: History) {
        people = Dictionary(history.company.people.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        rulebook = history.rulebook
    }

    package func key(_ person: Int, _ feed: Feed) -> String {
        feed == .hr ? keys[person] ?? people[person]?.key(in: feed) ?? "" : people[person]?.key(in: feed) ?? ""
    }

    package mutating func take(_ step: Step) {
        switch step {
        case .days(let count): day += count
        case .set(let person, let field, let value):
            people[person]?[field] = value
            if field == .phone { unsaid.insert(person) }
        case .appear(let person, let feed):
            guard people[person] != nil else { return }
            present[feed, default: []].insert(person)
            if feed == .badges { unsaid.insert(person) }
        case .vanish(let person, let feed): present[feed]?.remove(person)
        case .renumber(let person, let key): keys[person] = key
        case .corrupt(let person): corrupt.insert(person)
        case .double(let person): doubled.insert(person)
        case .heal(let person):
            corrupt.remove(person)
            doubled.remove(person)
        case .edit(let edit): rulebook.take(edit)
        case .publish, .publishEmpty, .republish, .resend, .hideID, .twins, .sync, .due, .both, .plan, .approve, .away, .repair,
            .refuseGroup,
            .refuseValue, .dropFolder, .moveByHand, .deleteByHand, .replaceByHand,
            .foreignEntry, .takeName, .takeDN, .staleMemberOf:
            break
        }
    }

    /// The next file of the source; `among`: it names nobody else.
    package mutating func publish(_ feed: Feed, among: Set<Int>? = nil) -> PublishedFile? {
        var who = present[feed] ?? []
        if let among { who.formIntersection(among) }
        if feed == .badges { who.formIntersection(unsaid) }
        // A file without rows is a breach: nobody sends one by accident.
        guard !who.isEmpty else { return nil }
        if feed == .badges { unsaid.subtract(who) }
        let rows = Dictionary(uniqueKeysWithValues: who.compactMap { number in people[number].map { (number, row($0, feed)) } })
        let sharing = Dictionary(grouping: rows.keys) { rows[$0]?.first ?? "" }.values.filter { $0.count > 1 }.flatMap { $0 }
        let again = feed == .hr ? doubled.intersection(who) : []
        let twice = again.union(sharing)
        let lines = rows.sorted { $0.key < $1.key }.map(\.value) + again.sorted().compactMap { rows[$0] }
        return add(feed, lines, rows, doubled: twice)
    }

    /// A header and nothing else.
    package mutating func publishEmpty(_ feed: Feed) -> PublishedFile { add(feed, [], [:], doubled: []) }

    /// What the first file said, as a new one.
    package mutating func republish(_ feed: Feed) -> PublishedFile? {
        guard let first = published[feed]?.first else { return nil }
        return add(feed, first.file.rows, first.rows, doubled: first.doubled)
    }

    private mutating func add(_ feed: Feed, _ lines: [[String]], _ rows: [Int: [String]], doubled: Set<Int>) -> PublishedFile {
        let number = (published[feed]?.count ?? 0) + 1
        let name = "\(feed.rawValue)/\(String(repeating: "0", count: 3 - String(number).count))\(number).csv"
        let file = PublishedFile(feed: feed, name: name, columns: Rulebook.columns(of: feed), rows: lines)
        published[feed, default: []].append(Publication(file: file, rows: rows, doubled: doubled))
        return file
    }

    private func row(_ person: Person, _ feed: Feed) -> [String] {
        let last = corrupt.contains(person.number) && feed == .hr ? "" : person[.last]
        func date(_ field: Field) -> String { Int(person[field]).map(rulebook.date) ?? "" }
        return switch feed {
        case .hr:
            [
                key(person.number, .hr), person.identifier, person[.first], last, person[.department], person[.title], person[.type],
                Int(person[.manager]).map { key($0, .hr) } ?? "", date(.start), date(.end), person[.status],
            ]
        case .students:
            [person.key(in: feed), person.identifier, person[.first], person[.last], person[.campus], person[.title]]
        case .badges: [person.key(in: feed), person.identifier, person[.phone]]
        }
    }
}

extension Rulebook {
    package mutating func take(_ edit: Edit) {
        switch edit {
        case .folder(let department, let folder): folders[department] = folder
        case .group(let role, let group): groups[role] = group
        case .titleStyle(let style): titleStyle = style
        case .alumniUntil(let day): if alumniUntil != nil { alumniUntil = day }
        case .campaign(let from, let until): (campaignFrom, campaignUntil) = (from, max(from, until))
        case .salesHaveMail(let has): salesHaveMail = has
        case .bossesHaveLibrary(let has): bossesHaveLibrary = has
        case .category(let text): category = text
        case .showsPhone(let shows): showsPhone = shows
        case .titleNeeded(let needed): titleNeeded = needed
        case .claimsGuests(let claims): if claimsGuests != nil { claimsGuests = claims }
        case .yieldsTitle(let yields): if yieldsTitle != nil { yieldsTitle = yields }
        case .capitalTitles(let capitals): if capitalTitles != nil { capitalTitles = capitals }
        case .studentsSayTitle(let says): studentsSayTitle = says
        case .namedByNumber(let system, let isNumber):
            for index in systems.indices where systems[index].name == system { systems[index].isNamedByNumber = isNumber }
        }
    }
}

extension Rulebook {
    /// What takes the edit back; nil where nothing changes.
    package func inverse(of edit: Edit) -> Edit? {
        let back: Edit? =
            switch edit {
            case .folder(let department, _): folders[department].map { .folder(department: department, folder: $0) }
            case .group(let role, _): groups[role].map { .group(role: role, group: $0) }
            case .titleStyle: .titleStyle(titleStyle)
            case .alumniUntil: alumniUntil.map(Edit.alumniUntil)
            case .campaign: .campaign(from: campaignFrom, until: campaignUntil)
            case .salesHaveMail: .salesHaveMail(salesHaveMail)
            case .bossesHaveLibrary: .bossesHaveLibrary(bossesHaveLibrary)
            case .category: .category(category)
            case .showsPhone: .showsPhone(showsPhone)
            case .titleNeeded: .titleNeeded(titleNeeded)
            case .claimsGuests: claimsGuests.map(Edit.claimsGuests)
            case .yieldsTitle: yieldsTitle.map(Edit.yieldsTitle)
            case .capitalTitles: capitalTitles.map(Edit.capitalTitles)
            case .studentsSayTitle: .studentsSayTitle(studentsSayTitle)
            case .namedByNumber(let name, _): system(name).map { .namedByNumber(system: name, $0.isNamedByNumber ?? false) }
            }
        return back == edit ? nil : back
    }
}
