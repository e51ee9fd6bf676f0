#!/usr/bin/env python3
"""Seeds for libFuzzer: seeds.py LAW FOLDER

Expressions of the shipped maps, of the benchmark's list and, where BIRTHRIGHT_CONFORMANCE names it, of the public suite; the YAML files of the
sample company; its HR files, cut short. What was found before stands in `Found/` and is added.
"""
import glob
import hashlib
import json
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))


def yaml_files():
    return [path for pattern in ("PolicyMaps/*.yaml", "SampleData/*.yaml", "Tests/StoryTests/**/*.yaml", "Tests/CrashTests/**/*.yaml")
            for path in glob.glob(os.path.join(ROOT, pattern), recursive=True) if not path.endswith(".tests.yaml")]


def read(path):
    with open(path, "rb") as file:
        return file.read()


def expressions():
    """Every YAML scalar may be one: those that are not make seeds, too."""
    for path in yaml_files():
        for line in read(path).decode().splitlines():
            match = re.match(r"\s*(?:- )?(?:[\w.]+:\s+)?(.*\S)", line)
            if match and not match[1].startswith("#"):
                yield re.sub(r"\s+#.*$", "", match[1]).strip("'").encode()
    for each in json.loads(read(os.path.join(ROOT, "Tests", "Benchmarks", "expressions.json")))["expressions"]:
        yield each["source"].encode()
    suite = os.environ.get("BIRTHRIGHT_CONFORMANCE", os.path.join(os.path.dirname(ROOT), "shared", "conformance"))
    for path in glob.glob(os.path.join(suite, "cel", "*.json")):
        for each in json.loads(read(path)):
            yield each["expr"].encode()


def seeds(law):
    if law in ("parser", "checker", "evaluator"):
        yield from expressions()
    elif law == "configuration":
        for path in yaml_files() + glob.glob(os.path.join(ROOT, "SampleData", "Lookups", "*.csv")):
            yield read(path)
    else:
        for path in glob.glob(os.path.join(ROOT, "SampleData", "**", "*.csv"), recursive=True):
            yield b"\n".join(read(path).split(b"\n")[:6])
        for path in glob.glob(os.path.join(os.environ.get("BIRTHRIGHT_CONFORMANCE", ""), "csv", "csvs", "*.csv")):
            yield read(path)
    for path in glob.glob(os.path.join(HERE, "Found", law, "*")):
        yield read(path)


def main():
    law, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    for seed in set(seeds(law)):
        with open(os.path.join(folder, hashlib.sha1(seed).hexdigest()), "wb") as file:
            file.write(seed)


if __name__ == "__main__":
    main()
