/// Every function of the language, by name.
enum Library {
    static let functions: [String: [Overload]] = Dictionary(grouping: all, by: \.name)

    static let namespaces = Set(functions.keys.compactMap(namespace))

    /// `ldap` of `ldap.rdn`.
    static func namespace(of name: String) -> String? { name.lastIndex(of: ".").map { String(name[..<$0]) } }

    private static let all: [Overload] =
        Operators.all + Conversions.all + StringFunctions.all + StringSearch.all + RegexFunctions.all + TimeFunctions.all
        + MathFunctions.all
        + ListFunctions.all + OptionalFunctions.all + EncodingFunctions.all + IdentityText.all + Transliteration.all
        + DirectoryFunctions.all + DateFunctions.all + PhoneNumbers.all
}

extension Overload {
    /// `value.name()`.
    static func method<A: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A) throws(CELError) -> R
    ) -> Overload { Overload(name, receiver: true, [A.type], R.type, unary(name, body)) }

    /// `value.name(a)`.
    static func method<A: Native, B: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B) throws(CELError) -> R
    ) -> Overload { Overload(name, receiver: true, [A.type, B.type], R.type, binary(name, body)) }

    /// `value.name(a, b)`.
    static func method<A: Native, B: Native, C: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B, C) throws(CELError) -> R
    ) -> Overload { Overload(name, receiver: true, [A.type, B.type, C.type], R.type, ternary(name, body)) }

    /// `value.name()` that gives an optional.
    static func optional<A: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A) throws(CELError) -> R?
    ) -> Overload {
        Overload(
            name, receiver: true, [A.type], .optional(R.type),
            .optional { (first) throws(CELError) in
                guard let a = A(first) else { throw CELError.noOverload(name, arguments: [first]) }
                return try body(a)?.value
            })
    }

    /// `value.name(a)` that gives an optional.
    static func optional<A: Native, B: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B) throws(CELError) -> R?
    ) -> Overload {
        Overload(
            name, receiver: true, [A.type, B.type], .optional(R.type),
            .optionalBinary { (first, second) throws(CELError) in
                guard let a = A(first), let b = B(second) else { throw CELError.noOverload(name, arguments: [first, second]) }
                return try body(a, b)?.value
            })
    }

    /// `name(a)`.
    static func function<A: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A) throws(CELError) -> R
    ) -> Overload { Overload(name, [A.type], R.type, unary(name, body)) }

    /// `name(a, b)`.
    static func function<A: Native, B: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B) throws(CELError) -> R
    ) -> Overload { Overload(name, [A.type, B.type], R.type, binary(name, body)) }

    @inline(__always)
    private static func unary<A: Native, R: Native>(_ name: String, _ body: @escaping @Sendable (A) throws(CELError) -> R) -> Body {
        .unary { (first) throws(CELError) in
            guard let a = A(first) else { throw CELError.noOverload(name, arguments: [first]) }
            return try body(a).value
        }
    }

    @inline(__always)
    private static func binary<A: Native, B: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B) throws(CELError) -> R
    ) -> Body {
        .binary { (first, second) throws(CELError) in
            guard let a = A(first), let b = B(second) else { throw CELError.noOverload(name, arguments: [first, second]) }
            return try body(a, b).value
        }
    }

    @inline(__always)
    private static func ternary<A: Native, B: Native, C: Native, R: Native>(
        _ name: String, _ body: @escaping @Sendable (A, B, C) throws(CELError) -> R
    ) -> Body {
        .ternary { (first, second, third) throws(CELError) in
            guard let a = A(first), let b = B(second), let c = C(third) else {
                throw CELError.noOverload(name, arguments: [first, second, third])
            }
            return try body(a, b, c).value
        }
    }
}
