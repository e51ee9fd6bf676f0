# Holds the directory against what the HR files ask for.
#
#   awk -f prove.awk expected.tsv logins.tsv actual.tsv
#
# expected.tsv  of expected.awk
# logins.tsv    employee id and login of everybody who was seen in the directory on an earlier day
# actual.tsv    of ldif.awk: employeeNumber, sAMAccountName, userAccountControl, parent, memberOf, manager, dn
#
# One line per proof: "ok", what was proved; or "no", what was to be proved, and up to five of the differences.
# Run with LC_ALL=C.

BEGIN { FS = "\t"; suffix = ",ou=Groups,dc=example,dc=com" }

FILENAME == ARGV[1] {
    expected[$1] = 1; status[$1] = $2; folder[$1] = $3; groups[$1] = $4; boss[$1] = $5; name[$1] = $6
    is_employed[$1] = $2 == "active" || $2 == "leave"
    people++
    if (is_employed[$1]) employed++; else left++
    next
}
FILENAME == ARGV[2] { login_before[$1] = $2; known++; next }
{
    id = $1
    seen[id]++
    login[id] = $2; control[id] = $3; parent[id] = $4; memberships[id] = $5; manager[id] = $6; dn[id] = $7
    accounts++
    folded = tolower($2)
    if (folded in holder) wrong("login", id " and " holder[folded] " share the login " $2)
    holder[folded] = id
    if (length($2) > 20) wrong("length", id " has the login " $2 ", " length($2) " characters")
    if (length($2) > longest) longest = length($2)
}

function wrong(proof, text) {
    failures[proof]++
    if (failures[proof] <= 5) detail[proof] = detail[proof] "\n         " text
}

function report(proof, text) {
    if (failures[proof]) {
        print "no\t" text ": " failures[proof] " differ" detail[proof]
        failed = 1
    } else print "ok\t" text
}

function group_names(list,    count, part, number, text) {
    count = split(list, part, "|")
    text = ""
    for (number = 1; number <= count; number++) {
        sub(/^cn=/, "", part[number])
        if (substr(part[number], length(part[number]) - length(suffix) + 1) == suffix) {
            part[number] = substr(part[number], 1, length(part[number]) - length(suffix))
        }
        text = text (number > 1 ? "|" : "") part[number]
    }
    return text
}

function told(text) { return text == "" ? "nothing" : text }

END {
    for (id in expected) {
        if (seen[id] != 1) wrong("once", id " " name[id] ": expected 1 account, found " seen[id] + 0)
        if (!seen[id]) continue
        wanted = is_employed[id] ? 512 : 514
        if (control[id] != wanted) {
            wrong(is_employed[id] ? "enabled" : "disabled", id " " name[id] ": expected userAccountControl " wanted ", found " told(control[id]))
        }
        if (parent[id] != folder[id]) wrong("folder", id " " name[id] ": expected in " folder[id] ", found in " parent[id])
        found = group_names(memberships[id])
        if (found != groups[id]) wrong(is_employed[id] ? "groups" : "stripped", id " " name[id] ": expected " told(groups[id]) ", found " told(found))
        given += split(groups[id], part, "|")
        if (is_employed[id] && (boss[id] in dn)) {
            managers++
            if (manager[id] != dn[boss[id]]) wrong("manager", id " " name[id] ": expected " dn[boss[id]] ", found " told(manager[id]))
        }
    }
    for (id in seen) if (!(id in expected)) wrong("stranger", id ": expected no account, found " dn[id])
    for (id in login_before) {
        if (login[id] != login_before[id]) wrong("kept", id " " name[id] ": expected the login " login_before[id] ", found " told(login[id]))
    }
    report("once", people " people have exactly one account each")
    report("stranger", accounts + 0 " accounts, none of them nobody's")
    report("enabled", employed + 0 " people are employed, and enabled (512)")
    if (left) report("disabled", left " people have left, and are disabled (514)")
    if (left) report("stripped", left " people who have left hold no membership")
    report("folder", "everybody stands in the folder of their department, whoever has left in ou=Disabled")
    report("login", "no two logins are the same, whatever their case")
    report("length", "no login is longer than 20 characters (the longest has " longest + 0 ")")
    report("groups", given + 0 " memberships, each one as the rules say and no other")
    report("manager", managers + 0 " managers, each the right entry")
    if (known) report("kept", known " people known from earlier days have the login they had")
    exit failed
}
