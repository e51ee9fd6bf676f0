/// A Swift type that stands for one CEL type, so that a function's body is written over Swift types.
protocol Native: SendableMetatype {
    static var type: CELType { get }
    init?(_ value: Value)
    var value: Value { get }
}

extension Bool: Native {
    static var type: CELType { .bool }
    @inline(__always) init?(_ value: Value) {
        guard case .bool(let bool) = value else { return nil }
        self = bool
    }
    @inline(__always) var value: Value { .bool(self) }
}

extension Int64: Native {
    static var type: CELType { .int }
    @inline(__always) init?(_ value: Value) {
        guard case .int(let int) = value else { return nil }
        self = int
    }
    @inline(__always) var value: Value { .int(self) }
}

extension UInt64: Native {
    static var type: CELType { .uint }
    @inline(__always) init?(_ value: Value) {
        guard case .uint(let uint) = value else { return nil }
        self = uint
    }
    @inline(__always) var value: Value { .uint(self) }
}

extension Double: Native {
    static var type: CELType { .double }
    @inline(__always) init?(_ value: Value) {
        guard case .double(let double) = value else { return nil }
        self = double
    }
    @inline(__always) var value: Value { .double(self) }
}

extension String: Native {
    static var type: CELType { .string }
    @inline(__always) init?(_ value: Value) {
        guard case .string(let string) = value else { return nil }
        self = string
    }
    @inline(__always) var value: Value { .string(self) }
}

extension Array: Native where Element: Native {
    static var type: CELType { .list(Element.type) }

    init?(_ value: Value) {
        guard case .list(let values) = value else { return nil }
        var own: [Element] = []
        own.reserveCapacity(values.count)
        for value in values {
            guard let element = Element(value) else { return nil }
            own.append(element)
        }
        self = own
    }

    var value: Value { .list(map(\.value)) }
}

struct Bytes: Native {
    let array: [UInt8]

    static var type: CELType { .bytes }

    init(_ array: [UInt8]) { self.array = array }

    init?(_ value: Value) {
        guard case .bytes(let bytes) = value else { return nil }
        array = bytes
    }

    var value: Value { .bytes(array) }
}

extension Timestamp: Native {
    static var type: CELType { .timestamp }
    init?(_ value: Value) {
        guard case .timestamp(let timestamp) = value else { return nil }
        self = timestamp
    }
    var value: Value { .timestamp(self) }
}

extension CELDuration: Native {
    static var type: CELType { .duration }
    init?(_ value: Value) {
        guard case .duration(let duration) = value else { return nil }
        self = duration
    }
    var value: Value { .duration(self) }
}

extension Value: Native {
    static var type: CELType { .dyn }
    init?(_ value: Value) { self = value }
    var value: Value { self }
}

extension Optional: Native where Wrapped: Native {
    static var type: CELType { .optional(Wrapped.type) }

    init?(_ value: Value) {
        guard case .optional(let optional) = value else { return nil }
        guard let inner = optional.wrapped else {
            self = Optional<Wrapped>.none
            return
        }
        guard let wrapped = Wrapped(inner) else { return nil }
        self = wrapped
    }

    var value: Value {
        switch self {
        case .some(let wrapped): .optional(of: wrapped.value)
        case .none: .optionalNone
        }
    }
}
