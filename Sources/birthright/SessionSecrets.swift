import Contracts
import Foundation
import IdentityModel
import Planning
import Provisioning

extension Session {
    private var keyFile: SecretKeyFile {
        let (kind, setup) = Adapters.store(configuration.service, directory: directory)
        return SecretKeyFile(besides: kind.file(setup))
    }

    /// The same session with the key of the store's secrets; a store that has none gets one, and holds no secret in clear from then on.
    func withSecrets(of store: any Store) async throws -> Session {
        let file = keyFile
        let secrets: SecretKeeping
        if let check = try await store.secretKeyCheck() {
            secrets = keeping(check, file)
        } else {
            let digest = try file.readOrStop() ?? file.make()
            secrets = keeping(digest, try await store.keepSecretKeyCheck(digest.check, replacing: nil), file)
        }
        var session = self
        session.configuration = configuration.keeping(secrets)
        if case .digested(let digest) = secrets {
            let count = try await SecretSweep(configuration: configuration, digest: digest, store: store).run()
            if count > 0 {
                let places = DisplayText.count(count, "account or order", "accounts and orders")
                complain("\(places) held secrets in clear: the store keeps digests of them from now on, made with the key in \(file.path)")
            }
        }
        return session
    }

    /// The same session with the key of a store that is only read.
    func withSecretsToRead(of store: any Store) async throws -> Session {
        guard let check = try await store.secretKeyCheck() else { return self }
        var session = self
        session.configuration = configuration.keeping(keeping(check, keyFile))
        return session
    }

    /// The same session with a new key, where a person says that the old one is gone for good. What is enforced counts as changed then, and is sent once more.
    func beginningWithNewKey(_ acceptance: Acceptance, _ store: any Store, at now: Instant) async throws -> Session {
        guard acceptance.contains(.secretKey), case .lost = configuration.secrets else { return self }
        let (file, check) = (keyFile, try await store.secretKeyCheck())
        try file.moveAside()
        let digest = try file.make()
        let secrets = keeping(digest, try await store.keepSecretKeyCheck(digest.check, replacing: check), file)
        let breach = ContractBreach(
            check: .secretKey, message: "a new key in place of the one by which this store's secrets were told apart")
        try await store.record(acceptance.audit([breach], plan: nil, at: now))
        var session = self
        session.configuration = configuration.keeping(secrets)
        return session
    }

    private var remedy: String { "from a backup; if it is gone for good, --accept secretKey begins with a new one" }

    /// A file that holds no key is as good as none.
    private func keeping(_ check: String, _ file: SecretKeyFile) -> SecretKeeping {
        do {
            return keeping(try file.read(), check, file)
        } catch {
            return .lost("\(error.text); restore it \(remedy)")
        }
    }

    private func keeping(_ digest: SecretDigest?, _ check: String, _ file: SecretKeyFile) -> SecretKeeping {
        guard let digest else { return .lost("\(file.path), the key of this store's secrets, is not there; restore it \(remedy)") }
        guard digest.check == check else {
            return .lost("\(file.path) is not the key of this store's secrets; restore the right one \(remedy)")
        }
        return .digested(digest)
    }
}
