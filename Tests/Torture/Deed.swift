import Histories

/// What a scripted server did, found done, or showed. Only what was answered counts as told.
enum Deed {
    case created(String)
    /// An entry's values after the request, by lower-case attribute; those that the request was about.
    case wrote(String, [String: [String]])
    case renamed(String)
    /// The member's and the group's folded names; true: joined.
    case member(String, String, Bool)
    case shown(String, [String: [String]])

    var isRename: Bool { if case .renamed = self { true } else { false } }
}

/// What one server has told since the history began, and what is rare of it.
struct ServerRecord {
    private(set) var told: [Deed] = []
    /// Every name an entry ever had, folded.
    private var names: [String: Set<String>] = [:]
    private var lostCreates: Set<String> = []
    var marks: Set<Mark> = []
    /// Entries that somebody changed or made behind our back, and what it means when we write to them.
    private var byHand: [String: Mark] = [:]
    /// Whose memberships were written under a name that the entry had lost by hand.
    private(set) var misled: Set<Int> = []
    /// Names that entries lost by hand, and whose they were.
    private var lostNames: [String: Int] = [:]
    /// Whom the entries belong to, by id and by what correlates.
    private var owners: [String: Int] = [:]

    mutating func call(_ id: String, _ name: String) { names[id, default: []].insert(foldedName(name)) }
    func names(of id: String) -> Set<String> { names[id] ?? [] }
    /// Entries that ever had the name.
    func entries(called name: String) -> [String] { names.filter { $0.value.contains(foldedName(name)) }.map(\.key).sorted() }

    // MARK: By hand

    mutating func noteByHand(_ id: String, _ person: Person, _ mark: Mark) {
        byHand[id] = mark
        // An entry that is made anew has another id.
        if mark == .recreated { byHand[person.identifier.lowercased()] = mark }
        if mark == .movedBack { for name in names(of: id) { lostNames[name] = person.number } }
        owners[id] = person.number
        owners[person.identifier.lowercased()] = person.number
    }

    /// Whose entry, changed by hand, a look-up for this id or correlation value meets.
    func owner(_ text: String) -> Int? { owners[text.lowercased()] ?? owners[text] }

    // MARK: Told

    mutating func tell(_ deeds: [Deed]) {
        told += deeds
        for deed in deeds {
            switch deed {
            case .created(let id): if lostCreates.contains(id) { marks.insert(.foundAfterLostCreate) }
            case .wrote(let id, let values):
                if let mark = byHand[id], mark == .adopted || mark == .replaced { marks.insert(mark) }
                for number in values["employeenumber"] ?? [] where byHand[number.lowercased()] == .recreated { marks.insert(.recreated) }
            case .renamed(let id):
                if byHand[id] == .movedBack { marks.insert(.movedBack) }
                if let owner = owners[id] { lostNames = lostNames.filter { $0.value != owner } }
            case .member(let name, _, _): if let owner = lostNames[name] { misled.insert(owner) }
            case .shown(let id, _): if lostCreates.contains(id) { marks.insert(.foundAfterLostCreate) }
            }
        }
    }

    /// Carried out, and the answer never came.
    mutating func lose(_ deeds: [Deed]) {
        for case .created(let id) in deeds { lostCreates.insert(id) }
    }
}
