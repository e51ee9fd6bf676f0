internal import CEL
internal import IdentityModel
internal import Planning

/// Lets and attributes of one policy map -> compiled steps in dependency order.
///
/// Three passes: with every let and `out` field unknown, to learn what reads what; in order, to learn types and report what does not fit;
/// and once more against the final types, because programs read records fastest whose type is the very object they were compiled with.
struct MapCompiler {
    let file: ConfigurationFile
    let lets: [LetText]
    let attributes: [AttributeText]
    /// Index of the rule that names the account.
    let accountName: Int?
    private var scope: MapScope
    private var isBroken: [Bool]
    /// What each node reads, by node.
    private var needs: [Set<Int>] = []

    /// What could be compiled: everything, or all but what has mistakes in it.
    struct Result {
        /// By index into the texts; nil where something was reported.
        let lets: [PolicyMap.Let?]
        let attributes: [AttributeRule?]
        let steps: [PolicyMap.Step]
        let environment: Environment
        let outType: ObjectType

        var isWhole: Bool { !lets.contains { $0 == nil } && !attributes.contains { $0 == nil } }
    }

    /// One expression of a node.
    struct Part {
        enum Role { case define, value, condition, candidate }
        let source: ExpressionSource
        let role: Role
        var counter: String?
    }

    init(
        _ lets: [LetText], _ attributes: [AttributeText], accountName: Int?, tables: ObjectType, schema: UserSchema, file: ConfigurationFile
    ) {
        self.file = file
        self.lets = lets
        self.attributes = attributes
        self.accountName = accountName
        scope = MapScope(schema: schema, tables: tables, lets: lets, attributes: attributes)
        isBroken = Array(repeating: false, count: lets.count + attributes.count)
    }

    mutating func compile(correlation: [Int]) -> Result {
        needs = isBroken.indices.map { learnNeeds($0) }
        warnOfFewCandidates()
        addNeedsOfContainers()
        let order = DependencyOrder(needs: needs)
        for cycle in order.cycles { report(cycle) }
        checkCorrelation(correlation)
        checkSecrets(besides: correlation)
        for node in order.order { learnTypes(node) }
        return build(order.order)
    }

    // MARK: Nodes: the lets, then the attributes

    private func parts(_ node: Int) -> [Part] {
        guard node >= lets.count else { return [lets[node].source].compactMap { $0 }.map { Part(source: $0, role: .define) } }
        let attribute = attributes[node - lets.count]
        let conditions = [attribute.when].compactMap { $0 }.map { Part(source: $0, role: .condition) }
        switch attribute.value {
        case .expression(let source): return [Part(source: source, role: .value)] + conditions
        case .unique(let unique):
            return unique.candidates.map { Part(source: $0.source, role: .candidate, counter: $0.counter?.variable) } + conditions
        case .literals, .refused: return conditions
        }
    }

    private func name(_ node: Int) -> String { node < lets.count ? lets[node].name : attributes[node - lets.count].name }

    /// Reported while YAML was read; it has a name, but nothing to compile.
    private func isRefused(_ node: Int) -> Bool {
        guard node >= lets.count else { return lets[node].source == nil }
        if case .refused = attributes[node - lets.count].value { return true }
        return false
    }

    private func isUnique(_ node: Int) -> Bool { node >= lets.count && attributes[node - lets.count].unique != nil }

    // MARK: First pass

    private mutating func learnNeeds(_ node: Int) -> Set<Int> {
        if isRefused(node) { isBroken[node] = true }
        var needs: Set<Int> = []
        for part in parts(node) {
            guard let program = part.source.compile(scope.environment(counter: part.counter)) else {
                isBroken[node] = true
                continue
            }
            for reference in program.references {
                if let index = scope.letNames.firstIndex(of: reference.variable) { needs.insert(index) }
                guard reference.variable == "out" else { continue }
                if let field = reference.field, let index = scope.out.index(of: field) {
                    needs.insert(lets.count + index)
                } else {
                    part.source.error("'out' alone has no value; name an attribute: out.x")
                    isBroken[node] = true
                }
            }
        }
        return needs
    }

