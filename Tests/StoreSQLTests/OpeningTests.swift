import ChildProcesses
import Contracts
import Foundation
import IdentityModel
import Testing

@testable import StoreSQL

@Suite("Opening a SQLite store")
struct OpeningTests {
    private func refusal(_ path: String) async -> String? {
        do {
            let store = try await SQLStore.openSQLite(path: path)
            await store.close()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func aStoreThatIsOpenedAgainHoldsWhatItHeld() async throws {
        try await withFolder { folder in
            let path = folder + "/a/b/store.db"
            let first = try await SQLStore.openSQLite(path: path)
            let plan = try await first.begin(.due, configurationHash: "c", asOf: CivilDate(days: 1), at: Instant(milliseconds: 5))
            await first.close()
            let second = try await SQLStore.openSQLite(path: path)
            #expect(try await second.plan(of: .due, in: [.open]) == plan)
            await second.close()
        }
    }

    @Test func manyProcessesMayOpenANewStoreAtOnce() async throws {
        try await withFolder { folder in
            let stores = try await withThrowingTaskGroup(of: SQLStore.self) { group in
                for _ in 0..<6 { group.addTask { try await SQLStore.openSQLite(path: folder + "/store.db") } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for store in stores { #expect(try await store.plans(limit: 1) == []) }
            for store in stores { await store.close() }
        }
    }

    @Test func aStoreOfANewerVersionIsRefused() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            try await store.write { try $0.execute("INSERT INTO birthright_migrations (version) VALUES ($1)", [.int(99)]) }
            await store.close()
            let message =
                "\(path) was written by a newer version of birthright (its tables are version 99, this one knows \(Migrations.steps.count)); use that version"
            #expect(await refusal(path) == "the store cannot be opened: \(message)")
        }
    }

    private func readingRefusal(_ path: String) async -> String? {
        do {
            await (try SQLStore.readSQLite(path: path)).close()
            return nil
        } catch {
            return error.description
        }
    }

    @Test func aStoreThatIsOnlyReadStaysAsItIsByteForByte() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            let plan = try await store.begin(.due, configurationHash: "c", asOf: CivilDate(days: 1), at: Instant(milliseconds: 5))
            await store.close()
            let bytes = ["", "-wal"].map { FileManager.default.contents(atPath: path + $0) ?? Data() }
            let reader = try await SQLStore.readSQLite(path: path)
            #expect(try await reader.plan(of: .due, in: [.open]) == plan)
            await #expect(throws: StoreError.self) {
                _ = try await reader.begin(.due, configurationHash: "d", asOf: CivilDate(days: 2), at: Instant(milliseconds: 6))
            }
            #expect(try await reader.plans(limit: 9) == [plan])
            await reader.close()
            #expect(["", "-wal"].map { FileManager.default.contents(atPath: path + $0) ?? Data() } == bytes)
        }
    }

    @Test func aStoreThatIsOnlyReadIsNotMade() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            #expect(
                await readingRefusal(path) == "the store cannot be opened: there is no store at \(path) yet; the first `plan` makes it")
            #expect(!FileManager.default.fileExists(atPath: folder))
        }
    }

    @Test func aStoreOfAnotherVersionIsNotRead() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            try await store.write { try $0.execute("DELETE FROM birthright_migrations", []) }
            await store.close()
            let message =
                "\(path) was written by an older version of birthright (its tables are version 0, this one knows \(Migrations.steps.count)) and is only read here; "
                + "a command that writes, such as `plan`, brings it up to date"
            #expect(await readingRefusal(path) == "the store cannot be opened: \(message)")
        }
    }

    @Test func aDirectoryIsNoStore() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            #expect(await refusal(folder) == "the store cannot be opened: \(folder) is a directory; 'store' must name a file")
        }
    }

    @Test func aFileOfAnotherKindIsNoStore() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/hr.csv"
            try String(repeating: "EMPLOYEE_ID,LAST_NAME\n", count: 200).write(toFile: path, atomically: true, encoding: .utf8)
            let message = try #require(await refusal(path))
            #expect(message.hasPrefix("the store cannot be opened: \(path) is not a Birthright store (SQLite: "))
            #expect(try String(contentsOfFile: path, encoding: .utf8).hasPrefix("EMPLOYEE_ID"))
        }
    }

    @Test func aFolderThatCannotBeMadeIsSaid() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try "x".write(toFile: folder + "/file", atomically: true, encoding: .utf8)
            let message = try #require(await refusal(folder + "/file/store.db"))
            #expect(message.hasPrefix("the store cannot be opened: the folder \(folder)/file cannot be made: "))
        }
    }

    @Test func aStoreThatMayNotBeReadIsSaid() async throws {
        // Root may read everything.
        guard getuid() != 0 else { return }
        try await withFolder { folder in
            let path = folder + "/store.db"
            await (try SQLStore.openSQLite(path: path)).close()
            try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
            #expect(await refusal(path) == "the store cannot be opened: no permission to read and write \(path)")
        }
    }

    @Test func aFullDiskIsSaidAndNothingOfTheStepIsKept() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            try await store.write { session in
                let pages = try session.queryOne("PRAGMA page_count") { $0.int(0) } ?? 0
                try session.execute("PRAGMA max_page_count = \(pages + 20)")
            }
            var chunk = PlanChunk()
            chunk.quarantines = (1...5_000).map {
                Quarantine(
                    source: SourceName("hr"), key: UserKey("E\($0)"), position: SourcePosition(file: "f", line: $0), column: 1,
                    columnName: nil,
                    reason: String(repeating: "x", count: 100))
            }
            let plan = try await store.begin(.due, configurationHash: "c", asOf: CivilDate(days: 1), at: Instant(milliseconds: 5))
            await #expect(throws: StoreError.unreachable("the disk of \(path) is full; nothing of the last step was saved")) {
                _ = try await store.save(chunk, to: plan.id)
            }
            #expect(try await store.quarantines(plan: plan.id).isEmpty)
            await store.close()
        }
    }

    @Test func aLockDiesWithTheProcessThatHeldIt() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            let lock = try await store.lock(.due)
            let file = try #require(
                try FileManager.default.contentsOfDirectory(atPath: folder).first { $0.hasPrefix("store.db.lock-due-") })
            lock.release()
            let holder = try ChildProcess("/usr/bin/flock", ["--no-fork", folder + "/" + file, "sleep", "60"])
            #expect(try await becomes(store, .due, free: false))
            kill(holder.pid, SIGKILL)
            holder.wait()
            #expect(try await becomes(store, .due, free: true))
            await store.close()
        }
    }

    private func becomes(_ store: SQLStore, _ origin: Origin, free expected: Bool) async throws -> Bool {
        for _ in 0..<1_000 {
            var isFree = true
            do {
                (try await store.lock(origin)).release()
            } catch StoreError.busy {
                isFree = false
            }
            if isFree == expected { return true }
            try await Task.sleep(for: .milliseconds(10))
        }
        return false
    }
}
