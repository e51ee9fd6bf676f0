package import Contracts
package import IdentityModel

/// What a run tells while it goes on, in the order in which it happens: whoever talks to a person renders it.
package enum RunNews: Sendable {
    /// A plan of this origin that an earlier run left unfinished is gone on with.
    case goesOn(Plan)
    /// A plan was made, kept, or refused by the file contract.
    case planned(PlanReport, source: SourceName?)
    case applied(ApplySummary, Plan)
    /// Orders were withdrawn, and no plan takes their place.
    case withdrawn(orders: Int, because: String)
    /// The source has no file that was not taken.
    case nothingNew(SourceName)
    /// Something a person should know, in words.
    case remark(String)
    /// A sink does not take events now; they stay in the outbox.
    case eventsWait(sink: String, reason: String)
    /// What is open when the run ends; told only when something is.
    case open(OpenWork, of: Origin)
}
