# LDIF as one line per entry: the attributes named in `attributes` (comma-separated, "dn" and "parent" among them) with tabs between them,
# several values with | between them, sorted. Base64 is decoded. Run with LC_ALL=C on ldapsearch -LLL -o ldif-wrap=no.

BEGIN {
    count = split(attributes, names, ",")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (code = 1; code <= 64; code++) value_of[substr(alphabet, code, 1)] = code - 1
}

function decoded(text,    at, bits, size, result, character) {
    bits = 0; size = 0; result = ""
    for (at = 1; at <= length(text); at++) {
        character = substr(text, at, 1)
        if (character == "=") break
        bits = bits * 64 + value_of[character]
        size += 6
        if (size >= 8) {
            size -= 8
            result = result sprintf("%c", int(bits / 2 ^ size))
            bits = bits % 2 ^ size
        }
    }
    return result
}

# What follows the first comma that is not escaped (RFC 4514 section 2.4).
function parent(name,    at, character) {
    for (at = 1; at <= length(name); at++) {
        character = substr(name, at, 1)
        if (character == "\\") at++
        else if (character == ",") return substr(name, at + 1)
    }
    return ""
}

# Keeps the values of one attribute sorted: insertion, they are few.
function add(name, value,    place) {
    place = ++values[name]
    while (place > 1 && kept[name, place - 1] > value) { kept[name, place] = kept[name, place - 1]; place-- }
    kept[name, place] = value
}

function end_entry(    column, place, line, text, name) {
    if (!("dn" in values)) return
    line = ""
    for (column = 1; column <= count; column++) {
        name = names[column]
        text = ""
        for (place = 1; place <= values[name]; place++) text = text (place > 1 ? "|" : "") kept[name, place]
        line = line (column > 1 ? "\t" : "") text
    }
    print line
    for (name in values) delete values[name]
}

/^$/ { end_entry(); next }
/^#/ { next }
{
    colon = index($0, ":")
    name = substr($0, 1, colon - 1)
    text = substr($0, colon + 1)
    if (substr(text, 1, 1) == ":") { sub(/^: */, "", text); text = decoded(text) }
    else sub(/^ */, "", text)
    add(name, text)
    if (name == "dn") add("parent", parent(text))
}
END { end_entry() }
