/// Our own generator (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators", 2014): the same seed gives the same history on every
/// machine and with every version of the library.
package struct Dice: Sendable {
    private var state: UInt64

    package init(seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// 0 to `sides` - 1.
    package mutating func roll(_ sides: Int) -> Int { sides <= 1 ? 0 : Int(next() % UInt64(sides)) }

    package mutating func between(_ low: Int, _ high: Int) -> Int { low + roll(high - low + 1) }

    package mutating func chance(_ percent: Int) -> Bool { roll(100) < percent }

    package mutating func pick<Element>(_ elements: [Element]) -> Element { elements[roll(elements.count)] }

    /// Small numbers often, large ones seldom: every order of magnitude is as likely as the next.
    package mutating func magnitude(upTo most: Int) -> Int {
        var limit = 2
        while limit < most, chance(65) { limit *= 2 }
        return between(1, min(limit, most))
    }
}
