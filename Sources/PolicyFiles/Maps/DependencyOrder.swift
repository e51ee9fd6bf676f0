/// An order in which everything stands behind what it needs; among what is ready, the first goes first.
struct DependencyOrder {
    private(set) var order: [Int] = []
    /// Each begins with its lowest member and follows what it needs.
    private(set) var cycles: [[Int]] = []

    /// `needs[i]` are the indices that `i` needs. Members of a cycle stand in `order` as well, so that what needs them goes on.
    init(needs: [Set<Int>]) {
        var open = Set(needs.indices)
        while let lowest = open.min() {
            if let ready = open.sorted().first(where: { needs[$0].isDisjoint(with: open) }) {
                order.append(ready)
                open.remove(ready)
                continue
            }
            let cycle = DependencyOrder.cycle(from: lowest, needs, open)
            cycles.append(cycle)
            order.append(contentsOf: cycle.sorted())
            open.subtract(cycle)
        }
    }

    /// Every open index needs an open one, so walking on must come back.
    private static func cycle(from start: Int, _ needs: [Set<Int>], _ open: Set<Int>) -> [Int] {
        var path: [Int] = []
        var current = start
        while !path.contains(current) {
            path.append(current)
            current = needs[current].intersection(open).min() ?? current
        }
        let loop = Array(path[(path.firstIndex(of: current) ?? 0)...])
        let first = loop.indices.min { loop[$0] < loop[$1] } ?? 0
        return Array(loop[first...] + loop[..<first])
    }
}
