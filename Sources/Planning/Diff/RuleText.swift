internal import CEL

extension AttributeRule {
    /// What the rule says, without comments and positions: equal for rules that mean the same.
    var text: String {
        let limit = maxLength.map(String.init) ?? ""
        return [valueText, when?.program.source ?? "", enforce.rawValue, skipsOnError ? "skip" : "fail", limit].joined(separator: "\u{1F}")
    }

    private var valueText: String {
        switch value {
        case .expression(let expression): return "= " + expression.program.source
        case .literals(let texts): return texts.description
        case .unique(let unique):
            let candidates = unique.candidates.map { candidate in
                let counter = candidate.counter.map { "\($0.variable) \($0.from)...\($0.to) " } ?? ""
                return counter + candidate.expression.program.source
            }
            let settings = unique.places.map(\.rawValue).sorted() + [unique.scope.rawValue, unique.match.rawValue]
            return (settings + candidates).joined(separator: "\n")
        }
    }
}

extension PolicyMap {
    /// The rows of a lookup table, in an order that does not depend on the file's.
    func tableText(_ name: String) -> String {
        guard case .map(let rows)? = tables[field: name].value else { return "" }
        return zip(rows.keys, rows.values).map { "\($0.text ?? "")\u{1F}\($1.text ?? "")" }.sorted().joined(separator: "\n")
    }

    /// What the attribute's value is made of: its own rule and every `let`, attribute and table it reads, directly or not.
    func deepText(of attribute: String) -> String {
        var parts: [String] = []
        var tables: Set<String> = []
        for step in steps(neededFor: [attribute]) {
            let expressions: [Expression]
            switch step {
            case .define(let index):
                parts.append(lets[index].name + lets[index].expression.program.source)
                expressions = [lets[index].expression]
            case .compute(let index):
                parts.append(attributes[index].name + attributes[index].text)
                expressions = attributes[index].expressions
            }
            for reference in expressions.flatMap(\.program.references) where reference.variable == "tables" {
                if let table = reference.field { tables.insert(table) } else { tables.formUnion(self.tables.type.fields.map(\.name)) }
            }
        }
        return (parts.sorted() + tables.sorted().map { $0 + tableText($0) }).joined(separator: "\u{1E}")
    }
}
