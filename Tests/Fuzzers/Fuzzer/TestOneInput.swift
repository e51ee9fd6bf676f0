/// What libFuzzer calls for every input (LLVM, compiler-rt/include/fuzzer: FuzzerInterface.h). Its library brings `main`.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzedLaw.judge(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}
