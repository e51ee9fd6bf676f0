internal import IdentityModel

/// One change of one attribute within an entry, as add and modify requests carry it (RFC 4511 section 4.6).
struct Modification: Hashable {
    enum Kind { case add, delete, replace }

    let kind: Kind
    let name: String
    /// Empty with `delete` or `replace`: the whole attribute goes. `replace` does not mind when it is absent.
    let values: [String]
}

struct SearchRequest: Hashable {
    enum Scope { case base, oneLevel, subtree }
    enum Paging: Hashable {
        case none
        /// RFC 2696: the cookie of the page before, empty for the first.
        case page(size: Int, cookie: [UInt8])
    }

    let base: String
    let scope: Scope
    let filter: String
    /// `1.1` asks for none, `*` for all that users may set.
    let attributes: [String]
    var paging = Paging.none
    /// More entries than these are not wanted (sizeLimitExceeded, 4, comes with them); 0: all.
    var sizeLimit = 0
}

/// What can be sent without waiting for its answer.
enum WireRequest {
    case add(name: String, attributes: [Modification])
    /// `forgives`: a value that is already there, or already gone, is no error, where the server can be asked for that.
    case modify(name: String, changes: [Modification], forgives: Bool = true)
    /// Rename and move. `newParent` nil: it stays where it is. `keepsOld`: the old RDN's values are no name any more, and stay.
    case rename(name: String, newRDN: String, newParent: String?, keepsOld: Bool)
    case delete(name: String)
    case search(SearchRequest)
}

/// An entry as a search returned it.
struct DirectoryEntry {
    let name: String
    /// In the server's order; ids already as text.
    let attributes: [(name: String, values: [String])]

    func values(of attribute: String) -> [String] {
        attributes.first { $0.name.lowercased() == attribute.lowercased() }?.values ?? []
    }
}

/// A server's answer to one request.
struct Answer {
    /// RFC 4511 appendix A.
    let code: Int32
    /// The server's diagnostic message.
    var text = ""
    /// How much of the name exists, where an entry was not found.
    var matchedName = ""
    var entries: [DirectoryEntry] = []
    /// The new entry's id, where the server tells it with the answer (RFC 4527).
    var newID: String?
    /// RFC 2696: empty at the last page.
    var cookie: [UInt8] = []
}

/// What became of a request.
enum WireOutcome {
    case answered(Answer)
    /// It was sent, and the connection ended or the time was over before an answer: it may have happened.
    case lost(String)
    /// It never left.
    case unsent(ConnectorFailure)
}
