package import IdentityModel
internal import Planning

extension PlanPage {
    /// `7-12`: the number of its plan, and its own in it.
    package static func number(_ order: ProvisioningOrder, _ ordinal: Int?) -> String {
        "\(ordinal.map(String.init) ?? "?")-\(order.id.sequence)"
    }

    /// Values are texts; a reference to a user's account is `{"accountOf":"E0042"}`.
    package static func order(_ order: ProvisioningOrder, ordinal: Int?) -> JSON {
        .object([
            JSON.Member("order", .string(number(order, ordinal))),
            JSON.Member("operation", .string(order.operation.rawValue)),
            JSON.Member("system", .string(order.system.text)),
            JSON.Member("user", .string(order.userKey.text)),
            JSON.Member("userName", .string(order.userName)),
            JSON.Member("change", .string(order.change.rawValue)),
            JSON.Member("state", number(order.state.rawValue)),
            JSON.Member("stateLabel", .string(order.state.label)),
            JSON.Member("accountId", text(order.accountID?.text)),
            JSON.Member("nameBefore", text(order.nameBefore?.text)),
            JSON.Member("nameAfter", text(order.nameAfter?.text)),
            JSON.Member("adopts", .bool(order.adopts)),
            JSON.Member("requests", .array(order.requests.map(request))),
            JSON.Member("reasons", .strings(order.reasons)),
            JSON.Member("warnings", .strings(order.warnings)),
            JSON.Member("attempts", number(order.attempts)),
            JSON.Member("notBefore", text(order.notBefore?.description)),
            JSON.Member("failure", order.failure.map(failure) ?? .null),
        ])
    }

    private static func request(_ request: AttributeRequest) -> JSON {
        let (outcome, detail): (String, JSON) =
            switch request.outcome {
            case .open: ("open", .null)
            case .done: ("done", .null)
            case .deferred(let why): ("deferred", .string(why))
            case .failed(let reason): ("failed", failure(reason))
            }
        return .object([
            JSON.Member("kind", .string(request.kind.rawValue)), JSON.Member("name", .string(request.name)),
            JSON.Member("operation", .string(request.operation.rawValue)),
            JSON.Member("before", values(request.shownBefore, of: request.name)),
            JSON.Member("after", values(request.shownAfter, of: request.name)), JSON.Member("outcome", .string(outcome)),
            JSON.Member("detail", detail),
        ])
    }

    package static func values(_ values: [AccountValue], of attribute: String) -> JSON {
        .array(
            MaskedAttributes.shown(values, of: attribute).map { value in
                switch value {
                case .text, .digest: .string(value.text)
                case .reference(let user): .object([JSON.Member(user.isFormer ? "accountOfFormer" : "accountOf", .string(user.key.text))])
                }
            })
    }

    // MARK: Users

    package static func change(_ change: UserChange) -> JSON {
        .object([
            JSON.Member("user", .string(change.user.key.text)),
            JSON.Member("userName", .string(change.user.displayName)),
            JSON.Member("change", .string(change.change.rawValue)),
            JSON.Member("status", .string(change.user.status.rawValue)),
            JSON.Member("statusBefore", text(change.before?.status.rawValue)),
            JSON.Member("attributes", attributes(change.user.attributes)),
            JSON.Member("attributesBefore", change.before.map { attributes($0.attributes) } ?? .null),
            JSON.Member("roles", .array(change.assignments.map(assignment))),
            JSON.Member("rolesBefore", .array(change.assignmentsBefore.map(assignment))),
            JSON.Member("row", change.claim.map(claim) ?? .null),
            JSON.Member("due", text(change.due?.description)),
            JSON.Member("reasons", .strings(change.reasons)),
        ])
    }

    package static func attributes(_ attributes: [String: UserValue]) -> JSON {
        .object(attributes.sorted { $0.key < $1.key }.map { JSON.Member($0.key, value($0.value, of: $0.key)) })
    }

    private static func value(_ value: UserValue, of attribute: String) -> JSON {
        if MaskedAttributes.contains(attribute) { return .string(SensitiveAttributes.dots) }
        return switch value {
        case .string(let text): .string(text)
        case .int(let number): .int(number)
        case .bool(let flag): .bool(flag)
        case .date(let date): .string(date.description)
        case .list(let elements): .strings(elements)
        case .reference(let user): .string(user.key.text)
        }
    }

    package static func assignment(_ assignment: RoleAssignment) -> JSON {
        .object([JSON.Member("role", .string(assignment.role.text)), JSON.Member("origin", .string(assignment.origin.description))])
    }

    package static func claim(_ claim: SourceClaim) -> JSON {
        .object([
            JSON.Member("source", .string(claim.source.text)), JSON.Member("key", .string(claim.key.text)),
            JSON.Member("file", .string(claim.position.file)), JSON.Member("line", number(claim.position.line)),
            // Row hash 0: the row was there once and is gone.
            JSON.Member("gone", .bool(claim.rowHash == 0)),
        ])
    }

    package static func account(_ account: Account) -> JSON {
        .object([
            JSON.Member("system", .string(account.system.text)), JSON.Member("state", .string(account.state.rawValue)),
            JSON.Member("id", text(account.id?.text)), JSON.Member("name", text(account.name?.text)),
            JSON.Member(
                "attributes",
                .object(account.written.sorted { $0.key < $1.key }.map { JSON.Member($0.key, values($0.value, of: $0.key)) })),
            JSON.Member("memberships", .strings(account.memberships.sorted())),
            JSON.Member("deprovisionedAt", text(account.deprovisionedAt?.description)),
        ])
    }

    package static func quarantine(_ number: Int64, _ quarantine: Quarantine) -> JSON {
        .object([
            JSON.Member("number", .int(number)), JSON.Member("source", .string(quarantine.source.text)),
            JSON.Member("key", text(quarantine.key?.text)), JSON.Member("file", .string(quarantine.position.file)),
            JSON.Member("line", self.number(quarantine.position.line)), JSON.Member("column", self.number(quarantine.column)),
            JSON.Member("columnName", text(quarantine.columnName)), JSON.Member("reason", .string(quarantine.reason)),
        ])
    }
}
