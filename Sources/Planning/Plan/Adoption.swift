package import IdentityModel

/// What an account's first order becomes when the entry is there already and nobody owns it: what differs is sent, and what is equal is taken over, so that it
/// is ours from now on and goes when its rule has no value any more. Planner and dispatcher ask the same function.
package struct Adoption: Sendable, Hashable {
    /// Computed once (`enforce: onCreate`): the entry keeps what it has.
    package let onCreate: Set<String>
    /// Lists of literals (object classes): what the entry holds beside them stays.
    package let literals: Set<String>
    /// `enforce: ifEmpty`: a value that is there is nobody's of ours.
    package let ifEmpty: Set<String>

    package init(onCreate: Set<String> = [], literals: Set<String> = [], ifEmpty: Set<String> = []) {
        self.onCreate = onCreate
        self.literals = literals
        self.ifEmpty = ifEmpty
    }

    package init(_ map: PolicyMap) {
        func names(_ matches: (AttributeRule) -> Bool) -> Set<String> { Set(map.attributes.filter(matches).map(\.name)) }
        self.init(
            onCreate: names { $0.enforce == .onCreate },
            literals: names { rule in
                if case .literals = rule.value { true } else { false }
            },
            ifEmpty: names { $0.enforce == .ifEmpty })
    }

    package struct Decision: Sendable, Hashable {
        package var requests: [AttributeRequest] = []
        package var takenOver: [String: [AccountValue]] = [:]
    }

    /// `creating`: the requests of a Create; `isOwn`: the entry came to be by that Create; `entry`: the values that the entry has of an attribute.
    package func decision(creating requests: [AttributeRequest], isOwn: Bool = false, entry: (String) -> [String]) -> Decision {
        var decision = Decision()
        for request in requests {
            if request.holdsDigest {
                decideSecret(request, isOwn: isOwn, &decision)
            } else {
                decide(request, entry(request.name).map(AccountValue.text), &decision)
            }
        }
        return decision
    }

    /// A secret is not read. Whoever had the entry before keeps what is given once; anything else replaces what is there, so that it does not count beside it.
    private func decideSecret(_ request: AttributeRequest, isOwn: Bool, _ decision: inout Decision) {
        if onCreate.contains(request.name), !isOwn {
            decision.takenOver[request.name] = request.after
        } else {
            decision.requests.append(request.asking(.set, before: [], after: request.after))
        }
    }

    private func decide(_ request: AttributeRequest, _ actual: [AccountValue], _ decision: inout Decision) {
        // Memberships are always given: only the group's own answer makes them ours.
        guard request.kind == .attribute, request.operation != .remove else { return decision.requests.append(request) }
        if !actual.isEmpty {
            if ifEmpty.contains(request.name) { return }
            if onCreate.contains(request.name) {
                decision.takenOver[request.name] = actual
                return
            }
        }
        let missing = request.after.filter { !actual.contains($0) }
        if literals.contains(request.name) || actual.isEmpty {
            let there = request.after.filter(actual.contains)
            if !there.isEmpty { decision.takenOver[request.name] = there }
            guard !missing.isEmpty else { return }
            decision.requests.append(request.asking(.add, before: actual, after: missing))
        } else if missing.isEmpty && Set(request.after) == Set(actual) {
            decision.takenOver[request.name] = request.after
        } else {
            decision.requests.append(request.asking(.set, before: actual, after: request.after))
        }
    }
}
