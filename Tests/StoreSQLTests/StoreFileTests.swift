import Contracts
import Foundation
import IdentityModel
import Testing

@testable import StoreSQL

@Suite("The files of a store: who may read them, and what a copy holds")
struct StoreFileTests {
    private func mode(_ path: String) -> Int? {
        (try? FileManager.default.attributesOfItem(atPath: path))?[.posixPermissions] as? Int
    }

    private func refusal(_ path: String) async -> String? {
        do {
            await (try SQLStore.openSQLite(path: path)).close()
            return nil
        } catch {
            return error.description
        }
    }

    private func begin(_ store: SQLStore) async throws -> Plan {
        try await store.begin(.due, configurationHash: "c", asOf: CivilDate(days: 1), at: Instant(milliseconds: 5))
    }

    @Test func aNewStoreAndEverythingBesideItIsForItsOwnerOnly() async throws {
        try await withFolder { folder in
            let path = folder + "/kept/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            _ = try await begin(store)
            let lock = try await store.lock(.due)
            let files = try FileManager.default.contentsOfDirectory(atPath: folder + "/kept")
            #expect(files.count >= 4, "\(files)")
            for file in files { #expect(mode(folder + "/kept/" + file) == 0o600, "\(file)") }
            #expect(mode(folder + "/kept") == 0o700)
            lock.release()
            await store.close()
        }
    }

    @Test func aStoreThatEverybodyCouldReadIsClosedToOthersWhenItIsOpened() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let first = try await SQLStore.openSQLite(path: path)
            (try await first.lock(.due)).release()
            await first.close()
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) { chmod(folder + "/" + file, 0o644) }
            let second = try await SQLStore.openSQLite(path: path)
            (try await second.lock(.due)).release()
            for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
                #expect(mode(folder + "/" + file) == 0o600, "\(file)")
            }
            await second.close()
        }
    }

    @Test func aFileThatIsNoStoreKeepsItsRights() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = folder + "/hr.csv"
            try String(repeating: "EMPLOYEE_ID,LAST_NAME\n", count: 200).write(toFile: path, atomically: true, encoding: .utf8)
            chmod(path, 0o644)
            #expect(await refusal(path) != nil)
            #expect(mode(path) == 0o644)
        }
    }

    @Test func aCopyOfTheFileAloneHoldsEverything() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            let plan = try await begin(store)
            // A reader has looked at it as well: its connection is the last to close.
            #expect(try await store.plan(of: .due, in: [.open]) == plan)
            await store.close()
            try FileManager.default.copyItem(atPath: path, toPath: folder + "/copy.db")
            let copy = try await SQLStore.openSQLite(path: folder + "/copy.db")
            #expect(try await copy.plan(of: .due, in: [.open]) == plan)
            await copy.close()
        }
    }

    @Test func aCopyWithoutItsWALIsNoEmptyStore() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            // The process has not ended: everything is in the WAL still.
            try FileManager.default.copyItem(atPath: path, toPath: folder + "/copy.db")
            let expected =
                "the store cannot be opened: \(folder)/copy.db holds no tables: it was probably copied without its -wal file, or only in part. "
                + "Restore it from a copy that was made when no command was running, or take the file away to begin with an empty store"
            #expect(await refusal(folder + "/copy.db") == expected)
            #expect(await refusal(folder + "/copy.db") == expected, "and it does not become one by being refused")
            await #expect(throws: StoreError.self) { try await SQLStore.readSQLite(path: folder + "/copy.db") }
            await store.close()
        }
    }

    @Test func anEmptyFileBesideAWALIsNoEmptyStore() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            let store = try await SQLStore.openSQLite(path: path)
            try FileManager.default.copyItem(atPath: path + "-wal", toPath: folder + "/copy.db-wal")
            await store.close()
            _ = FileManager.default.createFile(atPath: folder + "/copy.db", contents: nil)
            let message = try #require(await refusal(folder + "/copy.db"))
            #expect(message.contains("holds no tables, and the \(folder)/copy.db-wal beside it does not fit"))
            try FileManager.default.removeItem(atPath: folder + "/copy.db")
            #expect(await refusal(folder + "/copy.db") == message, "a WAL without its file neither")
        }
    }

    @Test func anEmptyFileAloneIsAStoreToBeMade() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: folder + "/store.db", contents: nil)
            #expect(await refusal(folder + "/store.db") == nil)
        }
    }

    @Test func aStoreThatWasBeingMadeWhenTheProcessDiedIsMadeAnew() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let opening = try await OpeningLock.wait(besides: path)
            #expect(try SQLiteFile.prepare(path, wasMaking: opening.wasMaking))
            opening.beginMaking()
            // Killed when the file is there and its tables are not.
            await (try SQLiteEngine(SQLiteStoreOptions(path: path), isNew: true)).close()
            opening.release()
            #expect(await refusal(path) == nil)
            #expect(await refusal(path) == nil)
        }
    }

    @Test func whoeverComesSecondWaitsUntilTheTablesAreThere() async throws {
        try await withFolder { folder in
            let path = folder + "/store.db"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let opening = try await OpeningLock.wait(besides: path)
            let second = Task { await refusal(path) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(!FileManager.default.fileExists(atPath: path), "it does not make them beside the first one")
            opening.release()
            #expect(await second.value == nil)
        }
    }
}
