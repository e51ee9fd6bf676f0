/// The candidate most like a misspelt name, or nil when none is near. The first of equals in sorted order.
package func nearest(_ name: String, in candidates: [String]) -> String? {
    let target = Array(name.lowercased().unicodeScalars)
    let allowed = target.count <= 3 ? 1 : target.count <= 8 ? 2 : 3
    var best: (distance: Int, name: String)?
    for candidate in candidates.sorted() where candidate != name {
        let letters = Array(candidate.lowercased().unicodeScalars)
        guard abs(letters.count - target.count) <= allowed else { continue }
        let distance = editDistance(target, letters)
        guard distance <= allowed, distance < max(target.count, letters.count) else { continue }
        if best.map({ distance < $0.distance }) ?? true { best = (distance, candidate) }
    }
    return best?.name
}

/// Optimal string alignment: insertions, deletions, substitutions and swaps of neighbours count one each.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
    var previous: [Int] = []
    var current = Array(0...right.count)
    for i in 0..<left.count {
        let beforePrevious = previous
        previous = current
        current = [i + 1] + Array(repeating: 0, count: right.count)
        for j in 0..<right.count {
            let substitution = previous[j] + (left[i] == right[j] ? 0 : 1)
            current[j + 1] = min(substitution, previous[j + 1] + 1, current[j] + 1)
            if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] {
                current[j + 1] = min(current[j + 1], beforePrevious[j - 1] + 1)
            }
        }
    }
    return current[right.count]
}
