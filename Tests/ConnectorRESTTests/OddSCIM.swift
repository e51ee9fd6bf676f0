import Foundation
import OddServers

@testable import ConnectorREST

/// A SCIM server in memory that does what services do and no standard says. It shares nothing with the connector but the type of a JSON value.
final class OddSCIM: @unchecked Sendable {
    struct Ways {
        /// False: PATCH is not announced and answered with 501.
        var patches = true
        var refusesFiltersInPaths = false
        /// Filters are announced, and everybody is told whatever they say.
        var ignoresFilters = false
        var largestPage = 1_000
        var hasVersions = true
        var lowersSchemas = false
        var flagsAreText = false
        /// Every so many-th request is refused with 429 (0: none).
        var storms = 0
        /// Of every so many-th write the answer is lost, after it was carried out (0: none).
        var loses = 0
        /// Every so many-th write fails with 500, before anything is done (0: none).
        var fails = 0
        /// An attribute that nobody is shown.
        var hides: String?
        /// Milliseconds before each answer.
        var latency = 0
        /// A user who was made is not found by filters before so many requests more.
        var findsAfter = 0
    }

    private struct Kept {
        var json: [String: JSONValue]
        var version = 1
        var made: Int
    }

    private let lock = NSLock()
    private var ways: Ways
    private var users: [String: Kept] = [:]
    private var groups: [String: Kept] = [:]
    /// In the order in which they were made.
    private var order: [String] = []
    private var requests = 0
    private var writes = 0
    private(set) var bytes = 0
    private var server: OddServer?

    init(_ ways: Ways = Ways(), groups names: [String] = []) throws {
        self.ways = ways
        for name in names { _ = make(["displayName": .string(name)], isUser: false) }
        server = try OddServer { [unowned self] request in answer(request) }
    }

    var url: String { server.map { $0.url + "/scim" } ?? "" }
    func stop() { server?.stop() }
    func change(_ body: (inout Ways) -> Void) { lock.withLock { body(&ways) } }
    var counted: (requests: Int, bytes: Int) { lock.withLock { (requests, bytes) } }

    /// What stands in it, for tests: users by name, more than one where a name is doubled.
    var names: [String] { lock.withLock { users.values.compactMap { $0.json["userName"]?.text }.sorted() } }
    func values(_ attribute: String) -> [String] { lock.withLock { users.values.compactMap { $0.json[attribute]?.text }.sorted() } }

    func members(of group: String) -> [String] {
        lock.withLock {
            let ids = groups.values.first { $0.json["displayName"]?.text == group }?.json["members"]?.elements.compactMap {
                $0.member("value")?.text
            }
            return (ids ?? []).map { users[$0]?.json["userName"]?.text ?? "nobody" }
        }
    }

    func user(_ name: String) -> [String: JSONValue]? { lock.withLock { users.values.first { $0.json["userName"]?.text == name }?.json } }

    /// Somebody whom nobody asked about.
    func add(_ json: [String: JSONValue]) { lock.withLock { _ = make(json, isUser: true) } }

    /// Puts so many into the group whom nobody asked about.
    func fill(_ group: String, _ count: Int) {
        lock.withLock {
            guard let id = groups.first(where: { $0.value.json["displayName"]?.text == group })?.key else { return }
            groups[id]?.json["members"] = .array((1...count).map { .object(["value": .string("stranger-\($0)")]) })
        }
    }

    // MARK: Answers

    private func answer(_ request: OddServer.Request) -> OddServer.Answer {
        let said = lock.withLock { respond(request) }
        guard ways.latency > 0, case .bytes(let text) = said else { return said }
        return .late(text, ways.latency)
    }

    private func respond(_ request: OddServer.Request) -> OddServer.Answer {
        requests += 1
        bytes += request.body.utf8.count
        let isWrite = request.method != "GET"
        if isWrite { writes += 1 }
        if ways.storms > 0, requests % ways.storms == 0 { return told(429, nil, ["Retry-After: 0"]) }
        if isWrite, ways.fails > 0, writes % ways.fails == 0 { return told(500, .object(["detail": .string("out of luck")])) }
        let said = carryOut(request)
        if isWrite, ways.loses > 0, writes % ways.loses == 0 { return .close }
        return said
    }

    private static let phrases = [200: "OK", 201: "Created", 204: "No Content", 400: "Bad Request", 404: "Not Found", 409: "Conflict"]

    private func told(_ status: Int, _ json: JSONValue?, _ headers: [String] = []) -> OddServer.Answer {
        let body = json.map { String(decoding: $0.bytes, as: UTF8.self) } ?? ""
        bytes += body.utf8.count
        return OddServers.answer("\(status) \(OddSCIM.phrases[status] ?? "Odd")", headers, body)
    }

    private func refused(_ type: String, _ detail: String, _ status: Int = 400) -> OddServer.Answer {
        told(status, .object(["scimType": .string(type), "detail": .string(detail), "status": .string("\(status)")]))
    }

