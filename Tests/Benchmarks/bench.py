#!/usr/bin/env python3
"""Benchmarks: every figure beside a yardstick run in the same minutes on the same machine. See `make bench`.

    bench.py BINARY [joiners] [rows] [diff] [evaluation] [--runs N] [--rows N] [--people N] [--known N]

`joiners`: a CSV of new people -> plan -> slapd, beside `ldapadd -c` of the same final entries and groups into a fresh server.
`rows`:    a million-row file: nothing changed, one per cent changed, peak memory, beside Python's csv.reader.
`diff`:    another configuration compared over everybody in the store, beside Python merely reading the same users and accounts.
`evaluation`: the sample map for one user, and each expression beside cel-cpp.
"""
import argparse
import csv
import json
import math
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # the repository stays as it is
from evaluation import evaluation  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SCRIPTS = os.path.join(ROOT, "SampleData", "directory")
SERVICE = "cn=svc-birthright,dc=example,dc=com"
COLUMNS = ("EMPLOYEE_ID,FIRST_NAME,LAST_NAME,PREFERRED_NAME,SUPERVISOR,START_DATE,LAST_DATE,COMPANY,DEPARTMENT,EMAIL,PHONE,MOBILE_PHONE,"
           "STATUS,TITLE,TYPE,ADDRESS,CITY,STATE,POSTAL_CODE,COUNTRY,BADGE_NUMBER,MIDDLE_NAME").split(",")
FIRST = ("Anna Bjørn Carla David Elin François Gustav Helga Ivan José Karen Lars Mónica Nils Olga Pål Quentin Rosa Søren Tomáš Ursula Vera "
         "William Xenia Yngve Zoë James Mary John Linda Michael Susan").split()
LAST = ("Andersen Berg Carlsson Dahl Eriksen Fischer García Hansen Ivanov Jensen Kowalski Larsen Müller Nilsen Olsen Petrov Quist Rossi Smith "
        "Torres Urban Vogel Weber Young Zhang Moreau Novák Silva Costa O'Brien").split()
DEPARTMENTS = "Finance Engineering Sales Legal Operations Marketing IT".split()

BIRTHRIGHT_YAML = """\
store: {{ sqlite: store.sqlite }}
policyMaps: PolicyMaps
events: {{ file: events.jsonl }}
guards: {{ disable: {{ percent: 100, count: 1000000 }} }}
sources:
  hr:
    files: hr/*.csv
    take: latest
    complete: stable
    type: complete
    key: row.EMPLOYEE_ID
    contract:
      columns: [{columns}]
      maxRowCountChange: 20%
      maxNullRateChange: 10pp
    map:
      employeeId: row.EMPLOYEE_ID
      firstName: row.FIRST_NAME
      middleName: row.MIDDLE_NAME
      lastName: row.LAST_NAME
      title: row.TITLE
      department: row.DEPARTMENT
      company: row.COMPANY
      country: row.COUNTRY
      employeeType: row.TYPE
      email: row.EMAIL
      mobile: row.MOBILE_PHONE
      startDate: row.?START_DATE.optMap(d, date(d))
      status: 'row.STATUS == "Terminated" ? "terminated" : "active"'
    missing: terminate
"""

