import IdentityModel
import Planning
import Testing

@Suite("What an account is to become, and what is asked before")
struct AccountIntentTests {
    private let doubt = AccountDoubt()

    @Test func `whoever is entitled gets it, in whatever state it is`() {
        #expect(AccountIntent.of(isEntitled: true, known: nil) == .provide)
        for state in [AccountState.none, .enabled, .deprovisioned, .deleted] {
            #expect(AccountIntent.of(isEntitled: true, known: PlannedAccounts.account(state)) == .provide)
        }
    }

    @Test func `nobody keeps access because it was forgotten`() {
        func intent(_ state: AccountState, memberships: Set<String> = [], doubt: AccountDoubt? = nil) -> AccountIntent {
            .of(isEntitled: false, known: PlannedAccounts.account(state, memberships: memberships, doubt: doubt))
        }
        #expect(AccountIntent.of(isEntitled: false, known: nil) == .nothing)
        #expect(intent(.enabled) == .withdraw)
        // Withdrawn once, and done with.
        for state in [AccountState.none, .deprovisioned, .deleted] { #expect(intent(state) == .nothing) }
        // Withdrawn, but not altogether.
        for state in [AccountState.deprovisioned, .deleted] { #expect(intent(state, memberships: ["cn=Staff"]) == .withdraw) }
        // An answer was lost: it may have come to be.
        for state in [AccountState.none, .deprovisioned, .deleted] { #expect(intent(state, doubt: doubt) == .withdraw) }
    }

    private func look(
        _ intent: AccountIntent, _ state: AccountState?, doubt: AccountDoubt? = nil, isSwitchedOff: Bool = false,
        lines: [String: String] = [:]
    ) throws -> AccountLook {
        var account = state.map { PlannedAccounts.account($0, doubt: doubt) }
        account?.isSwitchedOff = isSwitchedOff
        return intent.look(known: account, map: try PlannedAccounts(replacing: lines).map)
    }

    @Test func `nothing is asked where nothing depends on it`() throws {
        #expect(try look(.nothing, .enabled) == .nothing)
        #expect(try look(.provide, .enabled) == .nothing)
        #expect(try look(.withdraw, .enabled) == .nothing)
        #expect(try look(.withdraw, .deprovisioned) == .nothing)
    }

    @Test func `who may have an entry already is looked for by correlation`() throws {
        #expect(try look(.provide, nil) == .correlation)
        #expect(try look(.provide, AccountState.none) == .correlation)
        #expect(try look(.provide, .deleted) == .correlation)
        #expect(try look(.withdraw, AccountState.none, doubt: doubt) == .correlation)
        // What is left of a deleted account are memberships: there is no entry to be found.
        #expect(try look(.withdraw, .deleted) == .nothing)
    }

    @Test func `an account that is not known for certain, was withdrawn or is switched off is looked at by its id`() throws {
        let byID = AccountLook.id(PlannedAccounts.known)
        #expect(try look(.provide, .enabled, doubt: doubt) == byID)
        #expect(try look(.withdraw, .enabled, doubt: doubt) == byID)
        #expect(try look(.provide, .deprovisioned) == byID)
        #expect(try look(.provide, .enabled, isSwitchedOff: true) == byID)
        #expect(try look(.withdraw, .enabled, isSwitchedOff: true) == .nothing)
    }

    @Test func `a rule that fills in what is empty has to know whether it is`() throws {
        let lines = ["  title: user.?title\n": "  title: { value: 'user.?title', enforce: ifEmpty }\n"]
        #expect(try look(.provide, .enabled, lines: lines) == .id(PlannedAccounts.known))
        let written = ["  badge: flag\n": "  badge: { value: 'flag', enforce: ifEmpty }\n"]
        #expect(try look(.provide, .enabled, lines: written) == .nothing)
        #expect(try look(.withdraw, .enabled, lines: lines) == .nothing)
    }
}
