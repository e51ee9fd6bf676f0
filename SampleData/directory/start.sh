#!/usr/bin/env bash
# Starts a private OpenLDAP server on loopback, with the sample company's empty directory in it. Needs slapd, ldap-utils and openssl, no root.
#
#   start.sh DIR PORT [--no-overlays | --no-refint] [--ppolicy] [--hidden-ids | --no-ids] [--fast]
#
#   DIR            everything the server has: CA, certificate, password, configuration, database, log. Created if it is absent; a directory of an
#                  earlier start is used again, with its people and its password; anything else that is not empty is refused.
#                  Letters, digits and . _ - + @ ~ / only.
#   PORT           ldaps://127.0.0.1:PORT/ and, for StartTLS, ldap://127.0.0.1:PORT+1/. Both must be free. 0 picks a free pair below 32768.
#   --no-overlays  leaves out memberof, refint and unique: nothing keeps memberOf, references or uniqueness.
#   --no-refint    leaves out refint alone: memberOf is kept, references are not repaired.
#   --hidden-ids   users may not read the entryUUID of entries with the title "hidden"; --no-ids: of any entry.
#   --ppolicy      adds the password policy overlay: accounts can be locked.
#   --fast         does not wait for the disk on each write (dbnosync): for benchmarks and tests, whose data may be lost with the power.
#
# When the server answers, standard output holds these lines, and nothing else (also kept in DIR/env while the server runs):
#
#   CORP_LDAP_URL=ldaps://127.0.0.1:PORT
#   CORP_LDAP_STARTTLS_URL=ldap://127.0.0.1:PORT+1     a simple bind without TLS is refused there (13, confidentialityRequired)
#   CORP_LDAP_CA=DIR/ca.pem
#   CORP_LDAP_PASSWORD_FILE=DIR/password               no newline at its end, so that ldapsearch -y takes it as it is
#   SLAPD_PID=...
#
# In a shell:     set -a; eval "$(start.sh DIR 0)"; set +a
# and then:       LDAPTLS_CACERT=$CORP_LDAP_CA ldapsearch -x -H $CORP_LDAP_URL -D cn=svc-birthright,dc=example,dc=com -y $CORP_LDAP_PASSWORD_FILE \
#                     -b dc=example,dc=com
#
# Exit 0: it answers. 1: it could not start; standard error says why, DIR/slapd.log has the server's words. 2: wrong usage, DIR or port refused.
# The server outlives this script; stop.sh DIR ends it. Flags belong to a start, not to DIR: give them again at the next one.
#
# cn=svc-birthright,dc=example,dc=com is the server's rootdn: no limits, every right. Any other bound user may read everything and write nothing
# (50), anonymous users may only read the rootDSE.
#
# As on most servers with these overlays, refint repairs `member` and `manager` shortly *after* a delete or rename was answered, in the background.
# A client that renames an account and then removes its new DN from a group is told that there is no such member (16), and the repair then puts the
# new DN there: the membership survives. So remove memberships before a rename or move. DIR/slapd.log may meanwhile hold lines
# "memberof_value_modify ... failed err=32" (or 20): memberof and refint meet in the same entry; the result is right.

set -euo pipefail
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
readonly here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
readonly suffix=dc=example,dc=com
readonly account=cn=svc-birthright,$suffix
umask 077

refuse() { echo "start.sh: $1" >&2; exit 2; }
fail() { echo "start.sh: $1" >&2; exit 1; }

# A port somebody answers on is taken. The bind itself is the real test: slapd exits when it fails.
port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# True while the process is the slapd of this directory, and not another one that was given its number later.
# (No "grep -q": it leaves early, and pipefail would call that a failure.)
is_ours() { [ -n "$1" ] && tr '\0' '\n' 2>/dev/null <"/proc/$1/cmdline" | grep -xF "$dir/slapd.conf" >/dev/null; }

make_certificates() {
    local names
    names="IP:127.0.0.1,DNS:localhost"
    # libldap compares the certificate of ldaps://localhost with the machine's own name.
    if uname -n | grep -qE '^[A-Za-z0-9.-]+$'; then names="$names,DNS:$(uname -n)"; fi
    (
        cd "$dir"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -sha256 -days 3650 -subj "/O=Example Company/CN=Private test CA" \
            -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign,cRLSign" -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=127.0.0.1" -keyout server.key -out server.csr
        printf '%s\n' "subjectAltName=$names" "extendedKeyUsage=serverAuth" "keyUsage=digitalSignature" >server.ext
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -set_serial 2 -sha256 -days 3650 -extfile server.ext -out server.pem
        rm server.csr server.ext
    ) >"$dir/openssl.log" 2>&1 || fail "openssl could not make the certificates: $(tail -n 3 "$dir/openssl.log")"
    rm "$dir/openssl.log"
}

first_existing() {
    local candidate
    for candidate in "$@"; do
        if [ -d "$candidate" ]; then echo "$candidate"; return; fi
    done
    fail "none of these directories exists: $*"
}

