import CEL
import Contracts
import Foundation
import IdentityModel
import Planning
import PolicyFiles
import Provisioning

/// Somebody and a place in the configuration, to evaluate an expression there.
struct ExpressionTrial {
    let configuration: Configuration
    /// Nil: where business rules stand.
    let map: PolicyMap?
    let today: CivilDate
    /// Nil for a made-up user: nobody holds any name.
    let store: (any Store)?
    private var person = Person(user: MadeUpUser().user, assignments: [])
    private var isMadeUp = true
    /// `--set account.enabled=...`; otherwise roles decide.
    private var isEnabled: Bool?
    /// The number of a candidate; an expression knows one at most.
    private var counter: (counter: UniqueRule.Counter, number: Int)?

    init(configuration: Configuration, map: PolicyMap?, today: CivilDate, store: (any Store)?) {
        self.configuration = configuration
        self.map = map
        self.today = today
        self.store = store
    }

    static func isFile(_ user: String) -> Bool { [".yaml", ".yml", ".json"].contains { user.lowercased().hasSuffix($0) } }

    /// A user of the store or of a plan that waits, or one from a file; relative paths start at `folder`.
    mutating func choose(_ user: String?, in folder: URL) async throws {
        guard let user else { return }
        guard !Self.isFile(user), let store else {
            person.user = try read(user, in: folder).user
            return
        }
        person = try await Inquiry(store).person(user).asPlanned(store)
        isMadeUp = false
    }

    private func read(_ path: String, in folder: URL) throws -> MadeUpUser {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path, relativeTo: folder)) else {
            throw Stop(.configuration, "\(path): error: the file cannot be read (--user)")
        }
        let (made, diagnostics) = MadeUpUser.read(path, Array(bytes), schema: configuration.schema)
        guard let made else { throw Stop(.configuration, diagnostics.map(\.description).joined(separator: "\n")) }
        return made
    }

    /// `NAME=VALUE`.
    mutating func set(_ setting: String) throws {
        guard let equals = setting.firstIndex(of: "=") else {
            throw Stop(.configuration, "--set \(setting): write NAME=VALUE, such as title=Clerk")
        }
        let name = String(setting[..<equals])
        let value = String(setting[setting.index(after: equals)...])
        if name == "account.enabled", map != nil {
            guard let isEnabled = Bool(value) else {
                throw Stop(.configuration, "--set account.enabled must be true or false, not '\(value)'")
            }
            self.isEnabled = isEnabled
            return
        }
        if let counter = map?.counter(name) {
            guard let number = Int(value) else { throw Stop(.configuration, "--set \(name) must be a whole number, not '\(value)'") }
            self.counter = (counter, number)
            return
        }
        var made = MadeUpUser()
        made.attributes = person.user.attributes
        made.status = person.user.status
        do throws(MadeUpUser.Refusal) {
            try made.set(name.hasPrefix("user.") ? String(name.dropFirst("user.".count)) : name, value, schema: configuration.schema)
        } catch {
            throw Stop(.configuration, "--set \(setting): \(error.message)")
        }
        if isMadeUp { person.user = made.user }
        person.user.attributes = made.attributes
        person.user.status = made.status
    }

    // MARK: Evaluating

    func evaluate(_ expression: Planning.Expression) async throws -> TriedExpression {
        var tried = TriedExpression(expression: expression, person: person, isMadeUp: isMadeUp, system: map?.system)
        if let name = MaskedAttributes.read(by: expression, of: map) {
            throw Stop(.configuration, "\(name) holds a secret: it is neither shown nor taken apart")
        }
        guard let map else {
            let reader = UserReader(schema: configuration.schema)
            reader.load(person.user)
            let activation = Activation(Vocabulary.ruleEnvironment(configuration.schema))
            activation.bind(0, record: reader.record)
            tried.take { (tell) throws(CELError) in try expression.program.evaluate(activation, tracing: tell) }
            return tried
        }
        let isEntitled = try isEnabled ?? isEntitled(map.system)
        tried.isEnabled = isEntitled
        let explaining = AccountExplaining(
            configuration: configuration, map: map, user: person.user, isEnabled: isEntitled,
            known: person.accounts.first { $0.system == map.system }, planned: nil, store: store)
        let evaluation = try await explaining.evaluate().evaluation
        tried.steps = AccountTrace(evaluation).steps(readBy: expression)
        tried.take { (tell) throws(CELError) in
            try evaluation.value(of: expression, counter: counter?.counter, number: counter?.number, tracing: tell)
        }
        return tried
    }

    /// By the rules as they are today, and by roles that were given otherwise.
    private func isEntitled(_ system: SystemName) throws -> Bool {
        let rules = RuleEvaluation(rules: configuration.rules, schema: configuration.schema)
        do throws(RuleEvaluation.Failure) {
            let assignments = try rules.assignments(of: person.user, held: person.assignments, today: today)
            return configuration.entitlements(of: assignments)[system] != nil
        } catch {
            throw Stop(.incomplete, "\(error.message)\nwhether the account is enabled cannot be said; --set account.enabled=true says it")
        }
    }
}

extension PolicyMap {
    /// Of a numbered candidate.
    func counter(_ name: String) -> UniqueRule.Counter? {
        attributes.lazy.compactMap { rule -> UniqueRule.Counter? in
            guard case .unique(let unique) = rule.value else { return nil }
            return unique.candidates.lazy.compactMap(\.counter).first { $0.variable == name }
        }.first
    }
}
