extension Program {
    /// A field of a record variable, where it is read.
    package struct FieldUse: Sendable, Hashable {
        package let field: String
        /// UTF-8 range of the field's name within the expression.
        package let range: Range<Int>
    }

    /// Where the fields of a record variable are read, in the order of the text.
    package func fieldUses(of variable: String) -> [FieldUse] {
        guard let slot = environment.slot(of: variable) else { return [] }
        var uses: [FieldUse] = []
        collect(checked.root, slot, into: &uses)
        return uses.sorted { $0.range.lowerBound < $1.range.lowerBound }
    }

    private func collect(_ expression: Expression, _ slot: Int, into uses: inout [FieldUse]) {
        if case .field(let type, let index) = checked.resolutions[expression.id], let operand = expression.kind.children.first,
            case .variable(slot) = checked.resolutions[operand.id]
        {
            uses.append(FieldUse(field: type.fields[index].name, range: expression.focus))
        }
        for child in expression.kind.children { collect(child, slot, into: &uses) }
    }
}
