"""Figures that tests write, checked against their limits: what `figures-engine-outside` and `test-shell` share.

A test that measures writes lines `NAME NUMBER` into a file in `figures/FOLDER` of cargo's target folder.
"""

import json
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target")


def run(command):
    """Exit code and standard output of a command, which says on standard error what it does."""
    print(f"figures: {' '.join(command)}", file=sys.stderr)
    said = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    return said.returncode, said.stdout


def lines_of(place, text):
    for line in text.splitlines():
        try:
            name, number = line.split()
            yield name, json.loads(number)
        except ValueError:
            sys.exit(f"figures: {place}: `{line}` is not of the form NAME NUMBER")


def by_tests(folder, name):
    """Runs the tests with this in their names: what they wrote, and what was wrong."""
    parts = os.path.join(TARGET, "figures", folder)
    shutil.rmtree(parts, ignore_errors=True)
    os.makedirs(parts)
    # One after the other: some measure memory and time.
    status, _ = run(
        ["cargo", "nextest", "run", "--release", "--workspace", "-j", "1", "-E", f"test(/{name}/)"]
    )
    figures, faults = {}, [] if status == 0 else ["tests that measure failed, or there are none"]
    for part in sorted(os.listdir(parts)):
        with open(os.path.join(parts, part), encoding="utf-8") as file:
            for name, number in lines_of(part, file.read()):
                if name in figures:
                    faults.append(f"{name} was written by two tests")
                figures[name] = number
    return figures, faults


def publish(out, figures, faults, limits, left_out=()):
    """Writes the figures, prints them with their limits (name, least, most, what), and returns the exit code."""
    path = os.path.join(ROOT, out)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        json.dump(figures, file, indent=2)
        file.write("\n")
    for name, least, most, what in limits:
        value = figures.get(name)
        if most is None:
            limit = "" if least in (0, 1) else f"from {least}"
        else:
            limit = f"{most}" if least in (0, 1) else f"{least} to {most}"
        if value is None and name in left_out:
            print(f"{name:28} {'left out':>10}  {limit:>12}  {what}")
            continue
        if value is None:
            faults.append(f"{name} is missing")
        elif not (least <= value and (most is None or value <= most)):
            faults.append(f"{name} is {value}, the limit {limit}")
        print(f"{name:28} {value if value is not None else 'missing':>10}  {limit:>12}  {what}")
    print(f"written to {out}")
    for fault in faults:
        print(f"figures: {fault}", file=sys.stderr)
    return 1 if faults else 0
