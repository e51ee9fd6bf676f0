import Foundation
import OddServers

@testable import ConnectorREST

/// A service about people in memory, as somebody might have written it. It shares nothing with the connector but the type of a JSON value.
///
/// Plain: `/people`, `/people/7`, `/people/7/groups`, `/groups/Staff/members/7`. With envelopes: everything under `data`, numbers for ids, groups with ids,
/// searches by POST, refusals that say 200, changes by PUT of all, and a Location in the place of what was made.
final class OddREST: @unchecked Sendable {
    struct Ways {
        var hasEnvelopes = false
        /// What things are called.
        var people = "people"
        var id = "uid"
        var login = "login"
        /// Groups, also as a person shows them; nil: a person shows none.
        var groups = "groups"
        var showsGroups = false
        var takenStatus = 409
        var largestPage = 1_000
        /// Searches tell everybody, whatever is searched for.
        var ignoresSearches = false
        var storms = 0
        var loses = 0
        var fails = 0
        /// Milliseconds before each answer.
        var latency = 0
        /// Somebody who was made is not found by searches before so many requests more.
        var findsAfter = 0
        /// The same, so many seconds.
        var findsAfterSeconds = 0.0
        /// Two may have one login.
        var keepsNamesUnique = true
    }

    private struct Kept {
        var json: [String: JSONValue]
        var version = 1
        var made: Int
        let moment = ContinuousClock.now
    }

    private let lock = NSLock()
    private var ways: Ways
    private var people: [Int: Kept] = [:]
    private var groups: [(name: String, members: Set<Int>)]
    private var last = 100
    private var requests = 0
    private var writes = 0
    private var server: OddServer?

    init(_ ways: Ways = Ways(), groups: [String] = []) throws {
        self.ways = ways
        self.groups = groups.map { ($0, []) }
        server = try OddServer { [unowned self] request in answer(request) }
    }

    var url: String { server.map { $0.url + "/api" } ?? "" }
    func stop() { server?.stop() }
    func change(_ body: (inout Ways) -> Void) { lock.withLock { body(&ways) } }

    // MARK: For tests

    var names: [String] { values(ways.login) }
    func values(_ member: String) -> [String] { lock.withLock { people.values.compactMap { $0.json[member]?.text }.sorted() } }
    func person(_ login: String) -> JSONValue? {
        lock.withLock { people.values.first { $0.json[ways.login]?.text == login }.map { .object($0.json) } }
    }
    func members(of group: String) -> [String] {
        lock.withLock {
            (groups.first { $0.name == group }?.members ?? []).map { people[$0]?.json[ways.login]?.text ?? "nobody" }.sorted()
        }
    }
    func add(_ json: [String: JSONValue]) { lock.withLock { _ = make(json) } }
    var sent: [OddServer.Request] { server?.requests ?? [] }

    // MARK: Answers

    private func answer(_ request: OddServer.Request) -> OddServer.Answer {
        let said = lock.withLock { respond(request) }
        guard ways.latency > 0, case .bytes(let text) = said else { return said }
        return .late(text, ways.latency)
    }

    private func respond(_ request: OddServer.Request) -> OddServer.Answer {
        requests += 1
        let isWrite = request.method != "GET" && !request.path.hasSuffix("/search")
        if isWrite { writes += 1 }
        if ways.storms > 0, requests % ways.storms == 0 { return told(429, nil, ["Retry-After: 0"]) }
        if isWrite, ways.fails > 0, writes % ways.fails == 0 { return told(500, .object(["message": .string("out of luck")])) }
        let said = carryOut(request)
        if isWrite, ways.loses > 0, writes % ways.loses == 0 { return .close }
        return said
    }

    private func told(_ status: Int, _ json: JSONValue?, _ headers: [String] = []) -> OddServer.Answer {
        OddServers.answer("\(status) Odd", headers, json.map { String(decoding: $0.bytes, as: UTF8.self) } ?? "")
    }

