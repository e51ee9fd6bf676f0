/// What HR knows of a person, and a source may say.
package enum Field: String, Codable, Sendable, CaseIterable {
    case first, last, department, title, type, manager, start, end, status, phone, campus
}

/// A source of the made-up company.
package enum Feed: String, Codable, Sendable, CaseIterable {
    /// Complete: everybody who works here, with status and dates.
    case hr
    /// Complete as well, without status: who is in it is here.
    case students
    /// Incremental: telephone numbers, and nothing that could make anybody a person of ours.
    case badges

    package var isComplete: Bool { self != .badges }
}

/// Somebody who is, was or will be here. The number never changes and correlates; keys do.
package struct Person: Codable, Hashable, Sendable {
    package let number: Int
    /// By `Field.rawValue`; dates as days of the history, the manager as a number.
    package var values: [String: String]

    package subscript(field: Field) -> String {
        get { values[field.rawValue] ?? "" }
        set { values[field.rawValue] = newValue.isEmpty ? nil : newValue }
    }

    /// What every row of the person says, whichever source it is in.
    package var identifier: String { "N\(number)" }
    package func key(in feed: Feed) -> String {
        switch feed {
        case .hr: "E\(number)"
        case .students: "S\(number)"
        case .badges: "B\(number)"
        }
    }
}

/// Everybody who ever appears in a history.
package struct Company: Codable, Hashable, Sendable {
    package var people: [Person]

    static let firstNames = ["Ann", "Bo", "Carl", "Dan", "Eva"]
    static let lastNames = ["Berg", "Dahl", "Li", "Moe"]
    package static let departments = ["Finance", "Sales", "IT", ""]
    static let titles = ["Clerk", "Boss", ""]
    static let types = ["Member", "Guest"]

    package static func random(_ dice: inout Dice, count: ClosedRange<Int> = 5...15, namesakes: Bool) -> Company {
        let count = dice.between(count.lowerBound, count.upperBound)
        return Company(
            people: (1...count).map { number in
                var person = Person(number: number, values: [:])
                person[.first] = dice.pick(namesakes ? Array(firstNames.prefix(2)) : firstNames)
                person[.last] = namesakes ? dice.pick(Array(lastNames.prefix(2))) : dice.pick(lastNames)
                person[.department] = dice.pick(departments)
                person[.title] = dice.pick(titles)
                person[.type] = dice.pick(types)
                person[.manager] = dice.chance(60) ? String(dice.between(1, count)) : ""
                person[.status] = "A"
                person[.campus] = dice.pick(["North", "South"])
                person[.phone] = dice.chance(50) ? String(dice.between(100, 999)) : ""
                return person
            })
    }
}
