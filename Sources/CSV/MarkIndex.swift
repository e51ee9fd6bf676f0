/// The places in a window of text at which the splitter must look: delimiters, quotes, carriage returns and line feeds, in order.
///
/// Finding them 16 bytes at a time, without a branch per byte, and splitting afterwards over this short list is several times faster
/// than a state machine over bytes (the two-stage idea of simdjson; Langdale and Lemire 2019).
struct MarkIndex {
    /// Offsets in the text; only the first `count` are valid.
    private(set) var offsets: [UInt32] = []
    private(set) var count = 0
    private(set) var holdsNUL = false
    private(set) var isASCII = true

    /// Bytes that must be readable behind the window, none of them a mark or NUL; see `padding(for:)`.
    static let overread = 16

    /// A byte to fill the overread with.
    static func padding(for delimiter: UInt8) -> UInt8 {
        delimiter == 0x7F ? 0x7E : 0x7F
    }

    mutating func build(over text: UnsafePointer<UInt8>, from: Int, to: Int, delimiter: UInt8) {
        // A block can overshoot the window, and each half writes up to two offsets beyond its own.
        let worst = to - from + 2 * Self.overread
        if offsets.count < worst { offsets = [UInt32](repeating: 0, count: worst) }
        var seen = SIMD16<UInt8>(repeating: 0)
        var least = SIMD16<UInt8>(repeating: 0xFF)
        count = offsets.withUnsafeMutableBufferPointer { buffer in
            guard let offsets = buffer.baseAddress else { return 0 }
            return Self.fill(offsets, over: text, from: from, to: to, delimiter: delimiter, seen: &seen, least: &least)
        }
        isASCII = seen.max() < 0x80
        holdsNUL = least.min() == 0
    }

    @inline(__always)
    private static func fill(
        _ offsets: UnsafeMutablePointer<UInt32>, over text: UnsafePointer<UInt8>, from: Int, to: Int, delimiter: UInt8,
        seen: inout SIMD16<UInt8>, least: inout SIMD16<UInt8>
    ) -> Int {
        let delimiters = SIMD16<UInt8>(repeating: delimiter)
        let quotes = SIMD16<UInt8>(repeating: Byte.quote)
        let feeds = SIMD16<UInt8>(repeating: Byte.lineFeed)
        let returns = SIMD16<UInt8>(repeating: Byte.carriageReturn)
        let raw = UnsafeRawPointer(text)
        var written = 0
        var at = from
        while at < to {
            let block = raw.loadUnaligned(fromByteOffset: at, as: SIMD16<UInt8>.self)
            seen |= block
            least = pointwiseMin(least, block)
            let marks = (block .== delimiters) .| (block .== quotes) .| (block .== feeds) .| (block .== returns)
            let flags = unsafeBitCast(marks, to: SIMD2<UInt64>.self)
            written = append(flags[0].littleEndian, at: at, to: offsets, written: written)
            written = append(flags[1].littleEndian, at: at &+ 8, to: offsets, written: written)
            at &+= 16
        }
        return written
    }

    /// Appends the offsets of the bytes of `flags` that are 0xFF. Two are written whatever there is (most words hold at most two),
    /// because a mispredicted branch costs more than a store.
    @inline(__always)
    private static func append(_ flags: UInt64, at: Int, to offsets: UnsafeMutablePointer<UInt32>, written: Int) -> Int {
        let base = UInt32(truncatingIfNeeded: at)
        var bits = flags & 0x8080_8080_8080_8080
        let found = Int(truncatingIfNeeded: ((bits &>> 7) &* 0x0101_0101_0101_0101) &>> 56)
        offsets[written] = base &+ UInt32(truncatingIfNeeded: bits.trailingZeroBitCount &>> 3)
        bits &= bits &- 1
        offsets[written &+ 1] = base &+ UInt32(truncatingIfNeeded: bits.trailingZeroBitCount &>> 3)
        if found > 2 {
            var next = written &+ 2
            bits &= bits &- 1
            while bits != 0 {
                offsets[next] = base &+ UInt32(truncatingIfNeeded: bits.trailingZeroBitCount &>> 3)
                bits &= bits &- 1
                next &+= 1
            }
        }
        return written &+ found
    }
}
