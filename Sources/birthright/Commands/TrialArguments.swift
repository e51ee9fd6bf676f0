import Contracts
import Foundation
import IdentityModel
import Planning
import PolicyFiles
import Provisioning

/// Whom `eval` tries an expression on, as it was typed.
extension ExpressionTrial {
    static func isFile(_ user: String) -> Bool { [".yaml", ".yml", ".json"].contains { user.lowercased().hasSuffix($0) } }

    init(configuration: Configuration, map: PolicyMap?, today: CivilDate, store: (any Store)?) {
        self.init(
            configuration: configuration, map: map, today: today, store: store, person: Person(user: MadeUpUser().user, assignments: []))
    }

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
