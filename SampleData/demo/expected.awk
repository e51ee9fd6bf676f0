# What the directory has to look like after the files of some days were applied, worked out from the files alone: the business rules and the
# policy map of the sample company, written down a second time.
#
#   awk -f expected.awk day=2026-03-02 FIRST.tsv day=2026-03-03 SECOND.tsv ...
#
# Each file is the output of csv.awk. One line per person who ever had an account, fields divided by tabs:
#   employee id, status, folder, groups (sorted, with | between them), employee id of the manager, name, whether they left and came back
# Run with LC_ALL=C.

BEGIN {
    FS = OFS = "\t"
    people = "ou=People,dc=example,dc=com"
    split("Finance,Engineering,Sales,Human Resources,Legal,Operations,Marketing,IT", departments, ",")
    for (number in departments) folder_of[departments[number]] = departments[number]
    folder_of["Research & Development"] = "Engineering"
}

function is_date(text,    part, days) {
    if (text !~ /^[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]$/) return 0
    split(text, part, "-")
    if (part[2] < 1 || part[2] > 12) return 0
    days = part[2] == 2 ? (part[1] % 4 == 0 && (part[1] % 100 != 0 || part[1] % 400 == 0) ? 29 : 28) : (part[2] ~ /04|06|09|11/ ? 30 : 31)
    return part[3] >= 1 && part[3] <= days
}

# A row that is not valid leaves its person as they are.
function is_valid() {
    return NF == width && $(at["FIRST_NAME"]) != "" && $(at["LAST_NAME"]) != "" && $(at["STATUS"]) ~ /^(Active|Leave|Terminated)$/ \
        && $(at["TYPE"]) ~ /^(Employee|Contractor)$/ && ($(at["START_DATE"]) == "" || is_date($(at["START_DATE"]))) \
        && ($(at["LAST_DATE"]) == "" || is_date($(at["LAST_DATE"])))
}

function status(id) {
    if (gone[id] || wanted[id] == "Terminated" || (ends[id] != "" && ends[id] < today)) return "terminated"
    if (starts[id] != "" && starts[id] > today) return "pendingStart"
    return wanted[id] == "Leave" ? "leave" : "active"
}

# Everybody whom the file of that day did not name has left.
function end_day(    id, state) {
    if (today == "") return
    for (id in wanted) {
        if (!((today, id) in present)) gone[id] = 1
        state = status(id)
        if (state == "active" || state == "leave") {
            if (had_account[id] && before[id] == "terminated") came_back[id] = 1
            had_account[id] = 1
        }
        before[id] = state
    }
}

FNR == 1 {
    end_day()
    today = day
    width = NF
    for (column = 1; column <= NF; column++) at[$column] = column
    next
}

{
    id = $(at["EMPLOYEE_ID"])
    present[today, id] = 1
    if (!is_valid()) next
    gone[id] = 0
    wanted[id] = $(at["STATUS"])
    starts[id] = $(at["START_DATE"])
    ends[id] = $(at["LAST_DATE"])
    department[id] = $(at["DEPARTMENT"])
    type[id] = $(at["TYPE"])
    title[id] = $(at["TITLE"])
    boss[id] = $(at["SUPERVISOR"])
    name[id] = ($(at["PREFERRED_NAME"]) != "" ? $(at["PREFERRED_NAME"]) : $(at["FIRST_NAME"])) " " $(at["LAST_NAME"])
}

# In the order that a sorted list has: All Staff, Contractors, Engineering ...
function groups(id, state,    list, all, count, number, result, has) {
    has["All Staff"] = 1
    if (department[id] in folder_of) has[folder_of[department[id]]] = 1
    if (type[id] == "Contractor") has["Contractors"] = 1
    if (title[id] ~ /^(Chief|Director|Head|Vice President|Team Lead)([^A-Za-z0-9_]|$)/) has["Managers"] = 1
    if (department[id] ~ /^(Engineering|Research & Development|IT|Sales)$/ && type[id] != "Contractor" && state != "leave") has["VPN"] = 1
    count = split("All Staff,Contractors,Engineering,Finance,Human Resources,IT,Legal,Managers,Marketing,Operations,Sales,VPN", all, ",")
    result = ""
    for (number = 1; number <= count; number++) if (all[number] in has) result = result (result == "" ? "" : "|") all[number]
    return result
}

END {
    end_day()
    for (id in had_account) {
        state = before[id]
        is_employed = state == "active" || state == "leave"
        folder = !is_employed ? "Disabled" : (department[id] in folder_of ? folder_of[department[id]] : "Unassigned")
        print id, state, "ou=" folder "," people, is_employed ? groups(id, state) : "", boss[id], name[id], came_back[id] ? "came back" : ""
    }
}
