/// The content hash of a row, version 1. It is stored and compared with later files, so its value never changes.
///
/// A chain over the fields in column order, of the kind of wyhash (Wang Yi, public domain): blocks of 16 bytes go through one
/// 64 x 64 -> 128 bit multiplication whose halves are folded. Words are little-endian on every machine. Each field's length enters
/// its last block, so that ["ab", "c"] and ["a", "bc"] differ. It takes values, not their notation: quoting, delimiter, line ending
/// and encoding of the file do not enter. The constants cannot be produced by valid UTF-8, so no value zeroes the product.
/// Not for adversaries: whoever can choose colliding values can write the file anyway.
enum RowHash {
    private static let a: UInt64 = 0xa076_1d64_78bd_642f
    private static let b: UInt64 = 0xe703_7ed1_a0b4_28db
    private static let c: UInt64 = 0x8ebc_6af0_9c88_c6e3

    /// Bytes that must be readable behind every field; their content does not matter.
    static let overread = 16

    /// The hash of one row's fields, given as offsets into `bytes`.
    @inline(__always)
    static func hash(
        _ bytes: UnsafePointer<UInt8>, _ starts: UnsafePointer<UInt32>, _ ends: UnsafePointer<UInt32>, count: Int, seed: UInt64
    ) -> UInt64 {
        var state = seed ^ a
        for field in 0..<count {
            let start = Int(starts[field])
            state = absorb(bytes + start, Int(ends[field]) &- start, state)
        }
        return mix(state ^ c, UInt64(truncatingIfNeeded: count) ^ b)
    }

    @inline(__always)
    private static func absorb(_ field: UnsafePointer<UInt8>, _ length: Int, _ state: UInt64) -> UInt64 {
        var state = state
        var next = UnsafeRawPointer(field)
        var left = length
        while left > 16 {
            state = mix(word(next) ^ b, word(next + 8) ^ state)
            next += 16
            left &-= 16
        }
        let low = word(next) & mask(bytes: min(left, 8))
        let high = word(next + 8) & mask(bytes: max(left &- 8, 0))
        return mix(low ^ b, high ^ (state &+ UInt64(truncatingIfNeeded: length) &* c))
    }

    @inline(__always)
    private static func word(_ pointer: UnsafeRawPointer) -> UInt64 {
        UInt64(littleEndian: pointer.loadUnaligned(as: UInt64.self))
    }

    /// The lowest 0...8 bytes set.
    @inline(__always)
    private static func mask(bytes: Int) -> UInt64 {
        bytes == 0 ? 0 : UInt64.max &>> UInt64(truncatingIfNeeded: 64 &- 8 &* bytes)
    }

    @inline(__always)
    private static func mix(_ x: UInt64, _ y: UInt64) -> UInt64 {
        let product = x.multipliedFullWidth(by: y)
        return product.high ^ product.low
    }
}