write_configuration() {
    local schema modules
    schema=$(first_existing /etc/ldap/schema /etc/openldap/schema)
    modules=$(first_existing /usr/lib/ldap /usr/lib64/openldap /usr/lib/openldap)
    cat >"$dir/slapd.conf" <<CONF
include $schema/core.schema
include $schema/cosine.schema
include $schema/inetorgperson.schema
include $here/adlike.schema
modulepath $modules
moduleload back_mdb
moduleload memberof
moduleload refint
moduleload unique
pidfile $dir/slapd.pid
argsfile $dir/slapd.args
loglevel 0
TLSCACertificateFile $dir/ca.pem
TLSCertificateFile $dir/server.pem
TLSCertificateKeyFile $dir/server.key
TLSVerifyClient never
security simple_bind=128
# Without it, adding to a group compares with each of its members.
sortvals member

database mdb
suffix $suffix
rootdn $account
rootpw $(slappasswd -n -h '{SSHA}' -T "$dir/password")
directory $dir/db
# The file grows with its content; this is only the ceiling (8 GiB).
maxsize 8589934592
index objectClass,entryUUID,cn,sAMAccountName,userPrincipalName,mail,employeeNumber,member,memberOf eq
access to attrs=userPassword by anonymous auth by * none
$ids
access to * by users read by * none
CONF
    if [ "$fast" = yes ]; then echo "dbnosync" >>"$dir/slapd.conf"; fi
    if [ "$overlays" = yes ]; then
        cat >>"$dir/slapd.conf" <<CONF
overlay memberof
memberof-dangling error
CONF
    fi
    if [ "$refint" = yes ]; then
        cat >>"$dir/slapd.conf" <<CONF
# It searches for references at each delete and rename.
index manager eq
overlay refint
refint_attributes member manager
refint_nothing $account
CONF
    fi
    if [ "$overlays" = yes ]; then
        cat >>"$dir/slapd.conf" <<CONF
overlay unique
unique_uri ldap:///$suffix?sAMAccountName?sub
unique_uri ldap:///$suffix?userPrincipalName?sub
unique_uri ldap:///$suffix?mail?sub
unique_uri ldap:///$suffix?employeeNumber?sub
CONF
    fi
    if [ "$ppolicy" = yes ]; then
        sed -i 's/^moduleload unique$/&\nmoduleload ppolicy/' "$dir/slapd.conf"
        echo "overlay ppolicy" >>"$dir/slapd.conf"
    fi
    cat >>"$dir/slapd.conf" <<CONF
# Tells which overlays are at work (birthright systems test).
database monitor
access to * by dn.exact=$account read by * none
CONF
}

prepare() {
    mkdir -p "$dir/db"
    [ -s "$dir/server.pem" ] || make_certificates
    [ -s "$dir/password" ] || openssl rand -hex 24 | tr -d '\n' >"$dir/password"
    # A first start that was interrupted left half a directory: begin again.
    if [ ! -e "$dir/loaded" ]; then rm -f "$dir"/db/*.mdb; fi
    write_configuration
    slapd=$(command -v slapd)
    # AppArmor profiles go by the program's path, and the one for slapd forbids any database outside /var/lib/ldap.
    if [ -e /etc/apparmor.d/usr.sbin.slapd ]; then
        cp -f "$slapd" "$dir/slapd"
        slapd=$dir/slapd
    fi
}

# Own session, and no descriptor of the caller's: an inherited pipe or lock would be held for as long as the server lives.
launch() {
    (
        for descriptor in /proc/"$BASHPID"/fd/*; do
            descriptor=${descriptor##*/}
            if [ "$descriptor" -gt 2 ]; then eval "exec $descriptor>&-"; fi
        done
        # slapd allocates its connection table by this limit, hundreds of megabytes in some containers.
        [ "$(ulimit -n)" != unlimited ] && [ "$(ulimit -n)" -le 4096 ] || ulimit -n 4096
        cd "$dir"
        # "-d none" keeps it in the foreground and logs only what must not be missed.
        # A caller's thread may block signals (Swift's tests do), and a child inherits that: a slapd that never hears SIGTERM cannot be stopped.
        exec setsid perl -MPOSIX -e 'sigprocmask(SIG_SETMASK, POSIX::SigSet->new); exec { $ARGV[0] } @ARGV or die "$ARGV[0]: $!\n"' \
            "$slapd" -d none -h "ldaps://127.0.0.1:$port/ ldap://127.0.0.1:$((port + 1))/" -f "$dir/slapd.conf"
    ) </dev/null >>"$dir/slapd.log" 2>&1 &
    pid=$!
    disown "$pid"
}

ldap() {
    local command=$1
    shift
    LDAPTLS_CACERT="$dir/ca.pem" LDAPTLS_REQCERT=demand "$command" -x -H "ldaps://127.0.0.1:$port" -D "$account" -y "$dir/password" -o nettimeout=5 "$@"
}

