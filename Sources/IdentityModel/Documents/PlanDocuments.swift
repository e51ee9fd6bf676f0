extension Quarantine: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("column", column)
            writer.member("columnName", ifPresent: columnName)
            writer.member("file", position.file)
            writer.member("key", ifPresent: key?.text)
            writer.member("line", position.line)
            writer.member("reason", reason)
            writer.member("source", source.text)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var texts: [String: String] = [:]
        var numbers: [String: Int] = [:]
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "column", "line": numbers[name] = Int(try reader.int())
            default: texts[name] = try reader.string()
            }
        }
        let position = SourcePosition(file: try texts["file"].required("file"), line: try numbers["line"].required("line"))
        self.init(
            source: SourceName(try texts["source"].required("source")), key: texts["key"].map { UserKey($0) }, position: position,
            column: try numbers["column"].required("column"), columnName: texts["columnName"],
            reason: try texts["reason"].required("reason"))
    }
}

extension SourceProfile: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("columns", ifAny: columns)
            writer.member("configurationHash", configurationHash)
            writer.member("contentDigest", contentDigest)
            writer.name("emptyCounts")
            writer.array(emptyCounts) { $0.int(Int64($1)) }
            writer.member("file", file)
            writer.member("isComplete", isComplete ? 1 : 0)
            writer.member("rowCount", rowCount)
            writer.member("upTo", ifPresent: upTo)
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var texts: [String: String] = [:]
        var columns: [String] = []
        var emptyCounts: [Int] = []
        var rowCount: Int?
        var isComplete = false
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "columns": columns = try reader.strings()
            case "emptyCounts": emptyCounts = try reader.array { reader throws(DocumentError) in Int(try reader.int()) }
            case "rowCount": rowCount = Int(try reader.int())
            case "isComplete": isComplete = try reader.int() != 0
            default: texts[name] = try reader.string()
            }
        }
        self.init(
            file: try texts["file"].required("file"), contentDigest: try texts["contentDigest"].required("contentDigest"),
            configurationHash: try texts["configurationHash"].required("configurationHash"), rowCount: try rowCount.required("rowCount"),
            columns: columns, emptyCounts: emptyCounts, isComplete: isComplete, upTo: texts["upTo"])
    }
}

extension GuardVerdict: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            writer.member("count", count)
            if case .effect(let effect, _) = subject { writer.member("effect", effect.rawValue) }
            writer.member("enabledAccounts", base)
            writer.member("limit", limit)
            switch subject {
            case .effect(_, let system): writer.member("system", system.text)
            case .quarantinedRows: writer.member("what", "quarantinedRows")
            case .failedEvaluations: writer.member("what", "failedEvaluations")
            case .abandoned: writer.member("what", "abandoned")
            }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        var system: SystemName?
        var effect: Effect?
        var what: String?
        var numbers: [String: Int] = [:]
        var limit: String?
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "count", "enabledAccounts": numbers[name] = Int(try reader.int())
            case "effect": effect = try reader.raw(Effect.self)
            case "limit": limit = try reader.string()
            case "system": system = try reader.identifier(SystemName.self)
            case "what": what = try reader.string()
            default: try reader.skip()
            }
        }
        let subject: Subject
        switch what {
        case "quarantinedRows": subject = .quarantinedRows
        case "failedEvaluations": subject = .failedEvaluations
        case "abandoned": subject = .abandoned
        case nil: subject = .effect(try effect.required("effect"), try system.required("system"))
        case let other?: throw DocumentError("'\(other)' is nothing that guards count")
        }
        self.init(
            subject, count: try numbers["count"].required("count"), base: try numbers["enabledAccounts"].required("enabledAccounts"),
            limit: try limit.required("limit"))
    }
}

extension PlanTotals: CanonicalDocument {
    public func write(to writer: inout DocumentWriter) {
        writer.object { writer in
            if !changes.isEmpty {
                writer.name("changes")
                write(changes, to: &writer)
            }
            if !effects.isEmpty {
                writer.name("effects")
                writer.object { writer in
                    for (system, counts) in effects.sorted(by: { $0.key < $1.key }) {
                        writer.name(system.text)
                        write(counts, to: &writer)
                    }
                }
            }
            writer.member("evaluationsFailed", evaluationsFailed)
            if kept > 0 { writer.member("kept", kept) }
            writer.member("orders", orders)
            writer.member("rowsQuarantined", rowsQuarantined)
            writer.member("rowsRead", rowsRead)
            writer.member("rowsUnchanged", rowsUnchanged)
        }
    }

    private func write<Kind: RawRepresentable<String>>(_ counts: [Kind: Int], to writer: inout DocumentWriter) {
        writer.object { writer in
            for (kind, count) in counts.sorted(by: { $0.key.rawValue < $1.key.rawValue }) { writer.member(kind.rawValue, count) }
        }
    }

    public init(reading reader: inout DocumentReader) throws(DocumentError) {
        self.init()
        var totals = PlanTotals()
        try reader.object { reader, name throws(DocumentError) in
            switch name {
            case "changes": totals.changes = try PlanTotals.counts(from: &reader)
            case "effects":
                try reader.object { reader, system throws(DocumentError) in
                    totals.effects[SystemName(system)] = try PlanTotals.counts(from: &reader)
                }
            case "evaluationsFailed": totals.evaluationsFailed = Int(try reader.int())
            case "kept": totals.kept = Int(try reader.int())
            case "orders": totals.orders = Int(try reader.int())
            case "rowsQuarantined": totals.rowsQuarantined = Int(try reader.int())
            case "rowsRead": totals.rowsRead = Int(try reader.int())
            case "rowsUnchanged": totals.rowsUnchanged = Int(try reader.int())
            default: try reader.skip()
            }
        }
        self = totals
    }

    private static func counts<Kind: RawRepresentable<String> & Hashable>(
        from reader: inout DocumentReader
    ) throws(DocumentError) -> [Kind: Int] {
        var counts: [Kind: Int] = [:]
        try reader.object { reader, name throws(DocumentError) in
            guard let kind = Kind(rawValue: name) else { throw DocumentError("'\(name)' is nothing to count") }
            counts[kind] = Int(try reader.int())
        }
        return counts
    }
}
