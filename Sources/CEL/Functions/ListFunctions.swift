/// The lists extension. `sortBy` is a macro; its ordering stands here.
enum ListFunctions {
    private static let element = CELType.parameter("T")
    private static let list = CELType.list(element)

    static let all: [Overload] = [
        on("slice", [list, .int, .int], list) { (elements, rest) throws(CELError) in
            guard case .int(let from) = rest[0], case .int(let to) = rest[1] else { throw CELError.noOverload("slice", arguments: rest) }
            guard from >= 0, from <= to, to <= elements.count else {
                throw CELError(.indexOutOfRange, "slice(\(from), \(to)) of a list of \(elements.count)")
            }
            return .list(Array(elements[Int(from)..<Int(to)]))
        },
        on("flatten", [.list(.list(element))], list) { (elements, _) throws(CELError) in try flattened(elements, depth: 1) },
        on("flatten", [.list(.dyn)], .list(.dyn)) { (elements, _) throws(CELError) in try flattened(elements, depth: 1) },
        on("flatten", [.list(.dyn), .int], .list(.dyn)) { (elements, rest) throws(CELError) in
            guard case .int(let depth) = rest[0], depth >= 0 else { throw CELError.invalid("flatten() needs a depth of at least 0") }
            return try flattened(elements, depth: depth)
        },
        on("sort", [list], list) { (elements, _) throws(CELError) in
            .list(try sorted(elements, by: elements))
        },
        on("distinct", [list], list) { (elements, _) throws(CELError) in .list(try distinct(elements)) },
        on("reverse", [list], list) { (elements, _) throws(CELError) in .list(elements.reversed()) },
        on("first", [list], .optional(element)) { (elements, _) throws(CELError) in .optional(OptionalValue(elements.first)) },
        on("last", [list], .optional(element)) { (elements, _) throws(CELError) in .optional(OptionalValue(elements.last)) },
        .function("lists.range") { (count: Int64) throws(CELError) in
            guard count <= Limits.listElements else { throw CELError.tooMany }
            return (0..<max(0, count)).map { $0 }
        },
    ]

    private static func on(
        _ name: String, _ parameters: [CELType], _ result: CELType,
        _ body: @escaping @Sendable ([Value], [Value]) throws(CELError) -> Value
    ) -> Overload {
        Overload(
            name, receiver: true, parameters, result,
            .many { (values) throws(CELError) in
                guard case .list(let elements) = values.first else { throw CELError.noOverload(name, arguments: values) }
                return try body(elements, Array(values.dropFirst()))
            })
    }

    private static func flattened(_ elements: [Value], depth: Int64) throws(CELError) -> Value {
        var result: [Value] = []
        var steps = Limits.listElements
        try append(elements, depth: depth, to: &result, &steps)
        return .list(result)
    }

    private static func append(_ elements: [Value], depth: Int64, to result: inout [Value], _ steps: inout Int) throws(CELError) {
        for element in elements {
            steps -= 1
            guard steps >= 0 else { throw CELError.tooMany }
            if depth > 0, case .list(let inner) = element {
                try append(inner, depth: depth - 1, to: &result, &steps)
            } else {
                result.append(element)
            }
        }
    }

    /// Stable. All keys must be of one kind that CEL orders.
    static func sorted(_ elements: [Value], by keys: [Value], _ activation: Activation? = nil, offset: Int? = nil) throws(CELError)
        -> [Value]
    {
        guard let first = keys.first else { return [] }
        for key in keys {
            switch first.order(key) {
            case .some(.before), .some(.same), .some(.after): continue
            case .some(.unordered), nil:
                let error = CELError(.noOverload, "\(first.type.word) and \(key.type.word) cannot be sorted together")
                throw offset.map { error.at($0) } ?? error
            }
        }
        // About n log n comparisons, each as long as the keys.
        let work = 14 * keys.reduce(keys.count) { $0 + $1.weight }
        try activation?.charge(work, at: offset ?? 0)
        guard work <= Limits.cost else { throw CELError(.limit, "the list is too large to sort") }
        let order = keys.indices.sorted { left, right in
            switch keys[left].order(keys[right]) {
            case .some(.before): true
            case .some(.same), .some(.unordered), nil: left < right
            case .some(.after): false
            }
        }
        return order.map { elements[$0] }
    }

    private static func distinct(_ elements: [Value]) throws(CELError) -> [Value] {
        var keys: Set<MapKey> = []
        var others: [Value] = []
        var result: [Value] = []
        var steps = Limits.cost
        for element in elements {
            if MapKey.allows(element), let key = MapKey(element) {
                guard keys.insert(key).inserted else { continue }
            } else {
                var isKnown = false
                // A whole double equals an int; those are in the set of keys.
                if let key = MapKey(element) { isKnown = keys.contains(key) }
                for other in others where !isKnown {
                    guard let isEqual = other.equals(element, &steps) else { throw CELError(.limit, "the values are too large to compare") }
                    isKnown = isEqual
                }
                if isKnown { continue }
                others.append(element)
                if let key = MapKey(element) { keys.insert(key) }
            }
            result.append(element)
        }
        return result
    }
}
