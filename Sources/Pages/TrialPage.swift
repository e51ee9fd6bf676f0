internal import CEL
package import IdentityModel
internal import Planning
package import Provisioning

extension ExpressionTrial.Outcome {
    package var page: JSON {
        .object([
            JSON.Member("expression", .string(tried.expression.program.source)), JSON.Member("type", .string(tried.type)),
            JSON.Member("value", tried.value?.json ?? .null),
            JSON.Member("shown", PlanPage.text(tried.error == nil ? tried.step.value : nil)),
            JSON.Member("error", tried.error.map(failure) ?? .null), JSON.Member("user", .string(person.user.key.text)),
            JSON.Member("userName", .string(person.user.displayName)), JSON.Member("status", .string(person.user.status.rawValue)),
            JSON.Member("madeUp", .bool(isMadeUp)), JSON.Member("asPlanned", person.plan?.ordinal.map(PlanPage.number) ?? .null),
            JSON.Member("system", PlanPage.text(system?.text)), JSON.Member("accountEnabled", isEnabled.map(JSON.bool) ?? .null),
            JSON.Member("steps", .array((steps + [tried.step]).map(\.page))),
        ])
    }

    private func failure(_ error: CELError) -> JSON {
        let place = Diagnostic(message: error.message, offset: error.offset ?? 0, length: 1, in: tried.expression.program.source)
        return .object([
            JSON.Member("message", .string(error.message)), JSON.Member("line", PlanPage.number(place.line)),
            JSON.Member("column", PlanPage.number(place.column)),
        ])
    }
}

extension Value {
    /// Numbers that JSON has none for (NaN, infinities), dates and references are texts; none is null; of a record its name is told.
    fileprivate var json: JSON {
        switch self {
        case .null: .null
        case .bool(let flag): .bool(flag)
        case .int(let number): .int(number)
        case .string(let text): .string(text)
        case .list(let elements): .array(elements.map(\.json))
        case .map(let map): .object(zip(map.keys, map.values).map { JSON.Member($0.text ?? $0.shown, $1.json) })
        case .optional(let optional): optional.wrapped?.json ?? .null
        case .uint(let number): Int64(exactly: number).map(JSON.int) ?? .string(text ?? shown)
        case .double(let number): number.isFinite ? .double(number) : .string(shown)
        case .bytes, .timestamp, .duration, .type, .object, .opaque: .string(text ?? shown)
        }
    }
}
