internal import Contracts
internal import Foundation
internal import HTTPTransport
internal import IdentityModel

/// One SCIM service as its requests go (RFC 7644): what it says that it can do, and what it really does.
actor SCIMService {
    /// RFC 7643, 5; what is not said is taken to be so, and found out by trying.
    struct Abilities: Hashable, Sendable {
        var patches = true
        /// Says so, and answers a filter that nobody fulfils with nobody.
        var filters = true
        var hasVersions = false
        var hasCursors = false
        var largestPage = 100
        var users = "/Users"
        var groups = "/Groups"
    }

    nonisolated let client: RESTClient
    private var known: Abilities?
    private var discovery: Task<Result<Abilities, ConnectorFailure>, Never>?

    init(_ client: RESTClient) { self.client = client }

    /// Asked once; whoever asks meanwhile waits for the same answer.
    func abilities() async throws(ConnectorFailure) -> Abilities {
        if let known { return known }
        let task = discovery ?? Task { await discover() }
        discovery = task
        let result = await task.value
        discovery = nil
        known = try result.get()
        return known ?? Abilities()
    }

    func forget() { known = nil }

    // MARK: One at a time

    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    /// Whoever reads a resource to write it back whole waits for whoever does so already: without versions one of two changes would be lost.
    nonisolated func alone<Result>(_ body: () async throws(ConnectorFailure) -> Result) async throws(ConnectorFailure) -> Result {
        await take()
        do throws(ConnectorFailure) {
            let result = try await body()
            await release()
            return result
        } catch {
            await release()
            throw error
        }
    }

    private func take() async {
        guard isTaken else {
            isTaken = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    private func release() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }

    // MARK: Discovery

    private func discover() async -> Result<Abilities, ConnectorFailure> {
        do throws(ConnectorFailure) {
            var abilities = Abilities()
            if let said = try await client.send(.get, "/ServiceProviderConfig").body { abilities.take(said) }
            // Not every service has it, and those that have nothing particular to say may refuse it.
            let types = try await client.send(.get, "/ResourceTypes", accepting: [400, 403, 405, 500, 501])
            if types.status == 200, let said = types.body { abilities.takeTypes(said) }
            if abilities.filters { abilities.filters = try await doesFilter(abilities) }
            return .success(abilities)
        } catch {
            return .failure(error)
        }
    }

    /// Nobody has this name: whoever is found by it was found by ignoring the filter.
    private func doesFilter(_ abilities: Abilities) async throws(ConnectorFailure) -> Bool {
        let nobody = "userName eq \"birthright-\(UUID().uuidString.lowercased())\""
        let answer = try await client.send(
            .get, "\(abilities.users)?filter=\(nobody.queryEscaped)&count=1", accepting: [400, 403, 405, 500, 501])
        guard answer.status == 200, let body = answer.body else { return false }
        return (body.member("Resources")?.elements ?? []).isEmpty && SCIMPage.number(body, "totalResults") ?? 0 == 0
    }
}

extension SCIMService.Abilities {
    fileprivate mutating func take(_ said: JSONValue) {
        func supports(_ name: String) -> Bool? { said.member(name)?.member("supported")?.flag }
        patches = supports("patch") ?? patches
        filters = supports("filter") ?? filters
        hasVersions = supports("etag") ?? hasVersions
        hasCursors = said.member("pagination")?.member("cursor")?.flag ?? hasCursors
        let pages = [said.member("filter")?.member("maxResults"), said.member("pagination")?.member("maxPageSize")]
        let largest = pages.compactMap { $0?.text.flatMap { Int($0) } }.filter { $0 > 0 }.min()
        if let largest { largestPage = min(largest, 1_000) }
    }

    fileprivate mutating func takeTypes(_ said: JSONValue) {
        let types = said.member("Resources")?.elements ?? said.elements
        for type in types {
            guard let name = type.member("name")?.text ?? type.member("id")?.text, let endpoint = type.member("endpoint")?.text else {
                continue
            }
            let path = endpoint.hasPrefix("/") ? endpoint : "/" + endpoint
            switch name.lowercased() {
            case "user": users = path
            case "group": groups = path
            default: break
            }
        }
    }
}

extension JSONValue {
    /// Also as text: there are services that write flags so.
    var flag: Bool? {
        switch self {
        case .bool(let flag): flag
        case .string(let text): ["true": true, "false": false][text.lowercased()]
        default: nil
        }
    }
}

/// One page of a list (RFC 7644, 3.4.2; RFC 9865).
struct SCIMPage {
    let resources: [SCIMResource]
    let total: Int?
    let nextCursor: String?

    init(_ body: JSONValue) {
        resources = (body.member("Resources")?.elements ?? []).compactMap(SCIMResource.init)
        total = SCIMPage.number(body, "totalResults")
        nextCursor = body.member("nextCursor")?.text.flatMap { $0.isEmpty ? nil : $0 }
    }

    static func number(_ body: JSONValue, _ name: String) -> Int? { body.member(name)?.text.flatMap { Int($0) } }
}

/// Reads lists.
struct SCIMReader: Sendable {
    let client: RESTClient
    let abilities: SCIMService.Abilities

    /// Every resource at this path, page by page, each once; `visit` says whether to go on.
    ///
    /// Somebody may come or go meanwhile, and what follows moves up: where fewer came than there are, the list is read again, up to three times.
    func list(
        _ path: String, filter: String? = nil, parameters: String = "", visit: ([SCIMResource]) async -> Bool
    ) async throws(ConnectorFailure) {
        var seen: Set<String> = []
        for _ in 1...3 {
            var (start, total, moved) = (1, 0, false)
            var cursor: String? = abilities.hasCursors ? "" : nil
            while true {
                var query = "count=\(abilities.largestPage)" + parameters
                if let filter { query += "&filter=" + filter.queryEscaped }
                if let cursor { query += "&cursor=" + cursor.queryEscaped } else { query += "&startIndex=\(start)" }
                guard let body = try await client.send(.get, path + "?" + query).body else { return }
                let page = SCIMPage(body)
                if start > 1, let now = page.total, now != total { moved = true }
                total = page.total ?? total
                let fresh = page.resources.filter { resource in resource.id.map { seen.insert($0).inserted } ?? false }
                if !fresh.isEmpty, await !visit(fresh) { return }
                start += page.resources.count
                if cursor != nil {
                    guard let next = page.nextCursor else { break }
                    cursor = next
                } else if page.resources.isEmpty || start > total {
                    break
                }
            }
            if !moved, seen.count >= total { return }
        }
    }
}
