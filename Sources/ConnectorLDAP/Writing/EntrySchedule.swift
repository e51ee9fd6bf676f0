internal import Contracts
internal import IdentityModel

/// In which order the operations of a batch may be in flight, so that two never touch one entry at a time and a name is freed before it is taken.
///
/// Almost all of them touch nobody else's name and are ready at once. Two that meet at a name wait for each other: a Create or rename onto a name waits
/// for the Delete or rename that frees it; otherwise the order of the batch counts. A ring of renames (a swap of two names) is broken
/// by moving one of them out of the way first.
struct EntrySchedule {
    private enum Wait { case vacated, finished }

    private struct Node {
        var blockers = 0
        /// Who waits for this one, and for what.
        var waiting: [(node: Int, wait: Wait)] = []
        var isFinished = false
        var isReleased = false
        var isVacated = false
    }

    private var nodes: [Node]
    private var ready: [Int]
    private var nextReady = 0
    private var unfinished: Int
    private let renames: [Bool]

    init(_ operations: [AccountOperation]) {
        let meetings = Meetings(operations)
        renames = meetings.renames
        nodes = Array(repeating: Node(), count: operations.count)
        unfinished = operations.count
        for edge in meetings.edges {
            nodes[edge.later].blockers += 1
            nodes[edge.earlier].waiting.append((edge.later, edge.afterVacating ? .vacated : .finished))
        }
        ready = nodes.indices.filter { [nodes] in nodes[$0].blockers == 0 }
        for index in ready { nodes[index].isReleased = true }
    }

    /// The next operation that may begin; each comes once.
    mutating func next() -> Int? {
        guard nextReady < ready.count else { return nil }
        defer { nextReady += 1 }
        return ready[nextReady]
    }

    /// The account has left its old name, and waits for its new one.
    mutating func vacated(_ index: Int) {
        nodes[index].isVacated = true
        release(waitingOn: index) { $0 == .vacated }
    }

    mutating func finished(_ index: Int) {
        guard !nodes[index].isFinished else { return }
        nodes[index].isFinished = true
        unfinished -= 1
        let isVacated = nodes[index].isVacated
        release(waitingOn: index) { $0 == .finished || !isVacated }
    }

    private mutating func release(waitingOn index: Int, _ applies: (Wait) -> Bool) {
        for (node, wait) in nodes[index].waiting where applies(wait) {
            nodes[node].blockers -= 1
            if nodes[node].blockers == 0 { begin(node) }
        }
    }

    private mutating func begin(_ node: Int) {
        guard !nodes[node].isReleased else { return }
        nodes[node].isReleased = true
        ready.append(node)
    }

    enum Relief: Hashable {
        /// Move this account to a temporary name.
        case vacate(Int)
        /// Nothing is left to do.
        case none
    }

    /// Called when nothing is ready and nothing in flight: everything left waits in a ring, or behind one.
    mutating func breakRing() -> Relief {
        guard unfinished > 0, let start = nodes.indices.first(where: { !nodes[$0].isReleased }) else { return .none }
        let ring = ring(from: start)
        if let renaming = ring.first(where: { renames[$0] && !nodes[$0].isVacated }) { return .vacate(renaming) }
        // A ring without a rename to take out: let its first go, and let the server judge.
        begin(ring[0])
        return .none
    }

    /// Walks from one that waits to one it waits for, until the walk bites its tail.
    private func ring(from start: Int) -> [Int] {
        var blockers: [Int: Int] = [:]
        for index in nodes.indices where !nodes[index].isFinished {
            for (node, wait) in nodes[index].waiting where blockers[node] == nil && !(wait == .vacated && nodes[index].isVacated) {
                blockers[node] = index
            }
        }
        var path: [Int] = []
        var current = start
        while !path.contains(current) {
            path.append(current)
            guard let next = blockers[current] else { return path }
            current = next
        }
        return Array(path[(path.firstIndex(of: current) ?? 0)...])
    }
}

/// Which operations of a batch meet at a name, or at a name and one below it, and which goes first.
private struct Meetings {
    struct Edge {
        let earlier: Int
        let later: Int
        /// It is enough that the earlier one has left its old name.
        let afterVacating: Bool
    }

    private(set) var edges: [Edge] = []
    private(set) var renames: [Bool]
    private let operations: [AccountOperation]
    private var keys: [(now: String, then: String?)] = []

    init(_ operations: [AccountOperation]) {
        self.operations = operations
        renames = operations.map { $0.newName != nil }
        var touching: [String: [Int]] = [:]
        touching.reserveCapacity(operations.count)
        for (index, operation) in operations.enumerated() {
            let now = DistinguishedName.key(operation.name.text)
            let then = operation.newName.map { DistinguishedName.key($0.text) }
            keys.append((now, then))
            touching[now, default: []].append(index)
            if let then, then != now { touching[then, default: []].append(index) }
        }
        for index in operations.indices {
            meet(at: keys[index].now, index, touching)
            if let then = keys[index].then, then != keys[index].now { meet(at: then, index, touching) }
        }
        var touchedAbove: [String: [String]] = [:]
        for index in operations.indices {
            meetAbove(keys[index].now, index, touching, &touchedAbove)
            if let then = keys[index].then { meetAbove(then, index, touching, &touchedAbove) }
        }
    }

    private mutating func meet(at key: String, _ index: Int, _ touching: [String: [Int]]) {
        for other in touching[key] ?? [] where other > index { edges.append(edge(index, other, at: key)) }
    }

    private func takes(_ index: Int, _ key: String) -> Bool {
        if operations[index].operation == .create { return keys[index].now == key }
        return keys[index].then == key && keys[index].now != key
    }

    private func freesByRename(_ index: Int, _ key: String) -> Bool {
        keys[index].now == key && keys[index].then.map { $0 != key } == true
    }

    /// `first` stands before `second` in the batch.
    private func edge(_ first: Int, _ second: Int, at key: String) -> Edge {
        let firstID = operations[first].accountID
        let secondID = operations[second].accountID
        // The second one speaks of the entry that has the name now, which is not the one that the first brings there.
        if takes(first, key), !takes(second, key), let secondID, firstID != secondID {
            return Edge(earlier: second, later: first, afterVacating: freesByRename(second, key))
        }
        let isSameAccount = firstID != nil && firstID == secondID
        return Edge(earlier: first, later: second, afterVacating: !isSameAccount && freesByRename(first, key) && takes(second, key))
    }

    /// An entry is created after the one above it, and deleted before it.
    private mutating func meetAbove(_ key: String, _ index: Int, _ touching: [String: [Int]], _ touchedAbove: inout [String: [String]]) {
        guard let parent = DistinguishedName.parent(ofKey: key) else { return }
        if touchedAbove[parent] == nil {
            var found: [String] = []
            var above: String? = parent
            while let name = above {
                if touching[name] != nil { found.append(name) }
                above = DistinguishedName.parent(ofKey: name)
            }
            touchedAbove[parent] = found
        }
        for name in touchedAbove[parent] ?? [] {
            for other in touching[name] ?? [] where other != index {
                if operations[other].operation == .delete {
                    edges.append(Edge(earlier: index, later: other, afterVacating: false))
                } else if takes(other, name) {
                    edges.append(Edge(earlier: other, later: index, afterVacating: false))
                } else if freesByRename(other, name) {
                    edges.append(Edge(earlier: min(index, other), later: max(index, other), afterVacating: false))
                }
            }
        }
    }
}