    private func done(_ json: JSONValue?, _ status: Int = 200, _ headers: [String] = []) -> OddServer.Answer {
        guard ways.hasEnvelopes else { return told(json == nil ? 204 : status, json, headers) }
        return told(200, .object(["ok": .bool(true), "data": json ?? .null]), headers)
    }

    private func refused(_ status: Int, _ code: String) -> OddServer.Answer {
        let words: [String: JSONValue] = ["code": .string(code), "text": .string("refused: \(code)")]
        guard ways.hasEnvelopes else { return told(status, .object(["message": .string("refused: \(code)"), "error": .object(words)])) }
        return told(200, .object(["ok": .bool(false), "error": .object(words)]))
    }

    private func carryOut(_ request: OddServer.Request) -> OddServer.Answer {
        let parts = request.path.split(separator: "?", maxSplits: 1).map(String.init)
        let names = parts[0].split(separator: "/").dropFirst().map { $0.removingPercentEncoding ?? "" }
        let query = OddREST.query(parts.count > 1 ? parts[1] : "")
        let body = try? JSONValue(parsing: Array(request.body.utf8))
        let kind = names.first == ways.people ? "people" : names.first == ways.groups ? "groups" : nil
        switch (request.method, kind, names.count) {
        case ("GET", "people", 1): return list(query)
        case ("POST", "people", 1): return create(body)
        case ("POST", "people", 2) where names[1] == "search":
            let (attribute, value) = (body?.member("attribute")?.text ?? "", body?.member("value")?.text ?? "")
            return list([attribute: value, "cursor": body?.member("cursor")?.text ?? ""])
        case (_, "people", 2...): return one(names, request, body)
        case ("GET", "groups", 1):
            let found = groups.indices.filter { groups[$0].name == query["name"] }
            return done(.array(found.map { .object(["gid": .integer(Int64($0)), "title": .string(groups[$0].name)]) }))
        case ("GET", "groups", 2):
            guard let index = group(names[1]) else { return refused(404, "NOT_FOUND") }
            return done(.object(["gid": .integer(Int64(index)), "title": .string(groups[index].name)]))
        case (_, "groups", 4): return member(names, request.method)
        default: return told(404, nil)
        }
    }

    private static func query(_ text: String) -> [String: String] {
        text.split(separator: "&").reduce(into: [:]) { query, part in
            let words = part.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            if words.count == 2 { query[words[0]] = words[1] }
        }
    }

    // MARK: People

    private func shown(_ id: Int) -> JSONValue {
        guard let kept = people[id] else { return .null }
        var json = kept.json
        json[ways.id] = ways.hasEnvelopes ? .integer(Int64(id)) : .string(String(id))
        if ways.showsGroups { json[ways.groups] = .array(groups.filter { $0.members.contains(id) }.map { .string($0.name) }) }
        json["changedAt"] = .string("moment \(kept.version)")
        return .object(json)
    }

    private func list(_ query: [String: String]) -> OddServer.Answer {
        var found = people.keys.sorted()
        let wanted = query.first { !["page", "cursor"].contains($0.key) }
        if let wanted, !ways.ignoresSearches {
            found = found.filter { id in
                guard let kept = people[id], requests - kept.made >= ways.findsAfter,
                    kept.moment.duration(to: .now) >= .seconds(ways.findsAfterSeconds)
                else { return false }
                return JSONValue.object(kept.json).texts(at: JSONPlace(wanted.key)).contains {
                    $0.lowercased() == wanted.value.lowercased()
                }
            }
        }
        let start = ways.hasEnvelopes ? Int(query["cursor"] ?? "") ?? 0 : ((Int(query["page"] ?? "") ?? 1) - 1) * ways.largestPage
        let page = JSONValue.array(found.dropFirst(start).prefix(ways.largestPage).map(shown))
        guard ways.hasEnvelopes else { return done(.object([ways.people: page])) }
        let next = start + ways.largestPage
        return done(.object(["rows": page, "next": next < found.count ? .string(String(next)) : .null]))
    }

