/// One form of a function: its signature and what it does.
struct Overload: Sendable {
    enum Body: Sendable {
        case unary(@Sendable (Value) throws(CELError) -> Value)
        case binary(@Sendable (Value, Value) throws(CELError) -> Value)
        case ternary(@Sendable (Value, Value, Value) throws(CELError) -> Value)
        case many(@Sendable ([Value]) throws(CELError) -> Value)
        /// Gives an optional, without its box.
        case optional(@Sendable (Value) throws(CELError) -> Value?)
        case optionalBinary(@Sendable (Value, Value) throws(CELError) -> Value?)
    }

    let name: String
    /// Called as `value.name(...)`; the first parameter is the value.
    let isReceiverStyle: Bool
    let parameters: [CELType]
    let result: CELType
    /// Whether it may be run while compiling.
    let isPure: Bool
    let body: Body

    init(_ name: String, receiver: Bool = false, _ parameters: [CELType], _ result: CELType, isPure: Bool = true, _ body: Body) {
        self.name = name
        isReceiverStyle = receiver
        self.parameters = parameters
        self.result = result
        self.isPure = isPure
        self.body = body
    }

    init(host: HostFunction) {
        self.init(
            host.name, receiver: host.isReceiverStyle, host.parameters, host.result, isPure: false, .many(host.body))
    }

    /// The form as a message shows it: `string.left(int)`.
    var signature: String {
        let words = parameters.map(\.word)
        guard isReceiverStyle, let target = words.first else { return "\(name)(\(words.joined(separator: ", ")))" }
        return "\(target).\(name)(\(words.dropFirst().joined(separator: ", ")))"
    }

    func call(_ arguments: [Value]) throws(CELError) -> Value {
        switch body {
        case .unary(let body): try body(arguments[0])
        case .binary(let body): try body(arguments[0], arguments[1])
        case .ternary(let body): try body(arguments[0], arguments[1], arguments[2])
        case .many(let body): try body(arguments)
        case .optional(let body): .optional(OptionalValue(try body(arguments[0])))
        case .optionalBinary(let body): .optional(OptionalValue(try body(arguments[0], arguments[1])))
        }
    }

    /// Whether the run-time types of the arguments fit; elements are not looked at.
    func accepts(_ arguments: [Value]) -> Bool {
        for (parameter, argument) in zip(parameters, arguments) where !argument.fits(parameter) { return false }
        return true
    }
}

extension Value {
    func fits(_ type: CELType) -> Bool {
        switch (type, self) {
        case (.dyn, _), (.parameter, _), (.null, .null), (.bool, .bool), (.int, .int), (.uint, .uint), (.double, .double),
            (.string, .string), (.bytes, .bytes), (.timestamp, .timestamp), (.duration, .duration), (.type, .type), (.list, .list),
            (.map, .map), (.optional, .optional):
            true
        case (.object(let type), .object(let object)): object.type == type
        case (.opaque(let name), .opaque(let opaque)): opaque.typeName == name
        case (.applied(let name, _), .opaque(let opaque)): opaque.typeName == name
        default: false
        }
    }
}