# Only a server with this directory's certificate and password can answer, so an answer proves that it is ours.
answers() {
    local attempt
    for attempt in $(seq 300); do
        kill -0 "$pid" 2>/dev/null || return 1
        if is_ours "$pid" && ldap ldapsearch -LLL -b "" -s base namingContexts 2>/dev/null | grep -F "$suffix" >/dev/null; then return 0; fi
        sleep 0.05
    done
    return 1
}

end() {
    kill "$pid" 2>/dev/null || true
    while is_ours "$pid"; do sleep 0.05; done
}

start_once() {
    if port_is_taken "$port" || port_is_taken "$((port + 1))"; then return 2; fi
    : >"$dir/slapd.log"
    launch
    if answers; then return 0; fi
    end
    # Somebody was faster between the look and the bind.
    if port_is_taken "$port" || port_is_taken "$((port + 1))"; then return 2; fi
    return 1
}

start_on_given_port() {
    local outcome=0
    start_once || outcome=$?
    case $outcome in
    1) fail "slapd does not answer: $(tail -n 5 "$dir/slapd.log")" ;;
    2) refuse "port $port or $((port + 1)) is taken on 127.0.0.1" ;;
    esac
}

start_on_free_port() {
    local attempt outcome
    for attempt in $(seq 20); do
        # Even, so that two pairs never overlap by half; below the range that outgoing connections take their ports from.
        port=$((20000 + (RANDOM % 6000) * 2))
        outcome=0
        start_once || outcome=$?
        case $outcome in
        0) return ;;
        1) fail "slapd does not answer: $(tail -n 5 "$dir/slapd.log")" ;;
        esac
    done
    fail "found no free pair of ports on 127.0.0.1"
}

load_directory() {
    if [ -e "$dir/loaded" ]; then return; fi
    if ! ldap ldapadd -f "$here/base.ldif" >"$dir/load.log" 2>&1; then
        end
        fail "base.ldif was refused: $(tail -n 3 "$dir/load.log")"
    fi
    rm "$dir/load.log"
    touch "$dir/loaded"
}

overlays=yes
refint=yes
ppolicy=no
ids=
fast=no
operands=()
for argument in "$@"; do
    case $argument in
    --no-overlays) overlays=no refint=no ;;
    --no-refint) refint=no ;;
    --ppolicy) ppolicy=yes ;;
    --hidden-ids) ids='access to filter="(title=hidden)" attrs=entryUUID by * none' ;;
    --no-ids) ids='access to attrs=entryUUID by * none' ;;
    --fast) fast=yes ;;
    -*) refuse "unknown flag $argument; usage: start.sh DIR PORT [--no-overlays | --no-refint] [--ppolicy] [--hidden-ids | --no-ids] [--fast]" ;;
    *) operands+=("$argument") ;;
    esac
done
[ ${#operands[@]} -eq 2 ] || refuse "usage: start.sh DIR PORT [--no-overlays | --no-refint] [--ppolicy] [--hidden-ids | --no-ids] [--fast]"
dir=${operands[0]}
port=${operands[1]}
[[ $port =~ ^[0-9]{1,5}$ ]] && ((10#$port <= 65534)) || refuse "'$port' is not a port: 0, or 1 to 65534"
port=$((10#$port))
for program in slapd slappasswd ldapsearch ldapadd openssl setsid flock perl; do
    command -v "$program" >/dev/null || fail "$program is not installed (packages slapd, ldap-utils, openssl)"
done
readonly plain='^[A-Za-z0-9._+@~/-]+$'
[[ $dir =~ $plain ]] || refuse "'$dir' holds characters that a server configuration cannot name"
mkdir -p "$dir"
dir=$(cd "$dir" && pwd -P)
[[ $dir$here =~ $plain ]] || refuse "'$dir' (or '$here') holds characters that a server configuration cannot name"
[ -e "$dir/.private-directory" ] || [ -z "$(ls -A "$dir")" ] || refuse "'$dir' is not empty and was not made by this script"
exec {guard}>>"$dir/.private-directory"
flock -n "$guard" || refuse "'$dir' is being started by another start.sh"
running=$(cat "$dir/slapd.pid" 2>/dev/null || true)
if is_ours "$running"; then refuse "'$dir' is already served by process $running; stop it with stop.sh"; fi

pid=
trap 'if [ -n "$pid" ]; then end; fi; exit 1' INT TERM
prepare
if [ "$port" -eq 0 ]; then start_on_free_port; else start_on_given_port; fi
load_directory
tee "$dir/env" <<ENV
CORP_LDAP_URL=ldaps://127.0.0.1:$port
CORP_LDAP_STARTTLS_URL=ldap://127.0.0.1:$((port + 1))
CORP_LDAP_CA=$dir/ca.pem
CORP_LDAP_PASSWORD_FILE=$dir/password
SLAPD_PID=$pid
ENV
