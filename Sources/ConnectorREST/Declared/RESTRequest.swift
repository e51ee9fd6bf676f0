internal import CEL
internal import HTTPTransport
internal import IdentityModel

/// One request as a policy map describes it.
struct RESTRequest: Sendable {
    enum Kind: String, CaseIterable, Sendable {
        case find, search, enumerate, create, modify, rename, enable, disable, delete, memberships, addMembership, removeMembership
        case group, searchGroup, probe
    }

    static let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    let kind: Kind
    let method: HTTPRequest.Method
    let path: RESTTemplate
    let body: Program?
    let headers: [(name: String, value: String)]
    /// Where the account, or the list, is in the answer.
    let place: JSONPlace
    let next: JSONPlace?
    let meanings: [(meaning: RESTClient.Meaning, program: Program)]

    /// Nil: the policy map does not describe it.
    init?(_ kind: Kind, _ values: [String: String]) throws(ConnectorFailure) {
        let prefix = "requests.\(kind.rawValue)"
        let described = RESTRequest.methods.compactMap { word in
            values["\(prefix).\(word.lowercased())"].flatMap { path in HTTPRequest.Method(rawValue: word).map { ($0, path) } }
        }
        guard let (method, path) = described.first else { return nil }
        let environment = RESTRequest.environment(kind.variables)
        self.kind = kind
        self.method = method
        self.path = try RESTTemplate(path, environment)
        body = try values["\(prefix).body"].map { text throws(ConnectorFailure) in try RESTRequest.compiled(text, environment) }
        headers = values.filter { $0.key.hasPrefix("\(prefix).headers.") }.sorted { $0.key < $1.key }
            .map { (String($0.key.dropFirst("\(prefix).headers.".count)), $0.value) }
        place = JSONPlace(values["\(prefix).\(kind.isList ? "items" : "item")"] ?? "")
        next = values["\(prefix).next"].map(JSONPlace.init)
        var meanings: [(RESTClient.Meaning, Program)] = []
        let ofAnswers = RESTRequest.environment(RESTRequest.ofAnswers)
        // What is said of this request comes before what is said of all.
        for place in ["\(prefix).answers", "answers"] {
            for meaning in RESTClient.Meaning.allCases {
                guard let text = values["\(place).\(meaning.rawValue)"] else { continue }
                meanings.append((meaning, try RESTRequest.compiled(text, ofAnswers)))
            }
        }
        self.meanings = meanings
    }

    var isPaged: Bool { next != nil || path.names.contains("page") || path.names.contains("offset") }

    static func environment(_ variables: [AdapterShape.Variable]) -> Environment {
        // Types were checked when the policy map was read; here everything is what it is.
        Environment(variables: variables.map { (name: $0.name, type: .dyn) })
    }

    static func compiled(_ text: String, _ environment: Environment) throws(ConnectorFailure) -> Program {
        switch environment.compile(text) {
        case .program(let program): return program
        case .failure(let diagnostics):
            throw ConnectorFailure(.unavailable, "'\(text)': \(diagnostics.first?.message ?? "no expression")")
        }
    }

    // MARK: Answers

    static let ofAnswers = [AdapterShape.Variable("status", .number), AdapterShape.Variable("body", .anything)]

    /// Nil: what it usually means. A condition that cannot be answered is not met. Whatever is no success by a rule of its own is none at all.
    func meaning(_ status: Int, _ body: JSONValue?) -> RESTClient.Meaning? {
        let values: [String: Value] = ["status": .int(Int64(status)), "body": body?.celValue ?? .null]
        for (meaning, program) in meanings {
            if case .bool(true)? = try? program.evaluate(values) { return meaning }
        }
        guard (200...299).contains(status) else { return nil }
        // Where success has a rule of its own, an answer that is none refuses, whatever its status is: 200 {"ok": false}.
        return meanings.contains { $0.meaning == .success } ? .permanent : .success
    }
}