    /// Names run out, unless one is numbered or made of another unique name.
    private func warnOfFewCandidates() {
        for (index, attribute) in attributes.enumerated() {
            guard let unique = attribute.unique, unique.isWhole, !unique.candidates.contains(where: { $0.counter != nil }),
                !isBroken[lets.count + index],
                !needs[lets.count + index].contains(where: isUnique)
            else { continue }
            file.warning(
                .uniqueWithoutNumber, "no candidate is numbered: when all of them are taken, the account fails", at: unique.point, length: 1
            )
        }
    }

    /// A name that is unique in its container needs what the account's name is made of, apart from itself.
    private mutating func addNeedsOfContainers() {
        guard let accountName else { return }
        let namer = lets.count + accountName
        for (index, attribute) in attributes.enumerated() where attribute.unique?.scope == .container {
            needs[lets.count + index].formUnion(needs[namer].subtracting([lets.count + index]))
        }
    }

    private mutating func report(_ cycle: [Int]) {
        let path = (cycle + cycle.prefix(1)).map(name).joined(separator: " -> ")
        let kind =
            cycle.allSatisfy { $0 >= lets.count } ? "attributes" : cycle.allSatisfy { $0 < lets.count } ? "let" : "let and attributes"
        let entry = cycle[0] < lets.count ? lets[cycle[0]].entry : attributes[cycle[0] - lets.count].entry
        file.error("\(kind): each needs the next one's value: \(path)", at: entry.keyPoint, length: entry.keyLength)
        for node in cycle { isBroken[node] = true }
    }

    /// The account is looked up before names are chosen.
    private func checkCorrelation(_ correlation: [Int]) {
        for index in correlation where !isBroken[lets.count + index] {
            var reached: Set<Int> = []
            var open = [lets.count + index]
            while let node = open.popLast() {
                guard reached.insert(node).inserted else { continue }
                open.append(contentsOf: needs[node])
            }
            guard let chosen = reached.filter(isUnique).min() else { continue }
            let entry = attributes[index].entry
            let reason = chosen == lets.count + index ? "but is" : "but needs '\(name(chosen))', which is"
            file.error(
                "'\(name(lets.count + index))' is a correlation attribute, \(reason) chosen only after the look-up", at: entry.keyPoint,
                length: entry.keyLength)
        }
    }

    /// A secret that is given once is not kept, so that a rule which is computed again cannot read it.
    private func checkSecrets(besides correlation: [Int]) {
        let namer = accountName.map { lets.count + $0 }
        let shown = Set(correlation.map { lets.count + $0 }).union(namer.map { reading($0).union([$0]) } ?? [])
        for (index, text) in attributes.enumerated() where text.enforce != .onCreate || text.unique != nil {
            let node = lets.count + index
            guard !isBroken[node], node != namer else { continue }
            for secret in reading(node).subtracting(shown).sorted() where isGivenOnce(secret) {
                file.error(
                    "'\(name(node))' needs '\(name(secret))', a secret that is given once and not kept; give it 'enforce: onCreate' as well",
                    at: text.entry.keyPoint, length: text.entry.keyLength)
            }
        }
    }

    private func isGivenOnce(_ node: Int) -> Bool {
        let text = attributes[node - lets.count]
        return text.enforce == .onCreate && text.unique == nil && (text.isMarkedSensitive || SensitiveAttributes.contains(text.name))
    }

    /// Attributes that the node reads itself, or through `let`.
    private func reading(_ node: Int) -> Set<Int> {
        needs[node].reduce(into: []) { read, other in
            // A let in a circle is broken.
            if other >= lets.count { read.insert(other) } else if !isBroken[other] { read.formUnion(reading(other)) }
        }
    }

    // MARK: Second pass

