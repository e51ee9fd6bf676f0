internal import CEL

extension PolicyMap {
    /// The steps that the correlation attributes need, in order: they are taken before any name is chosen.
    package var correlationSteps: [Step] { steps(neededFor: Set(correlation)) }

    /// The steps that compute these attributes, with everything they read.
    package func steps(neededFor attributes: Set<String>) -> [Step] {
        var neededAttributes = attributes
        var neededLets: Set<String> = []
        var selected: [Step] = []
        // Steps stand in dependency order, so what a step reads stands before it.
        for step in steps.reversed() {
            switch step {
            case .define(let index):
                guard neededLets.contains(lets[index].name) else { continue }
                note([lets[index].expression], &neededAttributes, &neededLets)
            case .compute(let index):
                guard neededAttributes.contains(self.attributes[index].name) else { continue }
                note(self.attributes[index].expressions, &neededAttributes, &neededLets)
            }
            selected.append(step)
        }
        return selected.reversed()
    }

    private func note(_ expressions: [Expression], _ attributes: inout Set<String>, _ lets: inout Set<String>) {
        for reference in expressions.flatMap(\.program.references) {
            if reference.variable == "out", let field = reference.field {
                attributes.insert(field)
            } else {
                lets.insert(reference.variable)
            }
        }
    }
}

extension AttributeRule {
    /// Every expression of the rule.
    package var expressions: [Expression] {
        let own: [Expression] =
            switch value {
            case .expression(let expression): [expression]
            case .literals: []
            case .unique(let unique): unique.candidates.map(\.expression)
            }
        return (when.map { [$0] } ?? []) + own
    }
}
