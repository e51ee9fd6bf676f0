#!/usr/bin/env python3
"""Times expressions with cel-cpp (PyPI cel-expr-python): JSON {"groups": [{bindings, expressions}]} in, JSON out. Run by bench.py.

Each expression is compiled once and evaluated often, in a loop in Python, with an activation made once. What an evaluation costs before it
evaluates anything (the call from Python, the result as a Python object) is measured with the expression `true`.
"""
import json
import statistics
import sys
import time

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings, ext_encoders, ext_math, ext_optional, ext_strings

EXTENSIONS = [ext_bindings.ExtBindings, ext_encoders.ExtEncoders, ext_math.ExtMath, ext_optional.ExtOptional, ext_strings.ExtStrings]


def type_of(value):
    if isinstance(value, bool):
        return cel.Type.BOOL
    if isinstance(value, int):
        return cel.Type.INT
    if isinstance(value, str):
        return cel.Type.STRING
    if isinstance(value, list):
        return cel.Type.List(type_of(value[0]) if value else cel.Type.DYN)
    kinds = {type_of(each).name() for each in value.values()}
    members = list(value.values())
    return cel.Type.Map(cel.Type.STRING, type_of(members[0]) if len(kinds) == 1 else cel.Type.DYN)


def nanoseconds(call):
    """Processor time of one call: the median of seven measurements of about 30 ms each, after one that warms up."""
    count = 1
    while True:
        start = time.process_time_ns()
        for _ in range(count):
            call()
        if time.process_time_ns() - start >= 30e6:
            break
        count *= 2
    times = []
    for _ in range(7):
        start = time.process_time_ns()
        for _ in range(count):
            call()
        times.append((time.process_time_ns() - start) / count)
    return statistics.median(times)


def text_of(value):
    try:
        return str(value.plain_value())
    except TypeError:  # an optional: the wrapper has no Python object for it
        return None


def measured(group):
    environment = cel.NewEnv(
        variables={name: type_of(value) for name, value in group["bindings"].items()}, extensions=[each() for each in EXTENSIONS])
    activation = environment.Activation(group["bindings"])
    results = []
    for source in ["true"] + group["expressions"]:
        try:
            expression = environment.compile(source)
            value = expression.eval(activation)
        except Exception as error:  # the wrapper has no exception of its own
            results.append({"source": source, "refused": str(error).splitlines()[0]})
            continue
        results.append({"source": source, "nanoseconds": nanoseconds(lambda: expression.eval(activation)), "value": text_of(value)})
    return results


def main():
    print(json.dumps([measured(group) for group in json.load(sys.stdin)["groups"]]))


if __name__ == "__main__":
    main()
