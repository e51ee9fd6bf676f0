# JSON that stands on one line, one member on a line. Run with LC_ALL=C.

function newline(    step) {
    printf "\n"
    for (step = 0; step < depth; step++) printf "  "
}

{
    length_of_line = length($0)
    depth = 0
    for (at = 1; at <= length_of_line; at++) {
        character = substr($0, at, 1)
        if (quoted) {
            printf "%s", character
            if (character == "\\") printf "%s", substr($0, ++at, 1)
            else if (character == "\"") quoted = 0
        }
        else if (character == "\"") { quoted = 1; printf "\"" }
        else if (character ~ /[{[]/) {
            printf "%s", character
            if (substr($0, at + 1, 1) ~ /[]}]/) printf "%s", substr($0, ++at, 1)
            else { depth++; newline() }
        }
        else if (character ~ /[]}]/) { depth--; newline(); printf "%s", character }
        else if (character == ",") { printf ","; newline() }
        else if (character == ":") printf ": "
        else if (character != " ") printf "%s", character
    }
    printf "\n"
}
