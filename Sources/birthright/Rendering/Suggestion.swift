import CEL

/// The known name most like a misspelt one, for "did you mean".
func nearestName(_ name: String, in known: [String]) -> String? { nearest(name, in: known) }
