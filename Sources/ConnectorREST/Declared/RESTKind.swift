package import Contracts
internal import IdentityModel

extension RESTConnector {
    /// `type: rest`.
    package static let kind = ConnectorKind(
        ConnectorShape(type: "rest", keys: RESTKeys.all, problems: RESTKeys.problems, traits: RESTKeys.traits),
        rehearse: requests
    ) { setup throws(ConnectorFailure) in try RESTConnector(WebSettings(setup), RESTDescription(setup)) }
}

/// The keys of `connector: { type: rest }`, and what has to be so of them together.
enum RESTKeys {
    typealias Key = ConnectorShape.Key

    static let all: [Key] =
        WebSettings.keys(example: "https://people.example.com/api/v1") + [
            Key(
                "account",
                .section([
                    Key("id", .text, "Where the id of an account is in what the service shows; it never changes: id"),
                    Key("name", .text, "Where its name is; the attribute that 'accountName' names, where this is not written: login.name"),
                    Key("groups", .text, "Where its groups are, by name or id, where the service shows them with it: roles"),
                    Key("readOnly", .texts, "What the service shows of an account and does not take back: [createdAt, links]"),
                ]), "What an account of this service looks like. Places are names with dots between them."),
            Key(
                "group",
                .section([
                    Key("id", .text, "Where the id of a group is: id"),
                    Key("name", .text, "Where its name is: name"),
                ]), "What a group looks like, where groups have ids."),
            Key("errorText", .text, "Where the service's own words are in an answer that refuses: error.message"),
            Key("answers", .section(answers), "What answers mean, where they do not mean what HTTP says."),
            Key(
                "requests", .section(RESTRequest.Kind.allCases.map(request)),
                "How the service is asked for what. What is not described is not done, and 'birthright check' says where that is needed.",
                isRequired: true),
        ]

    private static let answers: [Key] = RESTClient.Meaning.allCases.map { meaning in
        let about =
            switch meaning {
            case .success: "It was done; else 200 to 299: status == 200 && body.ok"
            case .gone: "There is nobody of this id; else 404: status in [404, 410]"
            case .conflict: "Something else has the name, or is in the way; else 409: body.?code == optional.of('DUPLICATE')"
            case .transient: "Not now, later: else 408, 412, 425 and 429: status == 423"
            case .permanent: "Never: else what is left of 400 to 499."
            }
        return Key(meaning.rawValue, .expression(RESTRequest.ofAnswers, gives: .flag), about)
    }

    private static func request(_ kind: RESTRequest.Kind) -> Key {
        var keys = RESTRequest.methods.map { method in
            Key(method.lowercased(), .template(kind.variables), "The path behind the url, with expressions in braces: /people/{id}")
        }
        keys.append(Key("body", .expression(kind.variables, gives: .anything), "What is sent as JSON: changes"))
        keys.append(Key("headers", .dictionary, "Headers that go with it."))
        keys.append(Key("answers", .section(answers), "What its answers mean, where they mean something else than those of others."))
        if kind.isList {
            keys.append(Key("items", .text, "Where the list is in the answer; the answer itself where this is not written: data"))
            keys.append(Key("next", .text, "Where the answer says how the next page is asked for: a link, or what 'cursor' is then."))
        } else {
            keys.append(Key("item", .text, "Where the account is in the answer; the answer itself where this is not written: data"))
        }
        return Key(kind.rawValue, .section(keys), kind.about)
    }

    // MARK: What has to be so

    static func traits(_ values: [String: String]) -> SystemTraits {
        var traits = SystemTraits(names: .flat, membershipAttribute: "groups", switchesOffByItself: has(.disable, values))
        traits.abilities = [:]
        if has(.rename, values) { traits.abilities[.rename] = .some("requests.rename") }
        if has(.delete, values) { traits.abilities[.delete] = .some("requests.delete") }
        if has(.addMembership, values) { traits.abilities[.memberships] = .some("requests.addMembership") }
        return traits
    }

    private static func has(_ kind: RESTRequest.Kind, _ values: [String: String]) -> Bool { values["requests.\(kind.rawValue)"] != nil }

    static func problems(_ values: [String: String]) -> [ConnectorShape.Problem] {
        guard values["requests"] != nil else { return [] }
        var problems: [ConnectorShape.Problem] = []
        func needs(_ kind: RESTRequest.Kind, _ why: String, _ isNeeded: Bool = true) {
            if isNeeded, !has(kind, values) {
                problems.append(ConnectorShape.Problem("requests", "the request '\(kind.rawValue)' is missing: \(why)"))
            }
        }
        needs(.find, "nothing is written to an account that is not read before")
        needs(.create, "accounts are made by it")
        needs(.modify, "accounts are changed by it")
        needs(.search, "accounts are found by it; 'enumerate' does, for a small service", !has(.enumerate, values))
        needs(.enable, "who is switched off by 'disable' has to be switched on again", has(.disable, values))
        needs(.disable, "who is switched on by 'enable' has to be switched off again", has(.enable, values))
        needs(.removeMembership, "who is put into a group by 'addMembership' has to leave it", has(.addMembership, values))
        needs(.addMembership, "who leaves a group by 'removeMembership' was put into it", has(.removeMembership, values))
        needs(
            .memberships, "whether somebody is in a group has to be seen, by this or by 'groups' under 'account'",
            has(.addMembership, values) && values["account.groups"] == nil)
        for kind in RESTRequest.Kind.allCases where has(kind, values) { problems += RESTKeys.problems(of: kind, values) }
        return problems
    }

    private static func problems(of kind: RESTRequest.Kind, _ values: [String: String]) -> [ConnectorShape.Problem] {
        let prefix = "requests.\(kind.rawValue)"
        let methods = RESTRequest.methods.map { $0.lowercased() }.filter { values["\(prefix).\($0)"] != nil }
        guard methods.count == 1, let path = values["\(prefix).\(methods[0])"] else {
            let known = RESTRequest.methods.map { $0.lowercased() }.joined(separator: ", ")
            return [ConnectorShape.Problem(prefix, "'\(kind.rawValue)' needs one path, under one of the methods: \(known)")]
        }
        var problems: [ConnectorShape.Problem] = []
        if !path.isEmpty, !path.hasPrefix("/"), !path.hasPrefix("?") {
            problems.append(.init("\(prefix).\(methods[0])", "the path stands behind the url, so it begins with '/' or '?'"))
        }
        if methods[0] == "get", values["\(prefix).body"] != nil {
            problems.append(.init("\(prefix).body", "a GET has no body"))
        }
        if kind.isRead, methods[0] != "get", methods[0] != "post" {
            problems.append(.init("\(prefix).\(methods[0])", "'\(kind.rawValue)' only reads; it is a get, or a post where a search is one"))
        }
        return problems
    }
}
