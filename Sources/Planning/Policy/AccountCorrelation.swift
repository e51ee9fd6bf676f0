internal import IdentityModel

/// By what an account is looked up.
package enum Correlation: Sendable, Hashable {
    case values([String: String])
    /// One of the attributes is a name that is still to be chosen.
    case namedLater
    /// One of them has no value: why. Such an account is never created, because a lost answer could not be resolved.
    case missing(String)
}

extension AccountEvaluation {
    /// The values by which the account is looked up before names are chosen: `steps` are those that the map's correlation attributes need.
    package func correlation(steps: [PolicyMap.Step]) -> Correlation {
        run(steps)
        return correlation
    }

    /// Computes as far as that needs no name.
    func run(_ steps: [PolicyMap.Step]) {
        for step in steps {
            switch step {
            case .define(let index): define(index)
            case .compute(let index): if outcomes[index] == nil { _ = needsName(index) }
            }
        }
    }

    /// The same when the evaluation has run to its end.
    package var correlation: Correlation {
        var values: [String: String] = [:]
        var isNamed = false
        for index in map.correlationIndices {
            let name = map.attributes[index].name
            switch outcomes[index] {
            case .values(let found)?, .stored(let found)?:
                guard case .text(let text)? = found.first else { return .missing("the correlation attribute \(name) has no value") }
                values[name] = text
            case .leftAlone?: return .missing("the correlation attribute \(name) has no value")
            case .failed(let message)?: return .missing("the correlation attribute \(name) has no value: \(message)")
            case nil: isNamed = true
            }
        }
        return isNamed ? .namedLater : .values(values)
    }
}
