internal import CCurl
internal import Foundation
internal import Synchronization

/// The thread that runs libcurl, and what waits for it.
final class TransferLoop: Sendable {
    private struct Inbox: ~Copyable {
        var begun: [Transfer] = []
        var cancelled: [Int] = []
        /// Begun, and not known to be over.
        var live: Set<Int> = []
        /// Cancelled before they were begun.
        var cancelledEarly: Set<Int> = []
        var isEnding = false
        var last = 0
    }

    /// Of all calls only `curl_multi_wakeup` comes from other threads; `inbox` guards it, so that none comes after the end.
    private struct Multi: @unchecked Sendable { let handle: UnsafeMutableRawPointer }

    private let inbox = Mutex(Inbox())
    private let multi: Multi

    private static let isReady: Bool = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init(connections: Int) throws(HTTPFailure) {
        guard TransferLoop.isReady, let handle = curl_multi_init() else { throw HTTPFailure(.unreachable, "no memory for connections") }
        ccurl_multi_set_long(handle, CURLMOPT_MAX_TOTAL_CONNECTIONS, connections)
        ccurl_multi_set_long(handle, CURLMOPT_MAX_HOST_CONNECTIONS, connections)
        multi = Multi(handle: handle)
        let thread = Thread { [self] in
            TransferLoop.blockBrokenPipes()
            var work = Work(multi: multi.handle)
            while turn(&work) {}
            close(&work)
        }
        thread.name = "HTTP"
        thread.start()
    }

    /// A connection that the server closes ends the request that is on it, and not the process.
    private static func blockBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private static let closed = HTTPFailure(.unreachable, "the connection to the system is closed")
    private static let cancelled = HTTPFailure(.unreachable, "cancelled")

    // MARK: For everybody

    func nextNumber() -> Int {
        inbox.withLock {
            $0.last += 1
            return $0.last
        }
    }

    func begin(_ transfer: Transfer) {
        let failure: HTTPFailure? = inbox.withLock { inbox in
            if inbox.isEnding { return TransferLoop.closed }
            if inbox.cancelledEarly.remove(transfer.number) != nil { return TransferLoop.cancelled }
            inbox.live.insert(transfer.number)
            inbox.begun.append(transfer)
            if inbox.begun.count == 1 { curl_multi_wakeup(multi.handle) }
            return nil
        }
        if let failure { transfer.end(with: .failure(failure)) }
    }

    func cancel(_ number: Int) {
        inbox.withLock { inbox in
            guard !inbox.isEnding else { return }
            guard inbox.live.contains(number) else {
                inbox.cancelledEarly.insert(number)
                return
            }
            inbox.cancelled.append(number)
            curl_multi_wakeup(multi.handle)
        }
    }

    func end() {
        inbox.withLock { inbox in
            guard !inbox.isEnding else { return }
            inbox.isEnding = true
            curl_multi_wakeup(multi.handle)
        }
    }

    // MARK: On the thread

    fileprivate struct Work {
        let multi: UnsafeMutableRawPointer
        var underWay: [Int: (transfer: Transfer, handle: UnsafeMutableRawPointer)] = [:]
        /// Handles to be used again.
        var free: [UnsafeMutableRawPointer] = []
        var over: Set<Int> = []
    }

    /// False: that was the last one.
    private func turn(_ work: inout Work) -> Bool {
        let (begun, cancelled, isEnding) = inbox.withLock { inbox in
            inbox.live.subtract(work.over)
            defer { (inbox.begun, inbox.cancelled) = ([], []) }
            return (inbox.begun, inbox.cancelled, inbox.isEnding)
        }
        work.over = []
        for transfer in begun { work.start(transfer) }
        for number in cancelled { work.stop(number) }
        if isEnding { return false }
        var running: Int32 = 0
        curl_multi_perform(multi.handle, &running)
        work.collect()
        curl_multi_poll(multi.handle, nil, 0, 1_000, nil)
        return true
    }

    private func close(_ work: inout Work) {
        for number in work.underWay.keys.sorted() { work.stop(number) }
        for handle in work.free { curl_easy_cleanup(handle) }
        let late = inbox.withLock { inbox in
            defer { inbox.begun = [] }
            curl_multi_cleanup(multi.handle)
            return inbox.begun
        }
        for transfer in late { transfer.end(with: .failure(TransferLoop.closed)) }
    }
}

extension TransferLoop.Work {
    fileprivate mutating func start(_ transfer: Transfer) {
        do throws(HTTPFailure) {
            guard let handle = free.popLast() ?? curl_easy_init() else { throw HTTPFailure(.unreachable, "no memory for another request") }
            do throws(HTTPFailure) {
                try transfer.prepare(handle)
                guard curl_multi_add_handle(multi, handle) == CURLM_OK else {
                    throw HTTPFailure(.unreachable, "libcurl takes no more requests")
                }
            } catch {
                release(handle)
                throw error
            }
            underWay[transfer.number] = (transfer, handle)
        } catch {
            over.insert(transfer.number)
            transfer.end(with: .failure(error))
        }
    }

    fileprivate mutating func stop(_ number: Int) {
        guard let (transfer, handle) = underWay.removeValue(forKey: number) else { return }
        curl_multi_remove_handle(multi, handle)
        over.insert(number)
        transfer.finish(CURLE_ABORTED_BY_CALLBACK)
        release(handle)
    }

    fileprivate mutating func collect() {
        var left: Int32 = 0
        var finished: [(handle: UnsafeMutableRawPointer, code: CURLcode)] = []
        while let message = curl_multi_info_read(multi, &left) {
            guard message.pointee.msg == CURLMSG_DONE, let handle = message.pointee.easy_handle else { continue }
            finished.append((handle, ccurl_result(message)))
        }
        for (handle, code) in finished {
            guard let transfer = Transfer.carried(by: handle) else { continue }
            underWay[transfer.number] = nil
            curl_multi_remove_handle(multi, handle)
            over.insert(transfer.number)
            transfer.finish(code)
            release(handle)
        }
    }

    /// Its connection stays open, for whoever is next.
    private mutating func release(_ handle: UnsafeMutableRawPointer) {
        curl_easy_reset(handle)
        free.append(handle)
    }
}
