#!/usr/bin/env bash
# Plays the first week of March 2026 at Example Corp: a file from HR a day, a private directory server, and a proof of every day.
#
#   demo.sh [--keep] [BIRTHRIGHT]
#
#   BIRTHRIGHT  the program; default: ../.build/release/birthright beside this script (make demo builds it)
#   --keep      leaves everything in place and says where, instead of removing it (the server is stopped all the same)
#
# Needs slapd, ldap-utils and openssl. Works in a temporary directory of its own; no process is left behind.
# What is proved is read from the directory with ldapsearch, and held against the HR files by the awk scripts in demo/, which know the sample
# company's rules on their own: the program that is being proved is not asked.
# Exit 0: every proof holds. 1: one does not, or something could not be run; what was expected and what was found is said.

set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly here

keep=no
binary=
for argument in "$@"; do
    case $argument in
    --keep) keep=yes ;;
    -*) echo "demo.sh: unknown flag $argument; usage: demo.sh [--keep] [BIRTHRIGHT]" >&2; exit 1 ;;
    *) binary=$argument ;;
    esac
done
binary=${binary:-$here/../.build/release/birthright}
[ -x "$binary" ] || { echo "demo.sh: there is no program at $binary; make build" >&2; exit 1; }
binary=$(cd "$(dirname "$binary")" && pwd -P)/$(basename "$binary")

# --- Words on the screen ---------------------------------------------------------------------------------------------------------------------

bold= dim= red= green= plain=
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
fi

heading() { printf '\n%s══ %s %s%s\n\n' "$bold" "$1" "$(printf '═%.0s' $(seq $((100 - ${#1}))))" "$plain"; }
say() { printf '%s\n' "$@"; }
indented() { sed 's/^\(.\)/    \1/'; }
proofs=0
proved() { proofs=$((proofs + 1)); printf '  %sproved%s  %s\n' "$green" "$plain" "$1"; }

# fail WHAT EXPECTED FOUND
fail() {
    printf '  %sFAILED%s  %s\n          expected: %s\n          found:    %s\n' "$red" "$plain" "$1" "$2" "$3"
    exit 1
}
prove_equal() { if [ "$2" = "$3" ]; then proved "$1"; else fail "$1" "$2" "$3"; fi; }

# --- A place of our own, and its end ---------------------------------------------------------------------------------------------------------

place=$(mktemp -d "${TMPDIR:-/tmp}/birthright-demo.XXXXXX")
readonly place company=$place/company
end() {
    local code=$?
    trap - EXIT
    if [ -d "$place/ldap" ]; then "$here/directory/stop.sh" "$place/ldap" || code=1; fi
    if [ "$keep" = yes ]; then echo "Everything is still in $place"; else rm -rf "$place"; fi
    exit "$code"
}
trap end EXIT
trap 'exit 1' INT TERM HUP PIPE

# --- Birthright ------------------------------------------------------------------------------------------------------------------------------

# run CODES ARGUMENT...: says the command, runs it, keeps its output in $place/output; an exit code that is none of CODES ends the demo.
run() {
    local codes=$1 code=0
    shift
    printf '%s$ birthright%s%s\n' "$dim" "$(printf ' %s' "$@" | sed 's/--reason \(.*\)/--reason "\1"/')" "$plain"
    (cd "$company" && "$binary" "$@") >"$place/output" 2>&1 || code=$?
    case " $codes " in
    *" $code "*) ;;
    *)
        indented <"$place/output"
        fail "birthright $*" "exit code ${codes// / or }" "$code"
        ;;
    esac
    last_code=$code
}
readonly is_order='^[0-9]+-[0-9]+ (Create|Modify|Enable|Disable|Unlock|Delete) '
summary() { printf '%s\n\n' "$(awk -v order="$is_order" '$0 ~ order { exit } { print }' "$place/output" | indented)"; }
# The order for one person, from the output of `plan --all`.
order_of() {
    awk -v order="$is_order" -v id="$1" '$0 ~ order { shown = index($0, " " id " ") } /^[^ ]/ && $0 !~ order { shown = 0 } NF && shown' "$place/output" |
        indented
}

# --- What HR asked for, and what the directory holds -----------------------------------------------------------------------------------------

