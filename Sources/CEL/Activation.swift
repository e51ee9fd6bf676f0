/// The values of an environment's variables. Made once and reused from user to user; not for several threads at once.
package final class Activation {
    /// What a variable is bound to.
    enum Binding {
        case absent
        case value(Value)
        case failure(CELError)
        case record(RecordBuffer)
    }

    @exclusivity(unchecked) var bindings: [Binding]
    @exclusivity(unchecked) var locals: [Value] = []
    @exclusivity(unchecked) var cost = 0
    var trace: ((Range<Int>, Result<Value, CELError>) -> Void)?

    package init(_ environment: Environment) {
        bindings = Array(repeating: .absent, count: environment.variables.count)
    }

    /// Slots are numbered by `Environment.slot(of:)`.
    package func set(_ slot: Int, _ value: Slot) {
        switch value {
        case .absent: bindings[slot] = .absent
        case .value(let value): bindings[slot] = .value(value)
        case .failure(let error): bindings[slot] = .failure(error)
        }
    }

    /// Programs read the record's fields as they are at that moment.
    package func bind(_ slot: Int, record: RecordBuffer) {
        bindings[slot] = .record(record)
    }

    /// Whether the variable was set to a value or a failure.
    package func holds(_ slot: Int) -> Bool {
        if case .absent = bindings[slot] { false } else { true }
    }

    /// Makes ready for one evaluation.
    @inline(__always)
    func begin(locals count: Int) {
        cost = 0
        if locals.count < count { locals += repeatElement(.null, count: count - locals.count) }
    }

    /// Takes steps from the budget of this evaluation.
    @inline(__always)
    func charge(_ steps: Int, at offset: Int) throws(CELError) {
        cost += steps
        if cost > Limits.cost { throw Self.exhausted.at(offset) }
    }

    /// The same, for whoever says where afterwards.
    func charge(_ steps: Int) throws(CELError) {
        cost += steps
        if cost > Limits.cost { throw Self.exhausted }
    }

    static let exhausted = CELError(.limit, "the expression takes more than \(Limits.cost) steps")
}

/// A record that is filled field by field while programs read it, such as `out`. Not for several threads at once.
package final class RecordBuffer {
    package let type: ObjectType
    @exclusivity(unchecked) var slots: [Slot]

    package init(_ type: ObjectType) {
        self.type = type
        slots = Array(repeating: .absent, count: type.fields.count)
    }

    package func set(_ field: Int, _ slot: Slot) { slots[field] = slot }

    package subscript(field: Int) -> Slot { slots[field] }

    /// Sets every field at once; slots stand in the order of the type's fields.
    package func load(_ all: [Slot]) {
        slots = all.count == type.fields.count ? all : ObjectValue(type: type, slots: all).slots
    }

    /// Makes every field absent.
    package func clear() {
        for index in slots.indices { slots[index] = .absent }
    }

    /// The record as it is now.
    package var value: ObjectValue { ObjectValue(type: type, slots: slots) }
}