    private mutating func learnTypes(_ node: Int) {
        guard !isBroken[node] else { return }
        var type: CELType = .string
        for part in parts(node) {
            guard
                let program = part.source.compile(
                    scope.environment(counter: part.counter), expecting: part.role == .condition ? .bool : nil),
                part.accepts(program.resultType, of: name(node))
            else {
                isBroken[node] = true
                continue
            }
            if part.role != .condition { type = program.resultType }
        }
        guard !isBroken[node] else { return }
        if node < lets.count {
            scope.letTypes[node] = type
        } else if case .literals = attributes[node - lets.count].value {
            scope.setOut(node - lets.count, .list(.string))
        } else {
            scope.setOut(node - lets.count, isUnique(node) ? .string : type)
        }
    }

    // MARK: Third pass

    private func build(_ order: [Int]) -> Result {
        let compiledLets = lets.enumerated().map { index, text -> PolicyMap.Let? in
            guard !isBroken[index] else { return nil }
            return text.source?.expression(scope.environment()).map {
                PolicyMap.Let(name: text.name, expression: $0, slot: scope.slot(ofLet: index))
            }
        }
        let rules = attributes.enumerated().map { index, text in isBroken[lets.count + index] ? nil : rule(text) }
        let steps = order.map { $0 < lets.count ? PolicyMap.Step.define($0) : .compute($0 - lets.count) }
        return Result(
            lets: compiledLets, attributes: rules, steps: steps, environment: scope.wholeEnvironment, outType: scope.out)
    }

    private func rule(_ text: AttributeText) -> AttributeRule? {
        guard let value = value(text) else { return nil }
        return AttributeRule(
            name: text.name, value: value, when: text.when?.expression(scope.environment()), enforce: text.enforce,
            skipsOnError: text.skipsOnError,
            maxLength: text.maxLength, isMarkedSensitive: text.isMarkedSensitive, position: file.position(text.entry.keyPoint))
    }

    private func value(_ text: AttributeText) -> AttributeRule.Value? {
        switch text.value {
        case .expression(let source): return source.expression(scope.environment()).map(AttributeRule.Value.expression)
        case .literals(let texts): return .literals(texts)
        case .refused: return nil
        case .unique(let unique):
            let candidates = unique.candidates.compactMap { candidate in
                candidate.source.expression(scope.environment(counter: candidate.counter?.variable)).map {
                    UniqueRule.Candidate(expression: $0, counter: candidate.counter.map(counter))
                }
            }
            return .unique(UniqueRule(places: unique.places, scope: unique.scope, match: unique.match, candidates: candidates))
        }
    }

    private func counter(_ counter: CandidateText.Counter) -> UniqueRule.Counter {
        UniqueRule.Counter(variable: counter.variable, slot: scope.slot(ofCounter: counter.variable), from: counter.from, to: counter.to)
    }
}

extension MapCompiler.Part {
    /// Whether a system could hold values of the type; reports it where not.
    func accepts(_ type: CELType, of name: String) -> Bool {
        switch (role, type.withoutOptional) {
        case (_, .null):
            source.error("'\(name)' is null, which is no value; write optional.none(), or leave the attribute alone with 'when'")
        case (.condition, _), (.define, _): return true
        case (_, .string), (_, .int), (_, .uint), (_, .dyn): return true
        case (.value, .bool), (.value, .timestamp), (.value, Vocabulary.accountReference): return true
        case (.value, .list(let element)):
            if [.string, .dyn, Vocabulary.accountReference].contains(element.withoutOptional) { return true }
            source.error("'\(name)' is a \(type.word); a list of values must be a list<string>")
        case (_, Vocabulary.userReference):
            source.error("'\(name)' is a reference to a user; the reference to their account is account(...)")
        default:
            source.error(
                "'\(name)' is a \(type.word), which an attribute cannot hold; give a string, int, bool, list<string> or account(...)")
        }
        return false
    }
}
