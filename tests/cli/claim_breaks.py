#!/usr/bin/env python3
"""A claim holds, and its mutation makes the lines named fail.

    claim_breaks.py PROGRAM NAME KEY[,KEY...] [ARGUMENT...]

The arguments go to renorm claims, both times.
"""
import json
import subprocess
import sys
import tempfile


def claim(*arguments):
    with tempfile.TemporaryDirectory(prefix="renorm-claim-") as folder:
        done = subprocess.run([PROGRAM, "claims", NAME, "--json", "-q", "-o", folder + "/out",
                               *ARGUMENTS, *arguments], capture_output=True, text=True, timeout=1100)
    if done.returncode not in (0, 1):
        sys.exit(f"status {done.returncode}\n{done.stderr}")
    found = json.loads(done.stdout)
    print(f"{NAME} {' '.join(arguments)}: {found['verdict']}")
    for line in found["lines"]:
        print(f"  {line['key']}: {line['theory']} {line['measured']} [{line['low']}, {line['high']}] "
              f"accepted [{line['at_least']}, {line['at_most']}]: {line['verdict']}")
    return done.returncode, found


PROGRAM, NAME, KEYS, ARGUMENTS = sys.argv[1], sys.argv[2], sys.argv[3].split(","), sys.argv[4:]
status, found = claim()
if status != 0 or found["verdict"] != "holds":
    sys.exit("it does not hold")
status, found = claim("--mutate")
verdicts = {line["key"]: line["verdict"] for line in found["lines"]}
wrong = [key for key in KEYS if verdicts.get(key) != "fails"]
if status != 1 or found["verdict"] != "fails" or wrong:
    sys.exit(f"the mutation does not break {wrong or 'it'}")
