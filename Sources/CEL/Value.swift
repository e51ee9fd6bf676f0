/// A value of CEL. Small: no case holds an existential or more than two words.
package enum Value: Sendable {
    case null
    case bool(Bool)
    case int(Int64)
    case uint(UInt64)
    case double(Double)
    case string(String)
    case bytes([UInt8])
    case list([Value])
    case map(MapValue)
    case timestamp(Timestamp)
    case duration(CELDuration)
    case type(CELType)
    case optional(OptionalValue)
    case object(ObjectValue)
    case opaque(OpaqueValue)
}

/// An instant as seconds and nanoseconds since 1970-01-01T00:00:00Z; years 1 to 9999.
package struct Timestamp: Sendable, Hashable, Comparable {
    package let seconds: Int64
    /// 0 to 999,999,999.
    package let nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// A span of time; both parts have the same sign.
package struct CELDuration: Sendable, Hashable, Comparable {
    package let seconds: Int64
    package let nanoseconds: Int32

    package init(seconds: Int64, nanoseconds: Int32 = 0) {
        self.seconds = seconds
        self.nanoseconds = nanoseconds
    }

    package static func < (left: CELDuration, right: CELDuration) -> Bool {
        (left.seconds, left.nanoseconds) < (right.seconds, right.nanoseconds)
    }
}

/// A value or none.
package final class OptionalValue: Sendable {
    package let wrapped: Value?

    package init(_ wrapped: Value?) { self.wrapped = wrapped }

    static let none = OptionalValue(nil)
}

/// A value CEL passes through and does not look into, such as a reference to a user or an account.
package final class OpaqueValue: Sendable {
    package let typeName: String
    package let payload: String
    /// What the host needs besides; expressions neither show nor compare it.
    package let context: String?

    package init(typeName: String, payload: String, context: String? = nil) {
        self.typeName = typeName
        self.payload = payload
        self.context = context
    }
}

/// What a variable or a field holds.
package enum Slot: Sendable {
    case absent
    case value(Value)
    /// Thrown when the slot is read, and only then.
    case failure(CELError)

    /// The value, or nil when the slot is absent or failed.
    package var value: Value? {
        switch self {
        case .value(let value): value
        case .absent, .failure: nil
        }
    }
}

/// A record whose fields do not change, such as `user` or `tables`.
package final class ObjectValue: Sendable {
    package let type: ObjectType
    package let slots: [Slot]

    /// Slots stand in the order of the type's fields; missing ones at the end are absent.
    package init(type: ObjectType, slots: [Slot]) {
        self.type = type
        let missing = type.fields.count - slots.count
        self.slots = missing > 0 ? slots + repeatElement(.absent, count: missing) : slots
    }

    /// Fields that are not named are absent; names the type does not declare are left out.
    package convenience init(type: ObjectType, fields: [String: Value]) {
        self.init(type: type, slots: type.fields.map { fields[$0.name].map(Slot.value) ?? .absent })
    }

    package subscript(field field: String) -> Slot {
        type.index(of: field).map { slots[$0] } ?? .absent
    }
}