extension RESTRequest.Kind {
    var isList: Bool { [.search, .enumerate, .memberships, .searchGroup, .probe].contains(self) }
    var isRead: Bool { isList || self == .find || self == .group }

    var variables: [AdapterShape.Variable] {
        typealias Variable = AdapterShape.Variable
        let today = Variable("today", .text)
        let pages = [Variable("page", .number), Variable("offset", .number), Variable("cursor", .text)]
        let account = [Variable("id", .text), Variable("name", .text), Variable("record", .anything), today]
        return switch self {
        case .find: [Variable("id", .text)]
        case .search: [Variable("attribute", .text), Variable("value", .text)] + pages
        case .enumerate: pages
        case .create: [Variable("name", .text), Variable("changes", .attributes), Variable("record", .anything), today]
        case .modify: account + [Variable("changes", .attributes)]
        case .rename: account + [Variable("newName", .text)]
        case .enable, .disable, .delete: account
        case .memberships: [Variable("id", .text)] + pages
        case .addMembership, .removeMembership: [Variable("id", .text), Variable("group", .text), today]
        case .group: [Variable("group", .text)]
        case .searchGroup: [Variable("group", .text)] + pages
        case .probe: []
        }
    }

    var about: String {
        switch self {
        case .find: "Reads the account of an id."
        case .search: "Finds accounts by the value of an attribute; what the service tells besides is left out. By 'attribute' and 'value'."
        case .enumerate: "Reads all accounts, in pages by 'page' (from 1), 'offset' (from 0) or 'cursor'."
        case .create: "Makes an account of 'changes', which are all its attributes with the name."
        case .modify: "Changes an account: 'changes' is what changes (null takes a value away), 'record' the whole account as it is to be."
        case .rename: "Gives an account the name 'newName'."
        case .enable: "Switches an account on that was switched off by 'disable'."
        case .disable: "Switches an account off: by a state, or by an end such as 'today'."
        case .delete: "Takes an account away for good."
        case .memberships: "Reads the groups that an account is in."
        case .addMembership: "Puts the account 'id' into the group 'group'."
        case .removeMembership: "Takes the account 'id' out of the group 'group'."
        case .group: "Reads the group of an id, where groups have ids: 'group'."
        case .searchGroup: "Finds groups by name, where groups have ids: 'group'."
        case .probe: "What 'birthright systems test' asks for; the search for nobody where this is not written."
        }
    }
}

/// A path with expressions in it.
struct RESTTemplate: Sendable {
    private enum Piece: Sendable {
        case text(String)
        case value(Program)
    }

    private let pieces: [Piece]
    /// What its expressions read.
    let names: Set<String>

    init(_ text: String, _ environment: Environment) throws(ConnectorFailure) {
        let template: TextTemplate
        do throws(TextTemplate.Malformed) {
            template = try TextTemplate(text)
        } catch {
            throw ConnectorFailure(.unavailable, "'\(text)': \(error.message)")
        }
        var pieces: [Piece] = []
        var names: Set<String> = []
        for piece in template.pieces {
            switch piece {
            case .text(let text): pieces.append(.text(text))
            case .expression(let text, _):
                let program = try RESTRequest.compiled(text, environment)
                names.formUnion(program.references.map(\.variable))
                pieces.append(.value(program))
            }
        }
        self.pieces = pieces
        self.names = names
    }

    func shown(_ values: [String: Value]) throws(ConnectorFailure) -> String {
        do throws(CELError) { return try filled(values) } catch { throw ConnectorFailure(.permanent, error.message) }
    }

    /// Values are escaped, so that none of them is taken for a part of the path.
    func filled(_ values: [String: Value]) throws(CELError) -> String {
        var path = ""
        for piece in pieces {
            switch piece {
            case .text(let text): path += text
            case .value(let program):
                guard let text = JSONValue(try program.evaluate(values))?.text else {
                    throw CELError(.invalidArgument, "'\(program.source)' in a path gives no single value")
                }
                path += text.queryEscaped
            }
        }
        return path
    }
}
