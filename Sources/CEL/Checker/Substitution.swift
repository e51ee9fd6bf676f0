/// What is known so far about inferred types; the rules are those of cel-go's checker.
struct Substitution {
    private var bindings: [String: CELType] = [:]
    private var count = 0

    /// A type parameter nobody else uses.
    mutating func fresh() -> CELType {
        count += 1
        return .parameter("$\(count)")
    }

    /// The type with every known parameter replaced; with `isFinal`, unknown ones become dyn.
    func resolve(_ type: CELType, isFinal: Bool = false) -> CELType {
        switch type {
        case .parameter(let name):
            if let bound = bindings[name] { return resolve(bound, isFinal: isFinal) }
            return isFinal ? .dyn : type
        default: return type.mapped { resolve($0, isFinal: isFinal) }
        }
    }

    /// The parameters of a signature renamed to fresh ones.
    mutating func instantiate(_ types: [CELType]) -> [CELType] {
        var renamed: [String: CELType] = [:]
        return types.map { instantiate($0, &renamed) }
    }

    private mutating func instantiate(_ type: CELType, _ renamed: inout [String: CELType]) -> CELType {
        switch type {
        case .parameter(let name):
            if let known = renamed[name] { return known }
            let new = fresh()
            renamed[name] = new
            return new
        case .list(let element): return .list(instantiate(element, &renamed))
        case .map(let key, let value): return .map(instantiate(key, &renamed), instantiate(value, &renamed))
        case .optional(let wrapped): return .optional(instantiate(wrapped, &renamed))
        case .applied(let name, let arguments):
            var own: [CELType] = []
            for argument in arguments { own.append(instantiate(argument, &renamed)) }
            return .applied(name, own)
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .object, .opaque:
            return type
        }
    }

    /// Whether a value of the first type may stand where the second is wanted; binds parameters when it may.
    mutating func assign(_ from: [CELType], to: [CELType]) -> Bool {
        let before = bindings
        for (source, target) in zip(from, to) where !unify(source, target) {
            bindings = before
            return false
        }
        return from.count == to.count
    }

    mutating func assign(_ from: CELType, to: CELType) -> Bool { assign([from], to: [to]) }

    /// The type of a literal's elements: the more general one when they go together, else dyn.
    mutating func join(_ left: CELType, _ right: CELType) -> CELType {
        if assign(left, to: right) { return mostGeneral(left, right) }
        return .dyn
    }

    private mutating func unify(_ left: CELType, _ right: CELType) -> Bool {
        if left == right { return true }
        if case .parameter(let name) = right { return bind(name, to: left) }
        if case .parameter(let name) = left { return bind(name, to: right) }
        switch (left, right) {
        case (.dyn, _), (_, .dyn), (.type, .type): return true
        case (.null, let other), (let other, .null): return other.isNullable
        case (.list(let a), .list(let b)), (.optional(let a), .optional(let b)): return unify(a, b)
        case (.map(let a, let b), .map(let c, let d)): return unify(a, c) && unify(b, d)
        case (.applied(let a, let x), .applied(let b, let y)):
            guard a == b, x.count == y.count else { return false }
            for (own, other) in zip(x, y) where !unify(own, other) { return false }
            return true
        default: return false
        }
    }

    /// A parameter takes its first type, and later widens to a more general one.
    private mutating func bind(_ name: String, to type: CELType) -> Bool {
        guard let bound = bindings[name] else {
            let resolved = resolve(type)
            if resolved == .parameter(name) { return true }
            guard !mentions(resolved, name) else { return false }
            bindings[name] = type
            return true
        }
        guard unify(type, bound) else { return false }
        let general = mostGeneral(type, bound)
        if !mentions(general, name) { bindings[name] = general }
        return true
    }

    private func mentions(_ type: CELType, _ name: String) -> Bool {
        switch type {
        case .parameter(let other): other == name || (bindings[other].map { mentions($0, name) } ?? false)
        case .list(let element), .optional(let element): mentions(element, name)
        case .map(let key, let value): mentions(key, name) || mentions(value, name)
        case .applied(_, let arguments): arguments.contains { mentions($0, name) }
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .type, .object, .opaque: false
        }
    }

    func mostGeneral(_ left: CELType, _ right: CELType) -> CELType {
        isAtLeastAsGeneral(resolve(left), resolve(right)) ? left : right
    }

    private func isAtLeastAsGeneral(_ left: CELType, _ right: CELType) -> Bool {
        switch (left, right) {
        case (.dyn, _): return true
        case (_, .dyn): return false
        case (.parameter, _): return true
        case (_, .parameter): return false
        case (.null, .null): return true
        case (.null, _): return false
        case (.list(let a), .list(let b)), (.optional(let a), .optional(let b)): return isAtLeastAsGeneral(a, b)
        case (.map(let a, let b), .map(let c, let d)): return isAtLeastAsGeneral(a, c) && isAtLeastAsGeneral(b, d)
        case (.applied(_, let x), .applied(_, let y)): return zip(x, y).allSatisfy { isAtLeastAsGeneral($0, $1) }
        default: return true
        }
    }
}

extension CELType {
    /// Whether null may stand for a value of this type.
    var isNullable: Bool {
        switch self {
        case .null, .dyn, .optional, .opaque, .applied, .object, .timestamp, .duration, .parameter: true
        case .bool, .int, .uint, .double, .string, .bytes, .type, .list, .map: false
        }
    }

    /// The type with its parts replaced.
    func mapped(_ replace: (CELType) -> CELType) -> CELType {
        switch self {
        case .list(let element): .list(replace(element))
        case .map(let key, let value): .map(replace(key), replace(value))
        case .optional(let wrapped): .optional(replace(wrapped))
        case .applied(let name, let arguments): .applied(name, arguments.map(replace))
        case .type(let inner): .type(inner)
        case .dyn, .null, .bool, .int, .uint, .double, .string, .bytes, .timestamp, .duration, .object, .opaque, .parameter: self
        }
    }
}
