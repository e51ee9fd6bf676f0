"""The benchmark `evaluation`: the policy language beside cel-cpp, Google's C++ implementation, through its Python package. See bench.py.

cel-cpp is called from Python. What a call costs before anything is evaluated is measured with the expression `true` and taken off its times:
what remains is compared with ours, from which nothing is taken off. Both sides count processor time of one thread.
"""
import json
import math
import os
import statistics
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
PACKAGE = "cel-expr-python"
HR_FILE = os.path.join("hr", "2026-03-02.csv")


def yardstick(scratch):
    """A Python with cel-cpp in it; nil when it cannot be had."""
    home = os.path.join(scratch, "cel-cpp")
    python = os.path.join(home, "bin", "python")
    for command in ([sys.executable, "-m", "venv", home], [python, "-m", "pip", "install", "--quiet", PACKAGE]):
        if subprocess.run(command, capture_output=True, check=False).returncode != 0:
            return None
    return python


def ours_once(program):
    sample = os.path.join(ROOT, "SampleData")
    command = [program, sample, os.path.join(sample, HR_FILE), os.path.join(HERE, "expressions.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def theirs_once(python, groups):
    done = subprocess.run([python, os.path.join(HERE, "cel_cpp.py")], input=json.dumps({"groups": groups}), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def compared(ours, theirs):
    """[(name, our ns, their ns with the call, without it)] for the expressions that cel-cpp takes; the last two are None for others."""
    overhead = theirs[0]["nanoseconds"]
    for expression, other in zip(ours, theirs[1:]):
        raw = other.get("nanoseconds")
        yield expression["name"], expression["nanoseconds"], raw, None if raw is None else raw - overhead


def evaluation(binary, scratch, runs, table):
    """Adds lines to the table; returns a table of its own, one line per expression."""
    program = os.path.join(os.path.dirname(binary), "EvaluationBench")
    python = yardstick(scratch)
    with open(os.path.join(HERE, "expressions.json"), encoding="utf-8") as file:
        bindings = json.load(file)["bindings"]
    accounts, compilations, lines, overheads = [], {}, {}, []
    for _ in range(runs):
        ours = ours_once(program)
        accounts.append(ours["account"])
        for each in ours["compilation"]:
            compilations.setdefault(each["count"], []).append(each["seconds"])
        parts = [[e for e in ours["expressions"] if e["isOfMap"] == is_of_map] for is_of_map in (True, False)]
        groups = [{"bindings": values, "expressions": [e["source"] for e in part]} for values, part in zip((ours["bindings"], bindings), parts)]
        theirs = theirs_once(python, groups) if python else [[{"nanoseconds": 0}] + [{} for _ in part] for part in parts]
        overheads += [results[0]["nanoseconds"] for results in theirs]
        for part, results in zip(parts, theirs):
            for name, *times in compared(part, results):
                lines.setdefault(name, []).append(times)
    middle = {name: [None if None in column else statistics.median(column) for column in zip(*times)] for name, times in lines.items()}
    slower = [name for name, (own, _, net) in middle.items() if net is not None and net < own and own > 20]
    known = sum(net is not None for _, _, net in middle.values())
    table.append((f"evaluation, {ours['map']}, one user", f"{statistics.median(accounts) / 1000:.2f} us", "-", "-", "< 5 us", "", ""))
    table.append((f"evaluation, {len(middle)} expressions", f"{len(slower)} slower", f"cel-cpp takes {known}" if python else f"no {PACKAGE}",
                  "see below", "none slower", "", ""))
    few, many = (statistics.median(compilations[count]) for count in sorted(compilations))
    counts = sorted(compilations)
    table.append((f"compile and check {counts[1]:,} expressions", f"{many:.3f} s", "-", "-", "< 0.5 s", "",
                  f"n^{math.log(many / few) / math.log(counts[1] / counts[0]):.2f}"))
    return list(expression_table(middle, statistics.median(overheads)))


def expression_table(middle, overhead):
    yield ("expression", "ours, ns", "cel-cpp, ns", f"cel-cpp without the call ({overhead:,.0f} ns)", "ratio")
    for name, (own, raw, net) in middle.items():
        if net is None:
            yield (name, f"{own:,.0f}", "-", "uses our library", "")
        else:
            yield (name, f"{own:,.0f}", f"{raw:,.0f}", f"{net:,.0f}", f"{net / own:.1f} x" if net > 0 else "within the noise")