POLICY_MAP = """\
managedSystem: Corp Directory
connector:
  type: ldap
  dialect: openLDAP
  url: { env: CORP_LDAP_URL, default: "ldaps://127.0.0.1:1636" }
  bindDN: cn=svc-birthright,dc=example,dc=com
  password: { env: CORP_LDAP_PASSWORD }
  caFile: { env: CORP_LDAP_CA, default: "none" }
  base: dc=example,dc=com
correlation: [ employeeNumber ]
accountName: dn
onDelete: DISABLE
tables: { ouByDepartment: Lookups/department-ou.csv }
let:
  first: user.firstName.transliterate().lowerAscii().alnum()
  last: user.lastName.transliterate().lowerAscii().alnum()
attributes:
  objectClass: ["inetOrgPerson", "adAccount"]
  sAMAccountName:
    enforce: onCreate
    maxLength: 20
    unique:
      in: [store, target]
      scope: system
      match: caseInsensitive
      candidates:
        - last.left(19) + first.left(1)
        - for: { n: [2, 99999] }
          value: last.left(19 - size(string(n))) + first.left(1) + string(n)
  mail:
    unique:
      in: [store, target]
      scope: system
      match: caseInsensitive
      candidates:
        - first + "." + last + "@example.com"
        - for: { n: [2, 99999] }
          value: first + "." + last + string(n) + "@example.com"
  userPrincipalName: out.sAMAccountName + "@example.com"
  cn: user.firstName + " " + user.lastName + " (" + user.employeeId + ")"
  dn: |-
    ldap.rdn("cn", out.cn) + "," + tables.ouByDepartment[?user.?department.orValue("")].orValue("ou=Unassigned,ou=People,dc=example,dc=com")
  employeeNumber: user.employeeId
  givenName: user.firstName
  sn: user.lastName
  displayName: user.firstName + " " + user.lastName
  title: user.?title
  departmentNumber: user.?department
  mobile: { value: 'user.?mobile.optMap(m, phone.e164(m, user.?country.orValue("")))', onError: skip }
  userAccountControl: 'account.enabled ? 512 : 514'
"""

ROLES = """\
roles:
  Employee: { entitlements: [ { system: Corp Directory, groups: ["cn=All Staff,ou=Groups,dc=example,dc=com"] } ] }
""" + "".join(
    f'  {d}: {{ entitlements: [ {{ system: Corp Directory, groups: ["cn={d},ou=Groups,dc=example,dc=com"] }} ] }}\n' for d in DEPARTMENTS)

RULES = "rules:\n  everybody: { when: \"true\", roles: [Employee] }\n" + "".join(
    f"  {d.lower()}: {{ when: 'user.department == \"{d}\"', roles: [{d}] }}\n" for d in DEPARTMENTS)

NOBODY = "rules:\n  nobody: { when: 'user.department == \"None\"', roles: [Employee] }\n"


def people(count, seed=7):
    """Rows of `count` people; the same for the same count."""
    dice = random.Random(seed)
    for number in range(1, count + 1):
        first, last = dice.choice(FIRST), dice.choice(LAST)
        if dice.random() < 0.8:  # most people share no full name with anybody
            last += dice.choice(LAST).lower().replace("'", "") + chr(97 + number % 26) + chr(97 + number // 26 % 26)
        yield [f"E{number:07d}", first, last, "", f"E{max(1, number // 10):07d}", "2024-01-15", "", "Example Corp", dice.choice(DEPARTMENTS), "",
               f"55{number % 1000000:06d}", f"9{number % 10000000:07d}", "Active", "Senior Associate Consultant", "Employee",
               f"{number % 300} Harbour Street, Building {number % 9}", "Oslo", "Oslo", f"{number % 10000:04d}", "NO", f"{number:08d}", ""]


def write_rows(path, rows):
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows)


def configuration(folder, rules, policy_map=POLICY_MAP):
    os.makedirs(os.path.join(folder, "PolicyMaps"))
    os.makedirs(os.path.join(folder, "Lookups"))
    os.makedirs(os.path.join(folder, "hr"))
    files = {
        "birthright.yaml": BIRTHRIGHT_YAML.format(columns=", ".join(COLUMNS)), "Roles.yaml": ROLES, "Rules.yaml": rules,
        "PolicyMaps/corp-directory.yaml": policy_map,
        "Lookups/department-ou.csv": "department,ou\n" + "".join(f'{d},"ou={d},ou=People,dc=example,dc=com"\n' for d in DEPARTMENTS)}
    for name, text in files.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write(text)