export LC_ALL=C.UTF-8
# The week is played within a minute: what is written down carries the day that is played.
export BIRTHRIGHT_CLOCK=as-of
search() {
    LDAPTLS_CACERT=$CORP_LDAP_CA LDAPTLS_REQCERT=demand ldapsearch -x -LLL -o ldif-wrap=no -H "$CORP_LDAP_URL" -D cn=svc-birthright,dc=example,dc=com \
        -y "$CORP_LDAP_PASSWORD_FILE" "$@"
}

applied=()
# hr_says DAY FILE: from now on this file counts, too.
hr_says() {
    LC_ALL=C awk -f "$here/demo/csv.awk" "$here/hr/$2" >"$place/$1.tsv"
    applied+=("day=$1" "$place/$1.tsv")
    LC_ALL=C awk -f "$here/demo/expected.awk" "${applied[@]}" | LC_ALL=C sort >"$place/expected.tsv"
}

readonly columns=employeeNumber,sAMAccountName,userAccountControl,parent,memberOf,manager,dn,mail,sn,entryUUID,title
people_in_directory() {
    search -b ou=People,dc=example,dc=com '(objectClass=adAccount)' ${columns//,/ } |
        LC_ALL=C awk -v attributes="$columns" -f "$here/demo/ldif.awk" | LC_ALL=C sort
}

# The server repairs references (member, manager) in the background after a rename: look until two looks are the same.
look() {
    local attempt
    people_in_directory >"$place/actual.tsv"
    for attempt in $(seq 20); do
        sleep 0.2
        people_in_directory >"$place/again.tsv"
        if cmp -s "$place/actual.tsv" "$place/again.tsv"; then return; fi
        mv "$place/again.tsv" "$place/actual.tsv"
    done
    fail "the directory comes to rest" "two equal looks within four seconds" "it still changes"
}

# column_of ID NUMBER [FILE]: one value of one person.
column_of() { LC_ALL=C awk -F '\t' -v id="$1" -v column="$2" '$1 == id { print $column }' "${3:-$place/actual.tsv}"; }

prove_everybody() {
    local kind text
    look
    LC_ALL=C awk -f "$here/demo/prove.awk" "$place/expected.tsv" "$place/logins.tsv" "$place/actual.tsv" >"$place/proofs" || true
    [ -s "$place/proofs" ] || fail "the directory can be compared" "proofs" "none"
    while IFS=$'\t' read -r kind text; do
        if [ "$kind" = ok ]; then proved "$text"; fi
    done <"$place/proofs"
    if grep -v "^ok" "$place/proofs" >"$place/differences"; then
        printf '  %sFAILED%s\n' "$red" "$plain"
        sed 's/^no\t/  /' "$place/differences"
        exit 1
    fi
    # Logins of everybody seen so far: the first one counts.
    LC_ALL=C awk -F '\t' '!known[$1]++ { print $1 "\t" $2 }' "$place/logins.tsv" "$place/actual.tsv" >"$place/logins.next"
    mv "$place/logins.next" "$place/logins.tsv"
}

# Everything the directory holds, with the times and change numbers that each write leaves behind: when two are the same, nothing was written.
whole_directory() { search -b dc=example,dc=com '*' '+' >"$1"; }
prove_untouched() {
    whole_directory "$place/after.ldif"
    cmp -s "$place/before.ldif" "$place/after.ldif" ||
        fail "the directory is as it was, modification times included" "no difference" "$(diff "$place/before.ldif" "$place/after.ldif" | head -n 5)"
    proved "the directory is as it was, modification times included ($(grep -c '^dn:' "$place/after.ldif") entries)"
}

# --- A day -----------------------------------------------------------------------------------------------------------------------------------

# A new file arrives in the folder that birthright.yaml names; -p keeps its age, so that it counts as complete at once.
arrives() { cp -p "$here/hr/$1" "$company/hr/$1"; }

# play DAY FILE ID...: plan, a few of its orders, apply, proof.
play() {
    local day=$1 file=$2 id
    shift 2
    arrives "$file"
    run "0 5" plan hr --all --as-of "$day"
    summary
    for id in "$@"; do
        order_of "$id"
        say ""
    done
    run "0 5" apply --as-of "$day"
    indented <"$place/output"
    say ""
    hr_says "$day" "$file"
    prove_everybody
}

# --- The stage -------------------------------------------------------------------------------------------------------------------------------

heading "Example Corp: about 320 people, one directory"
mkdir -p "$company/hr"
cp -R "$here/birthright.yaml" "$here/Roles.yaml" "$here/Rules.yaml" "$here/Lookups" "$company/"
cp -R "$here/../PolicyMaps" "$place/PolicyMaps"
: >"$place/logins.tsv"
say "A private OpenLDAP server is started on loopback (TLS; memberof, refint and unique overlays), with departments and groups and nobody in it."
"$here/directory/start.sh" "$place/ldap" 0 >"$place/env"
set -a
# shellcheck source=/dev/null
. "$place/env"
CORP_LDAP_PASSWORD=$(cat "$CORP_LDAP_PASSWORD_FILE")
set +a
run 0 check
indented <"$place/output"
run 0 systems test
indented <"$place/output"

heading "Day 1, Monday: everybody joins"
say "320 rows: many a John Smith, names in many scripts, with commas, quotes and apostrophes, one too long for a login, and a row without a last name."
play 2026-03-02 2026-03-02.csv E0228 E0050
run 0 quarantine list
indented <"$place/output"
say "" "The logins of the Smiths whose first name begins with J:"
LC_ALL=C awk -F '\t' '$2 ~ /^smithj[0-9]*$/ { print $2 "\t" $8 "\t" $7 }' "$place/actual.tsv" | sort -t j -k 2n | head -n 12 |
    awk -F '\t' '{ printf "    %-10s  %-28s  %s\n", $1, $2, $3 }'

heading "Day 2, Tuesday: movers and a marriage"
cp "$place/actual.tsv" "$place/monday.tsv"
say "E0004 goes from IT to Engineering. E0096 Carter marries and is called Smith now: new name, new mail, the old login."
play 2026-03-03 2026-03-03.csv E0004 E0096
prove_equal "E0096 has a new last name" Smith "$(column_of E0096 9)"
prove_equal "E0096 is the same entry as on Monday (entryUUID)" "$(column_of E0096 10 "$place/monday.tsv")" "$(column_of E0096 10)"
[ "$(column_of E0096 8)" != "$(column_of E0096 8 "$place/monday.tsv")" ] || fail "E0096 has a new mail address" "another one" "$(column_of E0096 8)"
proved "E0096 has a new mail address: $(column_of E0096 8 "$place/monday.tsv") is now $(column_of E0096 8)"
prove_equal "E0004 was moved, not made again (entryUUID)" "$(column_of E0004 10 "$place/monday.tsv")" "$(column_of E0004 10)"

heading "Day 3, Wednesday: leavers"
say "Six people are marked Terminated, four are simply not in the file any more. onDelete: DISABLE."
play 2026-03-04 2026-03-04.csv E0158 E0243

heading "Day 4, Thursday morning: HR's export is cut short, twice"
whole_directory "$place/before.ldif"
events_before=$(wc -l <"$company/.birthright/events.jsonl")
say "First it ends in the middle of a quoted field:"
arrives 2026-03-05a-cut-in-quotes.csv
run "3 4" plan hr --as-of 2026-03-05
indented <"$place/output"
say "" "Then at the end of a row, where nobody can see it but the contract:"
arrives 2026-03-05a-truncated.csv
run 3 plan hr --as-of 2026-03-05
indented <"$place/output"
say ""
run 3 sync hr --as-of 2026-03-05
proved "sync refuses it, too (exit code 3)"
prove_untouched

heading "Day 4, Thursday afternoon: a file that would disable 8 %"
arrives 2026-03-05b-eight-percent.csv
run 3 plan hr --all --as-of 2026-03-05
summary
order_of E0021
held=$(awk '$1 == "Plan" { print $2; exit }' "$place/output")
say ""
run 3 apply "$held" --as-of 2026-03-05
indented <"$place/output"
proved "a held plan is not applied (exit code 3)"
prove_untouched
run 0 plans reject "$held" --reason "a team is missing from HR's file"
indented <"$place/output"
prove_untouched
prove_equal "no event was written all day" "$events_before" "$(wc -l <"$company/.birthright/events.jsonl")"

heading "Day 4, Thursday night: dates do not wait for HR"
say "E0056's last day was Wednesday. No file of Thursday was taken, but the date has come."
look
cp "$place/actual.tsv" "$place/thursday.tsv"
run "0 5" sync --due --as-of 2026-03-05
summary
order_of E0056
look
prove_equal "E0056 is disabled, in ou=Disabled, without memberships" "514 ou=Disabled,ou=People,dc=example,dc=com " \
    "$(column_of E0056 3) $(column_of E0056 4) $(column_of E0056 5)"
prove_equal "nobody else has changed" "$(grep -v '^E0056' "$place/thursday.tsv")" "$(grep -v '^E0056' "$place/actual.tsv")"

heading "Day 5, Friday: rehires and late joiners"
say "Three of Wednesday's leavers are back. HR's file is whole again, but for two rows."
play 2026-03-06 2026-03-06.csv E0152 E0328
run 0 quarantine list
indented <"$place/output"

heading "The same file again"
whole_directory "$place/before.ldif"
run "0 5" sync hr --as-of 2026-03-06
indented <"$place/output"
prove_untouched

heading "What Friday's search shows"
count() { LC_ALL=C awk -F '\t' "$@"; }
prove_equal "every active person exactly once" \
    "$(count '$2 == "active" || $2 == "leave" { print $1 }' "$place/expected.tsv" | sort)" \
    "$(count '$3 == 512 { print $1 }' "$place/actual.tsv" | sort)"
prove_equal "no sAMAccountName over 20 characters" 0 "$(count 'length($2) > 20' "$place/actual.tsv" | wc -l)"
prove_equal "no sAMAccountName twice, whatever its case" "" "$(count '{ print tolower($2) }' "$place/actual.tsv" | sort | uniq -d)"
prove_equal "leavers are disabled, in ou=Disabled, without memberships" \
    "$(count '$2 == "terminated" { print $1 " 514 ou=Disabled,ou=People,dc=example,dc=com " }' "$place/expected.tsv" | sort)" \
    "$(count '$3 == 514 { print $1 " " $3 " " $4 " " $5 }' "$place/actual.tsv" | sort)"
rehired=$(count '$7 == "came back" { print $1 }' "$place/expected.tsv" | sort)
prove_equal "three people came back" "3" "$(wc -w <<<"$rehired" | tr -d ' ')"
for id in $rehired; do
    prove_equal "$id came back and has the login of Monday, $(column_of "$id" 2)" "$(column_of "$id" 2 "$place/monday.tsv")" "$(column_of "$id" 2)"
    prove_equal "$id is the same entry as on Monday" "$(column_of "$id" 10 "$place/monday.tsv")" "$(column_of "$id" 10)"
done
say "" "Memberships, by the rules (from HR's files) and in the directory (values of member):"
count '{ groups = split($4, group, "|"); for (at = 1; at <= groups; at++) print group[at] }' "$place/expected.tsv" | sort | uniq -c |
    awk '{ number = $1; sub(/^ *[0-9]+ /, ""); print $0 "\t" number }' | LC_ALL=C sort >"$place/groups.expected"
search -b ou=Groups,dc=example,dc=com '(objectClass=groupOfNames)' cn member |
    awk '/^cn: / { name = substr($0, 5) } /^member:/ && !/cn=svc-birthright,/ { members++ } /^$/ { print name "\t" members + 0; members = 0 }' |
    LC_ALL=C sort >"$place/groups.actual"
LC_ALL=C join -t "$(printf '\t')" -a 1 -a 2 -e 0 -o 0,1.2,2.2 "$place/groups.expected" "$place/groups.actual" |
    awk -F '\t' '{ printf "    %-16s %4d %4d%s\n", $1, $2, $3, $2 == $3 ? "" : "   <-- differs" }'
prove_equal "every group has as many members as the rules give it" "$(cat "$place/groups.expected")" "$(cat "$place/groups.actual")"

heading "One completion event, as it was announced"
run 0 events --user E0152 --format json
tail -n 1 "$place/output" | LC_ALL=C awk -f "$here/demo/pretty.awk"

server=$SLAPD_PID
"$here/directory/stop.sh" "$place/ldap"
say ""
# A process that has ended and waits to be collected has no command line any more.
if [ -n "$(tr -d '\0' 2>/dev/null <"/proc/$server/cmdline")" ]; then fail "the directory server has ended" "no process $server" "it runs"; fi
proved "the directory server has ended"
printf '\n%s%d proofs hold.%s\n' "$bold" "$proofs" "$plain"
