import FuzzLaws
import Glibc

/// The law that the environment variable LAW names.
enum FuzzedLaw {
    static let law: Law? = getenv("LAW").flatMap { Law(rawValue: String(cString: $0)) }

    /// Ends the process where the law is broken: that is how libFuzzer learns of it.
    static func judge(_ input: [UInt8]) {
        guard let law else {
            print("the environment variable LAW must be one of \(Law.allCases.map(\.rawValue).joined(separator: ", "))")
            exit(2)
        }
        if let breach = law.breach(input) {
            print("the law of the \(law) is broken: \(breach)")
            fflush(nil)
            abort()
        }
    }
}
