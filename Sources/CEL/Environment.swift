/// A function that the host adds to the language.
package struct HostFunction: Sendable {
    package let name: String
    /// Called as `value.name(...)`; then the first parameter is the value.
    package let isReceiverStyle: Bool
    package let parameters: [CELType]
    package let result: CELType
    package let body: @Sendable ([Value]) throws(CELError) -> Value

    package init(
        name: String, isReceiverStyle: Bool = false, parameters: [CELType], result: CELType,
        body: @escaping @Sendable ([Value]) throws(CELError) -> Value
    ) {
        self.name = name
        self.isReceiverStyle = isReceiverStyle
        self.parameters = parameters
        self.result = result
        self.body = body
    }
}

/// The variables and functions an expression may use.
package final class Environment: Sendable {
    let variables: [(name: String, type: CELType)]
    let hostFunctions: [String: [Overload]]
    /// The namespace in which names are looked up first, innermost first.
    let container: String
    /// Without checking, every type is found at run time and an unknown name is a run-time error.
    let isChecked: Bool
    /// The first parts of dotted function names: `ldap`, `math`.
    let namespaces: Set<String>
    private let slots: [String: Int]

    package init(
        variables: [(name: String, type: CELType)], functions: [HostFunction] = [], container: String = "", isChecked: Bool = true
    ) {
        self.variables = variables
        self.container = container
        self.isChecked = isChecked
        slots = Dictionary(variables.enumerated().map { ($1.name, $0) }, uniquingKeysWith: { first, _ in first })
        hostFunctions = Dictionary(grouping: functions.map(Overload.init(host:)), by: \.name)
        namespaces = Library.namespaces.union(functions.compactMap { Library.namespace(of: $0.name) })
    }

    package func slot(of variable: String) -> Int? { slots[variable] }

    func overloads(of name: String, isReceiverStyle: Bool) -> [Overload] {
        ((Library.functions[name] ?? []) + (hostFunctions[name] ?? [])).filter { $0.isReceiverStyle == isReceiverStyle }
    }

    /// Names a person can write, for suggestions.
    func functionNames(isReceiverStyle: Bool) -> [String] {
        let all = Array(Library.functions.values) + Array(hostFunctions.values)
        let macros =
            isReceiverStyle
            ? ["all", "exists", "existsOne", "filter", "map", "optMap", "optFlatMap", "sortBy", "transformList", "transformMap"]
            : ["has", "coalesce", "cel.bind"]
        return macros
            + all.joined().filter { $0.isReceiverStyle == isReceiverStyle }.map(\.name)
            .filter { $0.utf8.first?.isLetter == true }
    }
}

package enum Compilation: Sendable {
    case program(Program)
    /// In the order of their positions; never empty.
    case failure([Diagnostic])
}
