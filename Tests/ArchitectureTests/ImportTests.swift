import Testing

/// ARCHITECTURE.md says who may import whom; the sources have to agree.
@Suite struct ImportTests {
    private let table: ImportTable
    private let sources: SourceTree

    init() throws {
        table = ImportTable(markdown: try SourceTree.document("ARCHITECTURE.md"))
        sources = try SourceTree.sources()
    }

    @Test func `every import is an arrow of the table`() {
        for file in sources.files {
            guard let row = table.row(file.module) else { continue }
            for imported in file.imports {
                let isAllowed = (row.ours + row.others).contains { $0.module == imported.module && $0.covers(file.pathInModule) }
                #expect(
                    isAllowed,
                    "Sources/\(file.path):\(imported.line): \(file.module) may not import \(imported.module) here (ARCHITECTURE.md)")
            }
        }
    }

    @Test func `every module has a row, and every row a module`() {
        let modules = Set(sources.files.map(\.module))
        let rows = table.rows.map(\.module)
        #expect(!rows.isEmpty, "ARCHITECTURE.md has no table '| module | ours | others |'")
        #expect(rows.count == Set(rows).count, "a module stands in two rows")
        #expect(modules.subtracting(rows) == [], "modules without a row")
        #expect(Set(rows).subtracting(modules) == [], "rows without a module")
    }

    @Test func `every arrow of the table is used`() {
        for row in table.rows {
            for permission in row.ours + row.others {
                let isUsed = sources.files.contains { file in
                    file.module == row.module && permission.covers(file.pathInModule)
                        && file.imports.contains { $0.module == permission.module }
                }
                #expect(isUsed, "\(row.module) does not import \(permission.module) any more: take it out of the table")
            }
        }
    }

    @Test func `our modules stand under ours, and nobody else's do`() {
        let modules = Set(sources.files.map(\.module))
        for row in table.rows {
            #expect(row.ours.allSatisfy { modules.contains($0.module) }, "\(row.module): \(row.ours)")
            #expect(row.others.allSatisfy { !modules.contains($0.module) }, "\(row.module): \(row.others)")
        }
    }

    @Test func `nothing but one file knows an adapter`() {
        let adapters = sources.files.map(\.module).filter { module in
            ["Source", "Store", "Connector", "Sink"].contains { module.hasPrefix($0) }
        }
        for file in sources.files where file.path != "birthright/Adapters.swift" {
            for imported in file.imports where adapters.contains(imported.module) {
                Issue.record("Sources/\(file.path):\(imported.line): only birthright/Adapters.swift names an adapter (\(imported.module))")
            }
        }
    }
}