    private func make(_ json: [String: JSONValue]) -> Int {
        last += 1
        let id = last
        people[id] = Kept(json: json, made: requests)
        return id
    }

    private func problem(_ json: [String: JSONValue], _ id: Int?) -> OddServer.Answer? {
        guard let login = json[ways.login]?.text, !login.contains("Nowhere") else { return refused(400, "BAD_LOGIN") }
        if let unknown = json.keys.first(where: { $0.hasPrefix("noSuch") }) { return refused(400, "UNKNOWN \(unknown)") }
        let isTaken =
            ways.keepsNamesUnique && people.contains { $0.key != id && $0.value.json[ways.login]?.text?.lowercased() == login.lowercased() }
        return isTaken ? refused(ways.takenStatus, ways.takenStatus == 409 ? "DUPLICATE" : "USERNAME_TAKEN") : nil
    }

    private func create(_ body: JSONValue?) -> OddServer.Answer {
        guard case .object(let json)? = body else { return refused(400, "NO_OBJECT") }
        if let problem = problem(json, nil) { return problem }
        let id = make(json)
        return ways.hasEnvelopes ? done(nil, 201, ["Location: /api/people/\(id)"]) : done(shown(id), 201)
    }

    private func one(_ names: [String], _ request: OddServer.Request, _ body: JSONValue?) -> OddServer.Answer {
        guard let id = Int(names[1]), var kept = people[id] else { return refused(404, "NOT_FOUND") }
        if names.count == 3 {
            let held = groups.indices.filter { groups[$0].members.contains(id) }
            return done(.array(held.map { ways.hasEnvelopes ? .object(["gid": .integer(Int64($0))]) : .string(groups[$0].name) }))
        }
        if let match = request.headers["if-match"], match != "\"\(kept.version)\"" { return told(412, nil) }
        switch (request.method, body) {
        case ("GET", _): return done(shown(id), 200, ways.hasEnvelopes ? ["ETag: \"\(kept.version)\""] : [])
        case ("DELETE", _):
            people[id] = nil
            for index in groups.indices { groups[index].members.remove(id) }
            return done(nil)
        case ("PUT", .object(let json)?):
            if json["changedAt"] != nil { return refused(400, "READ_ONLY changedAt") }
            kept.json = json.filter { $0.key != ways.id }
        case ("PATCH", .object(let json)?): kept.json = OddREST.merged(kept.json, json)
        default: return refused(405, "METHOD")
        }
        if let problem = problem(kept.json, id) { return problem }
        kept.version += 1
        people[id] = kept
        return done(nil)
    }

    /// RFC 7396.
    private static func merged(_ old: [String: JSONValue], _ patch: [String: JSONValue]) -> [String: JSONValue] {
        var new = old
        for (name, value) in patch {
            if case .null = value {
                new[name] = nil
            } else if case .object(let inner) = value {
                var own: [String: JSONValue] = [:]
                if case .object(let members)? = new[name] { own = members }
                new[name] = .object(merged(own, inner))
            } else {
                new[name] = value
            }
        }
        return new
    }

    // MARK: Groups

    private func group(_ text: String) -> Int? {
        ways.hasEnvelopes ? Int(text).flatMap { groups.indices.contains($0) ? $0 : nil } : groups.firstIndex { $0.name == text }
    }

    private func member(_ names: [String], _ method: String) -> OddServer.Answer {
        guard let index = group(names[1]), let id = Int(names[3]) else { return refused(404, "NOT_FOUND") }
        guard people[id] != nil || method == "DELETE" else { return refused(404, "NOBODY") }
        let isChange = method == "PUT" ? groups[index].members.insert(id).inserted : groups[index].members.remove(id) != nil
        return isChange ? done(nil) : refused(409, "SO_ALREADY")
    }
}
