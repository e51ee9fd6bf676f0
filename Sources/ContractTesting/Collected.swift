internal import Synchronization

/// Collects what a callback is handed on whatever thread.
final class Collected<Element: Sendable>: Sendable {
    private let storage = Mutex<[Element]>([])
    func append(_ elements: [Element]) { storage.withLock { $0 += elements } }
    var elements: [Element] { storage.withLock { $0 } }
}
