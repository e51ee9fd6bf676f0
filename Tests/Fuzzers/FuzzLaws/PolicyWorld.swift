import CEL

/// The names an expression of a policy map may use, one variable of each further type, and values for them.
enum PolicyWorld {
    private static let person = ObjectType(
        name: "user",
        fields: [
            .init(name: "employeeId", type: .string), .init(name: "firstName", type: .string), .init(name: "lastName", type: .string),
            .init(name: "preferredName", type: .string), .init(name: "department", type: .string), .init(name: "country", type: .string),
            .init(name: "mobile", type: .string), .init(name: "startDate", type: .timestamp), .init(name: "grade", type: .int),
            .init(name: "isRemote", type: .bool), .init(name: "skills", type: .list(.string)), .init(name: "manager", type: .opaque("ref")),
        ], whenAbsent: .error)
    private static let row = ObjectType(
        name: "row", fields: [.init(name: "STATUS", type: .string), .init(name: "TITLE", type: .string)], whenAbsent: .empty)
    private static let out = ObjectType(
        name: "out", fields: [.init(name: "cn", type: .string), .init(name: "mail", type: .string), .init(name: "flags", type: .int)],
        whenAbsent: .error)
    private static let account = ObjectType(name: "account", fields: [.init(name: "enabled", type: .bool)], whenAbsent: .error)
    private static let tables = ObjectType(name: "tables", fields: [.init(name: "ou", type: .map(.string, .string))], whenAbsent: .error)

    static let variables: [(name: String, type: CELType)] = [
        ("user", .object(person)), ("row", .object(row)), ("tables", .object(tables)), ("account", .object(account)), ("out", .object(out)),
        ("given", .string), ("n", .int), ("u", .uint), ("d", .double), ("flag", .bool), ("raw", .bytes), ("when", .timestamp),
        ("span", .duration), ("names", .list(.string)), ("ages", .map(.string, .int)), ("maybe", .optional(.string)), ("anything", .dyn),
        ("matrix", .list(.list(.int))), ("perhaps", .list(.optional(.int))),
    ]

    static let environment = Environment(
        variables: variables,
        functions: [
            HostFunction(name: "ref", parameters: [.string], result: .opaque("ref")) { (values) throws(CELError) in
                .opaque(OpaqueValue(typeName: "ref", payload: values.first?.asString ?? ""))
            },
            HostFunction(name: "account", parameters: [.opaque("ref")], result: .opaque("account")) { (values) throws(CELError) in
                .opaque(OpaqueValue(typeName: "account", payload: values.first?.asOpaque?.payload ?? ""))
            },
        ])

    static func declares(_ reference: Program.Reference) -> Bool {
        guard let type = variables.first(where: { $0.name == reference.variable })?.type else { return false }
        guard let field = reference.field else { return true }
        guard case .object(let object) = type else { return false }
        return object.index(of: field) != nil
    }

    /// Values of every variable, as the bytes choose.
    static func values(_ choices: inout Choices) -> [Slot] {
        variables.map { slot(of: $0.type, &choices) }
    }

    static func activation(_ slots: [Slot]) -> Activation {
        let activation = Activation(environment)
        for (index, slot) in slots.enumerated() { activation.set(index, slot) }
        return activation
    }

    private static func slot(of type: CELType, _ choices: inout Choices) -> Slot {
        guard case .object(let object) = type else { return .value(value(of: type, &choices)) }
        let fields = object.fields.map { field -> Slot in
            choices.next(8) == 7 ? .absent : slot(of: field.type, &choices)
        }
        return .value(.object(ObjectValue(type: object, slots: fields)))
    }

    private static let texts = [
        "Anna", "", "Müller", "O'Brien", "e\u{301}", "王", "Finance", " a  b ", "E0042", "12", "-1.5", "2026-01-31", "æøå ß ẞ Ǆ", "\r\n",
        "\u{0}", "a,b=c+d",
        "2026-01-31T00:00:00Z", "👩‍👩‍👧", "Ελληνικά", "Щербак", "+47 912 34 567", "ﬁ",
    ]
    private static let wholes: [Int64] = [0, 1, -1, 2, 12, 20, 99_999, .max, .min, 1 << 53, -62_135_596_800, 253_402_300_799]
    private static let doubles = [0, -0.0, 1.5, -1, .nan, .infinity, -.infinity, 0x1p63, 0x1p-1074, 1e308, 1e21]

    private static func value(of type: CELType, _ choices: inout Choices) -> Value {
        switch type {
        case .bool: .bool(choices.next(2) == 1)
        case .int: .int(choices.one(of: wholes))
        case .uint: .uint(UInt64(bitPattern: choices.one(of: wholes)))
        case .double: .double(choices.one(of: doubles))
        case .string: .string(choices.one(of: texts))
        case .bytes: .bytes(Array(choices.one(of: texts).utf8) + (choices.next(2) == 1 ? [0xFF] : []))
        case .timestamp:
            .timestamp(Timestamp(seconds: Int64(choices.next(256)) * 100_000_000, nanoseconds: Int32(choices.next(2)) * 999_999_999))
        case .duration: .duration(CELDuration(seconds: Int64(choices.next(256)) * 1_000_000))
        case .list(let element): .list((0..<choices.next(5)).map { _ in value(of: element, &choices) })
        case .map(let key, let content):
            .map(MapValue((0..<choices.next(5)).map { _ in (value(of: key, &choices), value(of: content, &choices)) }))
        case .optional(let wrapped): choices.next(2) == 1 ? .optional(of: value(of: wrapped, &choices)) : .optionalNone
        case .opaque(let name): .opaque(OpaqueValue(typeName: name, payload: choices.one(of: texts)))
        case .dyn:
            value(of: choices.one(of: [.null, .bool, .int, .double, .string, .list(.dyn), .map(.string, .int), .uint, .bytes]), &choices)
        case .null, .type, .object, .applied, .parameter: .null
        }
    }
}

/// Reads decisions from bytes; when they are used up, the first choice is taken.
struct Choices {
    private var bytes: ArraySlice<UInt8>

    init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes)[...] }

    mutating func next(_ count: Int) -> Int { Int(bytes.popFirst() ?? 0) % count }
    mutating func one<Element>(of elements: [Element]) -> Element { elements[next(elements.count)] }
}