    private func carryOut(_ request: OddServer.Request) -> OddServer.Answer {
        let parts = request.path.split(separator: "?", maxSplits: 1).map(String.init)
        let names = parts[0].split(separator: "/").dropFirst().map { $0.removingPercentEncoding ?? "" }
        let query = OddSCIM.query(parts.count > 1 ? parts[1] : "")
        guard let kind = names.first else { return told(404, nil) }
        if kind == "ServiceProviderConfig" { return told(200, configuration) }
        guard kind == "Users" || kind == "Groups" else { return told(404, nil) }
        let isUser = kind == "Users"
        guard names.count > 1 else {
            if request.method == "GET" { return list(isUser, query) }
            guard request.method == "POST", let json = object(request.body) else { return refused("invalidSyntax", "no object") }
            return create(json, isUser)
        }
        return one(names[names.startIndex + 1], isUser, request)
    }

    private var configuration: JSONValue {
        func supported(_ flag: Bool, _ more: [String: JSONValue] = [:]) -> JSONValue {
            .object(more.merging(["supported": .bool(flag)]) { $1 })
        }
        return .object([
            "patch": supported(ways.patches), "filter": supported(true, ["maxResults": .integer(Int64(ways.largestPage))]),
            "etag": supported(ways.hasVersions), "bulk": supported(false),
        ])
    }

    private static func query(_ text: String) -> [String: String] {
        text.split(separator: "&").reduce(into: [:]) { query, part in
            let words = part.split(separator: "=", maxSplits: 1).map { String($0).removingPercentEncoding ?? "" }
            if words.count == 2 { query[words[0]] = words[1] }
        }
    }

    private func object(_ body: String) -> [String: JSONValue]? {
        guard case .object(let members)? = try? JSONValue(parsing: Array(body.utf8)) else { return nil }
        return members
    }

    // MARK: Lists

    private func list(_ isUser: Bool, _ query: [String: String]) -> OddServer.Answer {
        let kept = isUser ? users : groups
        var found = order.filter { kept[$0] != nil }
        if let filter = query["filter"], !ways.ignoresFilters {
            guard let conditions = OddSCIM.conditions(filter) else { return refused("invalidFilter", filter) }
            found = found.filter { id in
                guard let one = kept[id], requests - one.made >= ways.findsAfter else { return false }
                return conditions.allSatisfy { OddSCIM.values($0.path, one.json).contains($0.value.lowercased()) }
            }
        }
        let start = max(1, query["startIndex"].flatMap { Int($0) } ?? 1)
        let count = min(ways.largestPage, query["count"].flatMap { Int($0) } ?? ways.largestPage)
        let page = found.dropFirst(start - 1).prefix(count)
        return told(
            200,
            .object([
                "totalResults": .integer(Int64(found.count)), "startIndex": .integer(Int64(start)),
                "Resources": .array(page.compactMap { kept[$0] }.map { shown($0, query["attributes"]) }),
            ]))
    }

    private func shown(_ one: Kept, _ attributes: String?) -> JSONValue {
        var json = one.json
        if let wanted = attributes?.split(separator: ",").map({ $0.lowercased() }) {
            json = json.filter { $0.key == "id" || wanted.contains($0.key.lowercased()) }
        }
        if let hidden = ways.hides { json[hidden] = nil }
        if ways.hasVersions { json["meta"] = .object(["version": .string("W/\"\(one.version)\"")]) }
        if ways.flagsAreText, case .bool(let flag)? = json["active"] { json["active"] = .string(flag ? "True" : "False") }
        if ways.lowersSchemas {
            json = Dictionary(json.map { ($0.key.hasPrefix("urn:") ? $0.key.lowercased() : $0.key, $0.value) }, uniquingKeysWith: { $1 })
        }
        return .object(json)
    }

