import Contracts
import IdentityModel

extension ScriptedSystem {
    struct Entry: Sendable {
        var id: AccountID
        var name: AccountName
        var attributes: [String: [String]]
        /// Groups that hold its present name.
        var groups: Set<String> = []
    }

    enum Fault: Sendable {
        /// Answers so; nothing is done.
        case fails(ConnectorFailure)
        /// Does it and loses the answer.
        case doneButLost
        /// Writes the entry, not its memberships, and loses the answer.
        case halfDoneAndLost
        /// Writes the entry and its name, leaves all groups as they are, and loses the answer.
        case renamedAndLost
        /// Writes the entry and its name, answers that, and loses the answer to what comes after.
        case renamedThenLost
        /// Does nothing and loses the answer.
        case lost
    }
}
