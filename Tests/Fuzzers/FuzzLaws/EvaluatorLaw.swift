import CEL

/// An evaluation gives the same again, with a trace, without folding, and wrapped in what changes nothing; it keeps to its type and its limits,
/// and reads only what it says it reads.
struct EvaluatorLaw {
    private let source: String
    private let program: Program
    private let slots: [Slot]
    private let result: Result<Value, CELError>

    static func breach(_ input: [UInt8]) -> String? {
        let parts = input.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let source = String(decoding: parts.first ?? [], as: UTF8.self)
        guard case .program(let program) = PolicyWorld.environment.compile(source) else { return nil }
        var choices = Choices(parts.dropFirst().joined())
        return EvaluatorLaw(source, program, PolicyWorld.values(&choices)).breach()
    }

    private init(_ source: String, _ program: Program, _ slots: [Slot]) {
        self.source = source
        self.program = program
        self.slots = slots
        result = EvaluatorLaw.run(program, slots)
    }

    private func breach() -> String? {
        ownBreach() ?? repeatedBreach() ?? tracedBreach() ?? ignorantBreach() ?? wrappedBreach()
    }

    private static func run(_ program: Program, _ slots: [Slot]) -> Result<Value, CELError> {
        Result { () throws(CELError) in try program.evaluate(PolicyWorld.activation(slots)) }
    }

    private func ownBreach() -> String? {
        switch result {
        case .failure(let error):
            guard let offset = error.offset else { return "the error has no position: \(error)" }
            if offset < 0 || offset > source.utf8.count { return "the error stands outside the text: \(error)" }
            return error.message.isEmpty ? "the error has no words: \(error)" : nil
        case .success(let value):
            var budget = 5_000
            if !value.keepsPromise(of: program.resultType, &budget) {
                return "\(program.resultType) is promised, the value is \(ValueForm.of(value))"
            }
            if let constant = program.constant, ValueForm.of(constant) != ValueForm.of(value) {
                return "the constant \(ValueForm.of(constant)) differs"
            }
            return value.exceedsLimits ? "the value is larger than an expression may make it" : nil
        }
    }

    private func repeatedBreach() -> String? {
        difference(EvaluatorLaw.run(program, slots)).map { "the second evaluation: " + $0 }
    }

    /// With a trace nothing is folded.
    private func tracedBreach() -> String? {
        var outside: Range<Int>?
        let traced = Result { () throws(CELError) in
            try program.evaluate(PolicyWorld.activation(slots)) { range, _ in
                if range.lowerBound < 0 || range.upperBound > source.utf8.count { outside = range }
            }
        }
        if let outside { return "a part stands outside the text: \(outside)" }
        return difference(traced).map { "traced: " + $0 }
    }

    /// What is not referred to may be anything, even a failure.
    private func ignorantBreach() -> String? {
        let poison = Slot.failure(CELError(.invalidArgument, "this was read without saying so"))
        let poisoned = zip(PolicyWorld.variables, slots).map { variable, slot -> Slot in
            let read = program.references.filter { $0.variable == variable.name }
            if read.isEmpty { return poison }
            guard !read.contains(where: { $0.field == nil }), case .value(.object(let object)) = slot else { return slot }
            let fields = zip(object.type.fields, object.slots).map { field, own in
                read.contains { $0.field == field.name } ? own : poison
            }
            return .value(.object(ObjectValue(type: object.type, slots: fields)))
        }
        return difference(EvaluatorLaw.run(program, poisoned)).map { "reads more than \(program.references): " + $0 }
    }

    private func wrappedBreach() -> String? {
        for form in Wrapping.forms(of: source) {
            guard case .program(let wrapped) = PolicyWorld.environment.compile(form) else { continue }
            if let difference = difference(EvaluatorLaw.run(wrapped, slots)) { return "\(form): \(difference)" }
        }
        return nil
    }

    /// Budgets are used up at another place when the work is done in another way; everything else must be equal.
    private func difference(_ other: Result<Value, CELError>) -> String? {
        switch (result, other) {
        case (.failure(let error), _) where error.kind == .limit, (_, .failure(let error)) where error.kind == .limit: nil
        case (.success(let first), .success(let second)):
            ValueForm.of(first) == ValueForm.of(second) ? nil : "gives \(ValueForm.of(second)) instead of \(ValueForm.of(first))"
        case (.failure(let first), .failure(let second)):
            first.kind == second.kind && first.message == second.message ? nil : "fails with \(second) instead of \(first)"
        case (.success(let value), .failure(let error)): "fails with \(error) instead of giving \(ValueForm.of(value))"
        case (.failure(let error), .success(let value)): "gives \(ValueForm.of(value)) instead of failing with \(error)"
        }
    }
}

extension Value {
    fileprivate var exceedsLimits: Bool {
        switch self {
        case .string(let text): text.utf8.count > Limits.stringBytes
        case .bytes(let bytes): bytes.count > Limits.stringBytes
        case .list(let elements): elements.count > Limits.listElements
        case .map(let map): map.count > Limits.listElements
        case .null, .bool, .int, .uint, .double, .timestamp, .duration, .type, .optional, .object, .opaque: false
        }
    }
}
