package import Contracts
internal import IdentityModel

extension FileSink {
    /// `events: { file: PATH, format: cloudevents }`.
    package static let kind = SinkKind(
        AdapterShape(
            type: "file",
            keys: [
                AdapterShape.Key(
                    "file", .text, "A file that gets one line of JSON per event. It belongs to this configuration alone.", isRequired: true),
                AdapterShape.Key(
                    "format", .word(EventFormat.allCases.map(\.rawValue)),
                    "SailPoint's shape alone, or as a CloudEvent around it, whose id holds the sequence."),
            ]),
        file: { $0.path("file") },
        make: { FileSink(path: $0.path("file") ?? "", format: $0.values["format"].flatMap(EventFormat.init(rawValue:)) ?? .sailPoint) })
}
