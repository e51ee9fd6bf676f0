# A CSV file (RFC 4180) as one line per row: its fields with tabs between them. A line break or tab inside a field becomes a space.
# Independent of Birthright's own reader, because the demo's proofs must not ask the program that is being proved.
# Run with LC_ALL=C.

function end_field() {
    line = line (fields++ ? "\t" : "") field
    field = ""
}

function end_row() {
    end_field()
    if (fields > 1 || line != "") print line
    line = ""
    fields = 0
}

NR == 1 { sub(/^\357\273\277/, "") }

{
    sub(/\r$/, "")
    length_of_line = length($0)
    for (at = 1; at <= length_of_line; at++) {
        character = substr($0, at, 1)
        if (character == "\t") character = " "
        if (quoted) {
            if (character != "\"") field = field character
            else if (substr($0, at + 1, 1) == "\"") { field = field "\""; at++ }
            else quoted = 0
        }
        else if (character == "\"" && field == "") quoted = 1
        else if (character == ",") end_field()
        else field = field character
    }
    if (quoted) field = field " "
    else end_row()
}
