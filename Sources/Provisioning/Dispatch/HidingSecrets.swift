internal import Contracts
internal import IdentityModel

extension DispatchBatch {
    /// What a system answered, with dots wherever its words quote a secret that was sent to it: answers are kept, shown and announced.
    func hidingSecrets(in results: inout [OrderID: OperationResult]) {
        for transmission in transmissions {
            guard let result = results[transmission.order.id], result.failure != nil || !result.failedRequests.isEmpty else { continue }
            let secrets = transmission.secretsSent
            if !secrets.isEmpty { results[transmission.order.id] = result.hiding(secrets) }
        }
    }
}

extension Transmission {
    fileprivate var secretsSent: [String] {
        guard let operation else { return [] }
        // The longest first: one may be part of another.
        return zip(operation.requests, requestIndexes).filter { order.requests[$1].holdsDigest }.flatMap { $0.0.values }
            .filter { !$0.isEmpty }.sorted { $0.utf8.count > $1.utf8.count }
    }
}

extension OperationResult {
    fileprivate func hiding(_ secrets: [String]) -> OperationResult {
        var hidden = self
        hidden.failure = failure?.hiding(secrets)
        hidden.failedRequests = failedRequests.mapValues { $0.hiding(secrets) }
        return hidden
    }
}

extension ConnectorFailure {
    fileprivate func hiding(_ secrets: [String]) -> ConnectorFailure {
        func hidden(_ text: String) -> String { secrets.reduce(text) { $0.replacing($1, with: SensitiveAttributes.dots) } }
        return ConnectorFailure(errorClass, hidden(message), serverText: serverText.map(hidden), attribute: attribute)
    }
}
