extension Quarantine: MemberwiseDocument {
    public static var blank: Quarantine {
        Quarantine(
            source: SourceName(""), key: nil, position: SourcePosition(file: "", line: 0), column: 0, columnName: nil, reason: "")
    }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("column", &column)
        try members.member("columnName", &columnName)
        try members.member("file", &position.file)
        try members.member("key", &key)
        try members.member("line", &position.line)
        try members.member("reason", &reason)
        try members.member("source", &source)
    }
}

extension SourceProfile: MemberwiseDocument {
    public static var blank: SourceProfile {
        SourceProfile(file: "", contentDigest: "", configurationHash: "", rowCount: 0, columns: [], emptyCounts: [])
    }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("columns", &columns, blank: [])
        try members.member("configurationHash", &configurationHash)
        try members.member("contentDigest", &contentDigest)
        try members.member("emptyCounts", &emptyCounts, older: [])
        try members.member("file", &file)
        var complete = isComplete ? 1 : 0
        try members.member("isComplete", &complete, older: 0)
        isComplete = complete != 0
        try members.member("knowsFiles", &knowsFiles, blank: false)
        try members.member("rowCount", &rowCount)
        try members.member("signature", &signature, blank: "")
        try members.member("upTo", &upTo)
    }
}

/// An effect has a system; everything else that guards count has a word of its own.
extension GuardVerdict: CanonicalDocument {
    private enum Word: String, DocumentValue { case quarantinedRows, failedEvaluations, abandoned }

    private struct Members: MemberwiseDocument {
        var count = 0
        var effect: Effect?
        var base = 0
        var limit = ""
        var system: SystemName?
        var what: Word?

        static var blank: Members { Members() }

        mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
            try members.member("count", &count)
            try members.member("effect", &effect)
            try members.member("enabledAccounts", &base)
            try members.member("limit", &limit)
            try members.member("system", &system)
            try members.member("what", &what)
        }
    }

    public func write(to writer: inout DocumentWriter) {
        var members = Members(count: count, base: base, limit: limit)
        switch subject {
        case .effect(let effect, let system): (members.effect, members.system) = (effect, system)
        case .quarantinedRows: members.what = .quarantinedRows
        case .failedEvaluations: members.what = .failedEvaluations
        case .abandoned: members.what = .abandoned
        }
        members.write(to: &writer)
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        let members = try Members(reading: &reader)
        let subject: Subject =
            switch members.what {
            case .quarantinedRows: .quarantinedRows
            case .failedEvaluations: .failedEvaluations
            case .abandoned: .abandoned
            case nil: .effect(try members.effect.required("effect"), try members.system.required("system"))
            }
        self.init(subject, count: members.count, base: members.base, limit: members.limit)
    }
}

extension PlanTotals: MemberwiseDocument {
    public static var blank: PlanTotals { PlanTotals() }

    public mutating func visit<Visitor: MemberVisitor & ~Copyable>(_ members: inout Visitor) throws(Visitor.Failure) {
        try members.member("changes", &changes, blank: [:])
        try members.member("effects", &effects, blank: [:])
        try members.member("evaluationsFailed", &evaluationsFailed, older: 0)
        try members.member("kept", &kept, blank: 0)
        try members.member("orders", &orders, older: 0)
        try members.member("rowsQuarantined", &rowsQuarantined, older: 0)
        try members.member("rowsRead", &rowsRead, older: 0)
        try members.member("rowsUnchanged", &rowsUnchanged, older: 0)
    }
}
