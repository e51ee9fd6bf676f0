internal import CEL
internal import Planning

/// What the expressions of one policy map may name, with the types found so far. Slots: the four fixed variables, the lets, the counters.
struct MapScope {
    let schema: UserSchema
    let tables: ObjectType
    let letNames: [String]
    /// Distinct names of counters, in the order of the file.
    let counters: [String]
    var letTypes: [CELType]
    private let attributeNames: [String]
    /// Of the fields of `out`.
    private var outTypes: [CELType]
    private(set) var out: ObjectType

    init(schema: UserSchema, tables: ObjectType, lets: [LetText], attributes: [AttributeText]) {
        self.schema = schema
        self.tables = tables
        letNames = lets.map(\.name)
        attributeNames = attributes.map(\.name)
        let all = attributes.flatMap { $0.unique?.candidates ?? [] }.compactMap { $0.counter?.variable }
        counters = all.reduce(into: []) { names, name in if !names.contains(name) { names.append(name) } }
        letTypes = Array(repeating: .dyn, count: lets.count)
        outTypes = Array(repeating: .dyn, count: attributes.count)
        out = MapScope.outType(attributeNames, outTypes)
    }

    private static func outType(_ names: [String], _ types: [CELType]) -> ObjectType {
        ObjectType(name: "out", fields: zip(names, types).map { ObjectType.Field(name: $0, type: $1) }, whenAbsent: .error)
    }

    /// `out.x` is absent where the attribute has no value, so its type is that of the value itself.
    mutating func setOut(_ index: Int, _ type: CELType) {
        outTypes[index] = MapScope.fieldType(of: type)
        out = MapScope.outType(attributeNames, outTypes)
    }

    private static func fieldType(of type: CELType) -> CELType {
        switch type.withoutOptional {
        case .list: .list(.string)
        case .int: .int
        case .uint: .uint
        case .bool: .bool
        case .opaque(let name): .opaque(name)
        case .dyn, .null, .double, .string, .bytes, .timestamp, .duration, .type, .map, .optional, .object, .applied, .parameter: .string
        }
    }

    /// For an expression that may name one counter at most; the others keep their slots under names nobody can write.
    func environment(counter: String? = nil) -> Environment {
        let lets = zip(letNames, letTypes).map { (name: $0, type: $1) }
        let numbers = counters.map { (name: $0 == counter ? $0 : "####" + $0, type: CELType.int) }
        return Vocabulary.mapEnvironment(schema, tables: tables, out: out, defined: lets + numbers)
    }

    /// The one the map keeps: every counter under its name.
    var wholeEnvironment: Environment {
        let lets = zip(letNames, letTypes).map { (name: $0, type: $1) }
        return Vocabulary.mapEnvironment(schema, tables: tables, out: out, defined: lets + counters.map { (name: $0, type: .int) })
    }

    func slot(ofLet index: Int) -> Int { AttributesReader.fixedVariables.count + index }
    func slot(ofCounter name: String) -> Int {
        AttributesReader.fixedVariables.count + letNames.count + (counters.firstIndex(of: name) ?? 0)
    }
}