def measured(command, env=None, quiet=True):
    """Runs a command; returns seconds and peak memory in bytes. A failure ends the benchmark with what was printed."""
    with tempfile.TemporaryFile() as output:
        start = time.monotonic()
        process = subprocess.Popen(command, env=env, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - start
        if os.waitstatus_to_exitcode(status) != 0:
            output.seek(0)
            sys.exit(f"{' '.join(command)}\nexit {os.waitstatus_to_exitcode(status)}:\n{output.read().decode()[-4000:]}")
    return seconds, usage.ru_maxrss * 1024


class Server:
    """A fresh private slapd."""

    def __init__(self, folder, flags):
        self.folder = folder
        output = subprocess.run([os.path.join(SCRIPTS, "start.sh"), folder, "0", *flags], capture_output=True, text=True, check=True).stdout
        self.env = dict(os.environ, **dict(line.split("=", 1) for line in output.split()))
        with open(self.env["CORP_LDAP_PASSWORD_FILE"], encoding="utf-8") as file:
            self.env["CORP_LDAP_PASSWORD"] = file.read()
        self.env["LDAPTLS_CACERT"] = self.env["CORP_LDAP_CA"]
        self.login = ["-x", "-H", self.env["CORP_LDAP_URL"], "-D", SERVICE, "-y", self.env["CORP_LDAP_PASSWORD_FILE"]]

    def export(self, path):
        """Everything below People and Groups as LDIF that `ldapadd` takes, people first."""
        with open(path, "wb") as file:
            for base, condition, attributes in (("ou=People", "(objectClass=inetOrgPerson)", ["*"]), ("ou=Groups", "(objectClass=groupOfNames)", ["*"])):
                file.write(subprocess.run(
                    ["ldapsearch", "-LLL", "-o", "ldif-wrap=no", *self.login, "-b", base + ",dc=example,dc=com", condition, *attributes],
                    env=self.env, capture_output=True, check=True).stdout)

    def empty_groups(self):
        subprocess.run(
            ["ldapdelete", *self.login, "-c"], env=self.env, capture_output=True, check=False,
            input=b"".join(f"cn={n},ou=Groups,dc=example,dc=com\n".encode() for n in
                           DEPARTMENTS + ["All Staff", "Human Resources", "Contractors", "Managers", "VPN"]))

    def count(self):
        found = subprocess.run(
            ["ldapsearch", "-LLL", *self.login, "-b", "ou=People,dc=example,dc=com", "(objectClass=inetOrgPerson)", "1.1"],
            env=self.env, capture_output=True, check=True).stdout
        return found.count(b"dn:")

    def stop(self):
        subprocess.run([os.path.join(SCRIPTS, "stop.sh"), self.folder], check=True, capture_output=True)
        shutil.rmtree(self.folder)


def joiners_once(binary, folder, count, flags):
    """Seconds of birthright and of ldapadd for the same people, and birthright's peak memory."""
    home = os.path.join(folder, "home")
    configuration(home, RULES)
    write_rows(os.path.join(home, "hr", "2026-01-01.csv"), people(count))
    server = Server(os.path.join(folder, "ldap"), flags)
    try:
        time.sleep(2.1)  # the file counts as complete once it is two seconds old; that wait is not what is measured
        ours, memory = measured([binary, "sync", "hr", "--config", home], env=server.env)
        if server.count() != count:
            sys.exit(f"{server.count()} people in the directory, {count} expected")
        ldif = os.path.join(folder, "final.ldif")
        server.export(ldif)
    finally:
        server.stop()
    server = Server(os.path.join(folder, "ldap"), flags)
    try:
        server.empty_groups()
        theirs, _ = measured(["ldapadd", "-c", *server.login, "-f", ldif], env=server.env)
    finally:
        server.stop()
    shutil.rmtree(home)
    return ours, theirs, memory


def joiners(binary, scratch, count, runs, table):
    for name, flags in (("dbnosync, no overlays", ["--fast", "--no-overlays"]), ("demo's server", [])):
        times = {}
        for size in (count // 10, count):
            results = []
            for run in range(runs):
                folder = os.path.join(scratch, f"joiners-{size}-{run}")
                os.makedirs(folder)
                results.append(joiners_once(binary, folder, size, flags))
                shutil.rmtree(folder)
            times[size] = [statistics.median(column) for column in zip(*results)]
        ours, theirs, memory = times[count]
        growth = math.log10(ours / times[count // 10][0])
        table.append((f"joiners, {name}", f"{count / ours:,.0f} users/s", f"ldapadd -c {count / theirs:,.0f} users/s", f"{theirs / ours:.2f} x",
                      ">= 1.0 x", f"{memory / 1e6:.0f} MB", f"n^{growth:.2f}"))


def reader_seconds(path):
    code = "import csv,sys\nfor _ in csv.reader(open(sys.argv[1],encoding='utf-8',newline='')): pass"
    return measured([sys.executable, "-c", code, path])[0]


def rows(binary, scratch, count, runs, table):
    peaks = {}
    env = dict(os.environ, CORP_LDAP_PASSWORD="unused: nobody in this benchmark has an account")
    for size in (count // 10, count):
        home = os.path.join(scratch, f"rows-{size}")
        configuration(home, NOBODY)
        first = os.path.join(home, "hr", "2026-01-01.csv")
        write_rows(first, people(size))
        time.sleep(2.1)
        load, load_memory = measured([binary, "sync", "hr", "--config", home], env=env)
        same, same_memory, python, changed, changed_memory = [], [], [], [], []
        moved = os.path.join(scratch, "moved.csv")
        write_rows(moved, (row[:13] + ["Principal"] + row[14:] if index % 100 == 0 else row for index, row in enumerate(people(size))))
        time.sleep(2.1)
        for _ in range(runs + 1):
            seconds, memory = measured([binary, "plan", "hr", "--config", home], env=env)
            same.append(seconds)
            same_memory.append(memory)
            python.append(reader_seconds(first))
            seconds, memory = measured([binary, "plan", "hr", "--config", home, "--file", moved], env=env)
            changed.append(seconds)
            changed_memory.append(memory)
        peaks[size] = dict(load=load_memory, same=max(same_memory), changed=max(changed_memory))
        # The first run warms the page cache.
        none, theirs, small = (statistics.median(values[1:]) for values in (same, python, changed))
        if size == count:
            table.append((f"first load, {size:,} rows", f"{size / load:,.0f} rows/s", "-", "-", "-", f"{load_memory / 1e6:.0f} MB", ""))
            table.append((f"no change, {size:,} rows", f"{size / none:,.0f} rows/s", f"csv.reader {size / theirs:,.0f} rows/s", f"{theirs / none:.2f} x",
                          ">= 1.0 x", f"{max(same_memory) / 1e6:.0f} MB", f"n^{math.log10(none / small_none):.2f}"))
            table.append((f"small change (1 %), {size:,} rows", f"{small:.2f} s", f"no change {none:.2f} s", f"{small / none:.2f} x", "<= 1.3 x",
                          f"{max(changed_memory) / 1e6:.0f} MB", ""))
        small_none = none
        shutil.rmtree(home)
    for name, label in (("load", "memory, first load"), ("same", "memory, no change")):
        growth = (peaks[count][name] - peaks[count // 10][name]) / (count * 0.9)
        table.append((label, f"{peaks[count][name] / 1e6:.0f} MB", "-", f"{growth:.0f} bytes/row", "<= 200 MB, <= 64 bytes/row", "", ""))


# Another mail address for everybody (names are chosen anew, and people meet), another folder for one department, one more attribute, one rule less.
PROPOSED_MAP = POLICY_MAP.replace('first + "." + last', 'first.left(1) + "." + last') + "  description: user.?title\n"
PROPOSED_RULES = RULES.replace('"Legal"', '"None"')

READ_STORE = """\
import json, sqlite3, sys
store = sqlite3.connect("file:" + sys.argv[1] + "?mode=ro", uri=True)
count = 0
for query in ("SELECT attributes FROM users ORDER BY user_key", "SELECT document FROM accounts ORDER BY user_id"):
    for (document,) in store.execute(query):
        json.loads(document)
        count += 1
assert count == 2 * int(sys.argv[2]), count
"""


def diff(binary, scratch, count, runs, table):
    times = {}
    for size in (count // 10, count):
        home = os.path.join(scratch, f"diff-{size}")
        configuration(home, RULES)
        write_rows(os.path.join(home, "hr", "2026-01-01.csv"), people(size))
        server = Server(os.path.join(scratch, "ldap"), ["--fast", "--no-overlays"])
        try:
            time.sleep(2.1)
            measured([binary, "sync", "hr", "--config", home], env=server.env)
        finally:
            server.stop()
        proposed = os.path.join(home, "proposed")
        configuration(proposed, PROPOSED_RULES, PROPOSED_MAP)
        with open(os.path.join(proposed, "Lookups", "department-ou.csv"), "a", encoding="utf-8") as file:
            file.write('None,"ou=Legal,ou=People,dc=example,dc=com"\n')
        command = [binary, "diff", proposed, "--config", home, "--format", "json"]
        found = json.loads(subprocess.run(command, env=server.env, capture_output=True, check=True).stdout)
        mails = next(a for a in found["systems"][0]["attributes"] if a["attribute"] == "mail")
        if found["users"] != size or mails["changed"] < size * 0.9:
            sys.exit(f"diff saw {found['users']} people and {mails['changed']} new mail addresses of {size}")
        results = [measured(command, env=server.env) for _ in range(runs)]
        reading = [measured([sys.executable, "-c", READ_STORE, os.path.join(home, "store.sqlite"), str(size)])[0] for _ in range(runs)]
        times[size] = [statistics.median(column) for column in zip(*results)] + [statistics.median(reading)]
        shutil.rmtree(home)
    ours, memory, theirs = times[count]
    growth = math.log10(ours / times[count // 10][0])
    table.append((f"diff of configurations, {count:,} people", f"{ours:.1f} s, {count / ours:,.0f} people/s", f"Python reading the store {theirs:.1f} s",
                  f"{theirs / ours:.2f} x", f"<= {60 * count / 100_000:.0f} s", f"{memory / 1e6:.0f} MB", f"n^{growth:.2f}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary")
    parser.add_argument("which", nargs="*", default=["joiners", "rows", "diff", "evaluation"])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--known", type=int, default=100_000)
    options = parser.parse_args()
    # Before minutes are spent on the others.
    if "evaluation" in options.which and not os.path.exists(os.path.join(os.path.dirname(os.path.abspath(options.binary)), "EvaluationBench")):
        sys.exit(f"there is no EvaluationBench beside {options.binary}: swift build -c release --product EvaluationBench")
    expressions = []
    table = [("bench", "ours", "yardstick", "ratio", "goal", "peak", "growth")]
    with tempfile.TemporaryDirectory(prefix="birthright-bench-") as scratch:
        if "joiners" in options.which:
            joiners(options.binary, scratch, options.people, options.runs, table)
        if "rows" in options.which:
            rows(options.binary, scratch, options.rows, options.runs, table)
        if "diff" in options.which:
            diff(options.binary, scratch, options.known, options.runs, table)
        if "evaluation" in options.which:
            expressions = evaluation(options.binary, scratch, options.runs, table)
    print(f"median of {options.runs}, load average {os.getloadavg()[0]:.2f}, {os.cpu_count()} cores, "
          f"{subprocess.run(['ldapsearch', '-VV'], capture_output=True, text=True).stderr.split('(')[0].strip() or 'ldapsearch'}, Python {sys.version.split()[0]}")
    show(table)
    if expressions:
        print()
        show(expressions)


def show(table):
    widths = [max(len(row[column]) for row in table) for column in range(len(table[0]))]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


if __name__ == "__main__":
    main()
