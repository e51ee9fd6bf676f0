internal import LinearRegex

extension Checker {
    mutating func call(_ expression: Expression, _ name: String, _ target: Expression?, _ arguments: [Expression]) -> CELType {
        if let target, let (prefix, isRooted) = qualifiedName(target) {
            for candidate in candidates(prefix + "." + name, isRooted: isRooted) {
                let found = environment.overloads(of: candidate, isReceiverStyle: false)
                guard !found.isEmpty else { continue }
                return resolve(expression, candidate, found, arguments, isNamespaced: true)
            }
            if environment.slot(of: prefix) == nil, environment.namespaces.contains(prefix) {
                return unknown(expression, prefix + "." + name, target: nil, arguments)
            }
        }
        if let target {
            let found = environment.overloads(of: name, isReceiverStyle: true)
            if found.isEmpty { return unknown(expression, name, target: target, arguments) }
            return resolve(expression, name, found, [target] + arguments, isNamespaced: false)
        }
        if name == "coalesce" { return coalesce(expression, arguments) }
        for candidate in candidates(name, isRooted: false) {
            let found = environment.overloads(of: candidate, isReceiverStyle: false)
            if !found.isEmpty { return resolve(expression, candidate, found, arguments, isNamespaced: false) }
        }
        return unknown(expression, name, target: nil, arguments)
    }

    private mutating func unknown(_ expression: Expression, _ name: String, target: Expression?, _ arguments: [Expression]) -> CELType {
        for argument in (target.map { [$0] } ?? []) + arguments { check(argument) }
        resolutions[expression.id] = .failure(CELError(.unknownName, "unknown function '\(name)'"))
        let isOtherStyle = !environment.overloads(of: name, isReceiverStyle: target == nil).isEmpty
        if isOtherStyle {
            let form = target == nil ? "value.\(name)(...)" : "\(name)(...)"
            report("'\(name)' is written \(form)", at: expression.focus)
        } else {
            let names = environment.functionNames(isReceiverStyle: target != nil)
            report("unknown function '\(name)'", at: expression.focus, suggestion: nearest(name, in: names))
        }
        return .dyn
    }

    private mutating func resolve(
        _ expression: Expression, _ name: String, _ overloads: [Overload], _ arguments: [Expression], isNamespaced: Bool
    ) -> CELType {
        var given: [CELType] = []
        for argument in arguments { given.append(check(argument)) }
        let sameCount = overloads.filter { $0.parameters.count == arguments.count }
        var result: CELType?
        var fitting: [Overload] = []
        for overload in sameCount {
            let signature = substitution.instantiate(overload.parameters + [overload.result])
            guard substitution.assign(given, to: Array(signature.dropLast())) else { continue }
            fitting.append(overload)
            let own = resolved(signature[signature.count - 1])
            result = result.map { resolved($0) == own ? own : .dyn } ?? own
        }
        guard let result else {
            resolutions[expression.id] = .failure(.noOverload(name, arguments: []))
            if !environment.isChecked { resolutions[expression.id] = .overloads(sameCount, isNamespaced: isNamespaced) }
            reportMismatch(expression, name, overloads, given)
            return .dyn
        }
        checkPattern(name, arguments)
        resolutions[expression.id] = .overloads(environment.isChecked ? fitting : sameCount, isNamespaced: isNamespaced)
        return result
    }

    private mutating func reportMismatch(_ expression: Expression, _ name: String, _ overloads: [Overload], _ given: [CELType]) {
        let words = given.map { substitution.resolve($0, isFinal: true).word }
        if let symbol = operatorSymbol(name) {
            let operands = words.joined(separator: " and ")
            report("'\(symbol)' does not take \(operands)", at: expression.focus)
            return
        }
        let isReceiver = overloads.first?.isReceiverStyle ?? false
        let shown =
            isReceiver ? "\(words[0]).\(name)(\(words.dropFirst().joined(separator: ", ")))" : "\(name)(\(words.joined(separator: ", ")))"
        let forms = overloads.prefix(4).map(\.signature).joined(separator: " or ")
        report("there is no \(shown); it is \(forms)", at: expression.focus)
    }

    private func operatorSymbol(_ name: String) -> String? {
        if name == "@in" { return "in" }
        guard name.contains("_"), name.utf8.allSatisfy({ !$0.isLetter }) else { return nil }
        return name.filter { $0 != "_" }
    }

    /// `coalesce(a, b, ...)`: any number of values and optionals of one type.
    private mutating func coalesce(_ expression: Expression, _ arguments: [Expression]) -> CELType {
        let common = substitution.fresh()
        var endsWithValue = false
        for argument in arguments {
            var type = check(argument)
            endsWithValue = true
            if case .optional(let inner) = resolved(type) {
                type = inner
                endsWithValue = false
            }
            if !substitution.assign(type, to: common) {
                let words = [common, type].map { substitution.resolve($0, isFinal: true).word }
                report("the values of coalesce() differ: \(words[0]) and \(words[1])", at: argument.range)
            }
        }
        if arguments.isEmpty { report("coalesce() needs values", at: expression.focus) }
        return endsWithValue ? common : .optional(common)
    }

    /// A pattern that is a literal is tried when the expression is loaded, not when the first user comes by.
    private mutating func checkPattern(_ name: String, _ arguments: [Expression]) {
        guard RegexFunctions.names.contains(name), arguments.count > 1, case .literal(.string(let pattern)) = arguments[1].kind else {
            return
        }
        do {
            _ = try LinearRegex(pattern)
        } catch {
            report("the regular expression is refused: \(error.reason)", at: arguments[1].range)
        }
    }
}

extension CELError {
    static func noOverload(_ name: String, arguments: [Value]) -> CELError {
        let words = arguments.map(\.type.word).joined(separator: ", ")
        return CELError(.noOverload, arguments.isEmpty ? "no form of '\(name)' fits" : "no form of '\(name)' takes (\(words))")
    }
}
