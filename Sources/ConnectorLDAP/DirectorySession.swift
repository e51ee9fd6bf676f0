internal import Contracts
internal import Foundation
internal import IdentityModel

/// The connections to one directory, and everything that is done over them. Its methods run on a thread of its own from beginning to end, none of them
/// suspends: so one batch at a time is in flight, and no two of them can touch one entry or group.
actor DirectorySession {
    nonisolated let settings: LDAPSettings
    private nonisolated let thread: SessionThread
    private var connections: [Connection] = []
    private var listings: [Int: Connection] = [:]
    private var nextListing = 0
    /// Ids were seen to be readable.
    var showsIDs = false
    var vacated = VacatedNames()
    private var seenRepairs: ServerRepairs?

    init(_ settings: LDAPSettings) {
        self.settings = settings
        thread = SessionThread(name: "ldap")
    }

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Ends every connection; the next call connects again.
    func close() {
        connections = []
        listings = [:]
        showsIDs = false
        seenRepairs = nil
    }

    /// What the server does about references, as it was said or as its own configuration says, where that may be read.
    func repairs() -> ServerRepairs {
        if let seenRepairs { return seenRepairs }
        let repairs: ServerRepairs =
            if settings.dialect == .activeDirectory {
                .atOnce
            } else if settings.maintainsReferences {
                .later
            } else if let configured = try? configuredOverlays() {
                configured.repairs ? .later : .never
            } else {
                .unknown
            }
        seenRepairs = repairs
        return repairs
    }

    /// Small batches gain nothing from a second connection, and its TLS handshake costs more than they do.
    private static let requestsPerConnection = 64

    /// Connections that live, as many as so many requests deserve; connects where there are too few. Only the first one has to succeed.
    func exchange(for requests: Int) throws(ConnectorFailure) -> Exchange {
        for connection in connections { connection.checkLife() }
        connections.removeAll(where: \.isLost)
        let wanted = min(settings.connections, max(1, requests / Self.requestsPerConnection))
        while connections.count < wanted {
            do {
                connections.append(try connect())
            } catch  where !connections.isEmpty {
                break
            }
        }
        return Exchange(connections: Array(connections.prefix(wanted)), window: settings.window, timeoutSeconds: settings.timeoutSeconds)
    }

    /// What the server can do, as its root entry said when we connected.
    var traits: ServerTraits { connections.first?.traits ?? ServerTraits() }
    var firstConnection: Connection? { connections.first }

    private func connect() throws(ConnectorFailure) -> Connection {
        let connection = try Connection.open(settings)
        let attributes = [
            "objectClass", "supportedControl", "supportedExtension", "namingContexts", "vendorName", "vendorVersion",
            "rootDomainNamingContext",
        ]
        let search = SearchRequest(base: "", scope: .base, filter: "(objectClass=*)", attributes: attributes)
        var feed = IndependentFeed([.search(search)])
        Exchange(connections: [connection], window: 1, timeoutSeconds: settings.connectSeconds).run(&feed)
        let answer = try feed.answer(0, "cannot read the root entry of \(settings.url)")
        if let root = answer.entries.first { connection.traits = ServerTraits(root: root) }
        return connection
    }

    /// Searches, pipelined; throws when one of them could not be asked or was refused. A base that does not exist is an answer without entries where
    /// `missingIsEmpty`; `codes` are answers whose entries count.
    func search(
        _ searches: [SearchRequest], missingIsEmpty: Bool = false, tolerating codes: Set<Int32> = [0]
    ) throws(ConnectorFailure) -> [[DirectoryEntry]] {
        var feed = IndependentFeed(searches.map(WireRequest.search))
        try exchange(for: searches.count).run(&feed)
        var found: [[DirectoryEntry]] = []
        for index in searches.indices {
            let attempt = "cannot search below \(searches[index].base)"
            found.append(
                try feed.answer(index, attempt, tolerating: missingIsEmpty ? codes.union([32]) : codes, dialect: settings.dialect).entries)
        }
        return found
    }

    // MARK: Listing everything

    /// Opens a connection for one listing: servers keep the place of a paged search per connection.
    func beginListing() throws(ConnectorFailure) -> Int {
        nextListing += 1
        listings[nextListing] = try connect()
        return nextListing
    }

    /// The next page; an empty cookie asks for the first, and is returned with the last.
    func page(_ listing: Int, _ search: SearchRequest) throws(ConnectorFailure) -> (entries: [DirectoryEntry], cookie: [UInt8]) {
        guard let connection = listings[listing] else { throw ConnectorFailure(.transient, "the listing was closed") }
        var feed = IndependentFeed([.search(search)])
        Exchange(connections: [connection], window: 1, timeoutSeconds: settings.timeoutSeconds).run(&feed)
        let answer = try feed.answer(0, "cannot list the accounts below \(search.base)", dialect: settings.dialect)
        return (answer.entries, answer.cookie)
    }

    func endListing(_ listing: Int) { listings[listing] = nil }
}

extension IndependentFeed {
    /// The answer to a request, or why there is none.
    func answer(
        _ index: Int, _ attempt: String, tolerating codes: Set<Int32> = [0], dialect: Dialect = .openLDAP
    ) throws(ConnectorFailure) -> Answer {
        switch outcomes[index] {
        case .answered(let answer) where codes.contains(answer.code): return answer
        case .answered(let answer): throw Refusal(dialect: dialect).failure(answer, attempt)
        case .lost(let why): throw ConnectorFailure(.transient, "\(attempt): \(why)")
        case .unsent(let failure): throw ConnectorFailure(failure.errorClass, "\(attempt): \(failure.message)")
        }
    }
}
