/// A parsed expression with what the checker found out about it, by expression id.
struct Checked: Sendable {
    let root: Expression
    let types: [CELType]
    let resolutions: [Resolution]
    /// Local variables that live at once, at most.
    let localCount: Int
    let references: [Program.Reference]
}

/// What a name or a call stands for.
enum Resolution: Sendable {
    /// Nothing to resolve, or found at run time.
    case none
    case variable(Int)
    case local(Int)
    /// A field of a record, by its place in the type.
    case field(ObjectType, Int)
    case constant(Value)
    /// The forms that fit. With `isNamespaced`, the target is a part of the name and not a value.
    case overloads([Overload], isNamespaced: Bool)
    /// Only in an unchecked expression: fails when it is reached.
    case failure(CELError)
}
