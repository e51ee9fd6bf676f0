/// Optional values. `or`, `orValue` and `hasValue` have nodes of their own; their forms stand here for the checker.
enum OptionalFunctions {
    private static let element = CELType.parameter("T")

    static let all: [Overload] = [
        Overload("optional.of", [element], .optional(element), .unary { (value) throws(CELError) in .optional(of: value) }),
        Overload("optional.none", [], .optional(element), .many { (_) throws(CELError) in .optionalNone }),
        Overload(
            "optional.ofNonZeroValue", [element], .optional(element),
            .unary { (value) throws(CELError) in
                value.isZero ? .optionalNone : .optional(of: value)
            }),
        Overload("orValue", receiver: true, [.optional(element), element], element, Operators.unreached),
        Overload("or", receiver: true, [.optional(element), .optional(element)], .optional(element), Operators.unreached),
        Overload("hasValue", receiver: true, [.optional(element)], .bool, Operators.unreached),
        Overload(
            "value", receiver: true, [.optional(element)], element,
            .unary { (value) throws(CELError) in
                guard case .optional(let optional) = value else { throw CELError.noOverload("value", arguments: [value]) }
                guard let inner = optional.wrapped else { throw CELError(.noValue, "value() of none (use orValue())") }
                return inner
            }),
        Overload("optional.unwrap", [.list(.optional(element))], .list(element), .unary(unwrap)),
        Overload("unwrapOpt", receiver: true, [.list(.optional(element))], .list(element), .unary(unwrap)),
    ]

    @Sendable private static func unwrap(_ value: Value) throws(CELError) -> Value {
        guard case .list(let elements) = value else { throw CELError.noOverload("unwrap", arguments: [value]) }
        return .list(elements.compactMap(\.unwrappedOnce))
    }
}

extension Value {
    fileprivate var unwrappedOnce: Value? {
        if case .optional(let optional) = self { optional.wrapped } else { self }
    }

    /// The value every type starts from: 0, "", false, an empty list, null, none.
    var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let bool): !bool
        case .int(let int): int == 0
        case .uint(let uint): uint == 0
        case .double(let double): double == 0
        case .string(let string): string.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let elements): elements.isEmpty
        case .map(let map): map.count == 0
        case .duration(let duration): duration.seconds == 0 && duration.nanoseconds == 0
        case .timestamp(let timestamp): timestamp.seconds == 0 && timestamp.nanoseconds == 0
        case .optional(let optional): optional.wrapped == nil
        case .object(let object): object.slots.allSatisfy { $0.value == nil }
        case .type, .opaque: false
        }
    }
}