    /// `a eq "x" and b[type eq "work" and value eq "y"]`; nil: something else.
    private static func conditions(_ filter: String) -> [(path: String, value: String)]? {
        var conditions: [(String, String)] = []
        var rest = Substring(filter)
        while !rest.isEmpty {
            guard let found = rest.firstMatch(of: /^([^ ]+(?:\[.*?\])?) eq ("(?:[^"\\]|\\.)*"|true|false)(?: and )?/) else {
                return nil
            }
            guard let value = try? JSONValue(parsing: Array(found.2.utf8)), let text = value.text else { return nil }
            conditions.append((String(found.1), text))
            rest = rest[found.range.upperBound...]
        }
        return conditions
    }

    /// In lower case.
    private static func values(_ path: String, _ json: [String: JSONValue]) -> [String] {
        var names = path.split(separator: ".").map(String.init)
        var value: JSONValue = .object(json)
        if path.hasPrefix("urn:"), let colon = path.lastIndex(of: ":") {
            value = value.member(String(path[..<colon])) ?? .null
            names = path[path.index(after: colon)...].split(separator: ".").map(String.init)
        }
        var values = [value]
        for name in names { values = values.flatMap { $0.member(name).map { $0.elements.isEmpty ? [$0] : $0.elements } ?? [] } }
        return values.compactMap { $0.text?.lowercased() }
    }

    // MARK: One

    @discardableResult
    private func make(_ json: [String: JSONValue], isUser: Bool) -> Kept {
        let id = UUID().uuidString.lowercased()
        let one = Kept(json: json.merging(["id": .string(id)]) { $1 }, made: requests)
        if isUser { users[id] = one } else { groups[id] = one }
        order.append(id)
        return one
    }

    private func isTaken(_ json: [String: JSONValue], but id: String?) -> Bool {
        let name = json["userName"]?.text?.lowercased()
        return users.contains { $0.key != id && $0.value.json["userName"]?.text?.lowercased() == name }
    }

    private func create(_ json: [String: JSONValue], _ isUser: Bool) -> OddServer.Answer {
        if let problem = problem(json, isUser, nil) { return problem }
        let one = make(json, isUser: isUser)
        return told(201, shown(one, nil), ways.hasVersions ? ["ETag: W/\"1\""] : [])
    }

    private func problem(_ json: [String: JSONValue], _ isUser: Bool, _ id: String?) -> OddServer.Answer? {
        if let unknown = json.keys.first(where: { $0.hasPrefix("noSuch") }) { return refused("invalidPath", "what is \(unknown)?") }
        if isUser, json["userName"]?.text?.contains("Nowhere") == true { return refused("invalidValue", "no such domain") }
        if isUser, isTaken(json, but: id) { return refused("uniqueness", "taken", 409) }
        return nil
    }

    private func one(_ id: String, _ isUser: Bool, _ request: OddServer.Request) -> OddServer.Answer {
        guard var one = isUser ? users[id] : groups[id] else { return told(404, .object(["detail": .string("nobody")])) }
        if request.method == "GET" {
            return told(200, shown(one, OddSCIM.query(String(request.path.split(separator: "?").dropFirst().first ?? ""))["attributes"]))
        }
        if let match = request.headers["if-match"], ways.hasVersions, match != "W/\"\(one.version)\"" { return told(412, nil) }
        switch request.method {
        case "DELETE":
            if isUser { users[id] = nil } else { groups[id] = nil }
            return told(204, nil)
        case "PUT":
            guard let json = object(request.body) else { return refused("invalidSyntax", "no object") }
            one.json = json.merging(["id": .string(id)]) { $1 }
        case "PATCH":
            guard ways.patches else { return told(501, nil) }
            for operation in object(request.body)?["Operations"]?.elements ?? [] {
                guard let path = operation.member("path")?.text, let op = operation.member("op")?.text else {
                    return refused("invalidPath", "none")
                }
                if path.contains("["), ways.refusesFiltersInPaths { return refused("invalidPath", "no filters here") }
                guard apply(op, path, operation.member("value") ?? .null, &one.json) else { return refused("noTarget", path) }
            }
        default: return told(405, nil)
        }
        if let problem = problem(one.json, isUser, id) { return problem }
        one.version += 1
        if isUser { users[id] = one } else { groups[id] = one }
        return told(204, nil, ways.hasVersions ? ["ETag: W/\"\(one.version)\""] : [])
    }

    /// RFC 7644, 3.5.2, of paths as `title`, `name.givenName`, `members[value eq "7"]` and `emails[type eq "work"].value`.
    private func apply(_ op: String, _ path: String, _ value: JSONValue, _ json: inout [String: JSONValue]) -> Bool {
        if path.hasPrefix("urn:"), let colon = path.lastIndex(of: ":") {
            let schema = String(path[..<colon])
            var own: [String: JSONValue] = [:]
            if case .object(let members)? = json[schema] { own = members }
            guard apply(op, String(path[path.index(after: colon)...]), value, &own) else { return false }
            json[schema] = .object(own)
            return true
        }
        if let found = path.firstMatch(of: /^(\w+)\[(\w+) eq (".*"|true|false)\](?:\.(\w+))?$/) {
            let name = String(found.1)
            guard let wanted = (try? JSONValue(parsing: Array(found.3.utf8)))?.text else { return false }
            var elements = json[name]?.elements ?? []
            let meant = elements.indices.filter { elements[$0].member(String(found.2))?.text == wanted }
            guard !meant.isEmpty else { return false }
            for index in meant.reversed() {
                guard let sub = found.4.map(String.init), case .object(var members) = elements[index] else {
                    elements.remove(at: index)
                    continue
                }
                members[sub] = op == "remove" ? nil : value
                elements[index] = .object(members)
            }
            json[name] = elements.isEmpty ? nil : .array(elements)
            return true
        }
        let names = path.split(separator: ".").map(String.init)
        if names.count == 2 {
            var own: [String: JSONValue] = [:]
            if case .object(let members)? = json[names[0]] { own = members }
            own[names[1]] = op == "remove" ? nil : value
            json[names[0]] = own.isEmpty ? nil : .object(own)
            return true
        }
        if op == "remove" {
            json[path] = nil
        } else if op == "add", let present = json[path], !present.elements.isEmpty {
            let new = value.elements.filter { one in !present.elements.contains { $0.member("value") == one.member("value") } }
            json[path] = .array(present.elements + new)
        } else {
            json[path] = value
        }
        return true
    }
}
