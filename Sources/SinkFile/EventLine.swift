internal import IdentityModel

/// How an event stands on its line.
package enum EventFormat: String, Sendable, CaseIterable {
    /// SailPoint's shape, and nothing around it.
    case sailPoint = "sailpoint"
    /// CloudEvents 1.0, structured (github.com/cloudevents/spec, json-format.md), with SailPoint's shape as its data. The id holds the sequence: it differs for a
    /// follow-up, and is the same for an event that is delivered twice.
    case cloudEvents = "cloudevents"

    func line(_ event: OutboxEvent) -> String {
        switch self {
        case .sailPoint: return event.body
        case .cloudEvents:
            var writer = DocumentWriter(capacity: event.body.utf8.count + 320)
            writer.object { object in
                object.member("specversion", "1.0")
                object.member("id", "\(event.trackingNumber)-\(event.sequence)")
                object.member("source", "/birthright")
                object.member("type", "birthright.provisioning.completed")
                object.member("subject", event.userKey.text)
                object.member("sequence", String(event.sequence))
                object.member("datacontenttype", "application/json")
            }
            // The body is a JSON text already; it stands as it is, byte for byte.
            return String(decoding: writer.bytes.dropLast(), as: UTF8.self) + ",\"data\":" + event.body + "}"
        }
    }
}
