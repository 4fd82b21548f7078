"""Runs the emitted Athena queries on a Trino: `python3 verify/trino/check.py [path of the rulecast program]`.

1. Every query of rules/, and of the rule library beside the repository where it is there, executes without an error.
2. The seed rule gives exactly its one row over the real events, and none without the log that the row comes from.
3. For each rule in rules/ the number of rows over the real events is that of expected.tsv (`--write` makes it anew).
"""

import json
import pathlib
import re
import subprocess
import sys

import tables
from engine import Engine, Unavailable

ROOT = tables.ROOT
EXPECTED = pathlib.Path(__file__).with_name("expected.tsv")
SHARED = ROOT.parent / "shared" / "corpus"
SEED = "aws_lambda_updatefunctioncode"
SEED_LOG = "aws.persistence.lambda-overwrite-code.json"
SEED_ROW = {"signature": "UpdateFunctionCode20150331v2", "dest": "lambda.amazonaws.com", "user": "christophe", "count": 1,
            "firstTime": "2024-08-01T13:52:02", "lastTime": "2024-08-01T13:52:02"}


def queries(program, path, *options):
    """Name and query of each rule that has one for Athena."""
    command = [program, "compile", "--target", "athena", "--format", "json", *options, str(path)]
    lines = subprocess.run(command, capture_output=True, text=True).stdout.splitlines()
    outputs = [json.loads(line) for line in lines]
    return [(pathlib.Path(o["rule"]["path"]).stem, o["query"]) for o in outputs if o["query"]]


class Check:
    def __init__(self, engine):
        self.engine, self.passed, self.failed = engine, 0, 0

    def that(self, holds, what):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {what}")

    def execute(self, name, query):
        """The answer; tables of lookups whose rows are not known are made when a query misses them."""
        answer = self.engine.run(query)
        while "error" in answer:
            missing = re.search(r"Table 'memory\.default\.([^']+)' does not exist", answer["error"])
            if not missing:
                break
            tables.lookup(self.engine, missing[1], query)
            self.made.append(missing[1])
            answer = self.engine.run(query)
        self.that("error" not in answer, f"{name}: {answer.get('error')}")
        return answer

    def all(self, title, items):
        found = {}
        for name, query in items:
            self.made = []
            found[name] = self.execute(name, query)
            for table in self.made:
                self.engine.must(f'DROP TABLE "{table}"')
        print(f"{title}: {len(items)} queries")
        self.that(items, f"{title}: no query at all")
        return found


def main():
    write = "--write" in sys.argv
    given = [a for a in sys.argv[1:] if not a.startswith("--")]
    program = given[0] if given else str(ROOT / "target" / "release" / "rulecast")
    logs = sorted((SHARED / "cloudtrail").glob("*.json"))
    try:
        with Engine() as engine:
            check = Check(engine)
            print(f"{tables.cloudtrail(engine, logs)} events of {len(logs)} logs")
            tables.others(engine)
            rules = queries(program, ROOT / "rules", "--all-time")
            answers = check.all("rules/, over all time", rules)
            check.all("rules/, in their time windows", queries(program, ROOT / "rules"))
            if not logs:
                print("skipped: the real events and rules beside the repository are not there")
            else:
                counts = {name: len(answer.get("rows", [])) for name, answer in answers.items()}
                text = "".join(f"{name}\t{count}\n" for name, count in sorted(counts.items()))
                if write:
                    EXPECTED.write_text(text)
                check.that(EXPECTED.read_text() == text, f"the rows of rules/ are not those of {EXPECTED.name}:\n{text}")
                names = [c["name"] for c in answers[SEED]["columns"]]
                rows = [dict(zip(names, row)) for row in answers[SEED]["rows"]]
                same = len(rows) == 1 and all(rows[0][key] == value for key, value in SEED_ROW.items())
                check.that(same, f"the seed rule gives {rows}")
                check.all("the library, over all time", queries(program, SHARED / "escu" / "detections", "--all-time"))
                tables.cloudtrail(engine, [log for log in logs if log.name != SEED_LOG])
                rest = engine.must(dict(rules)[SEED])
                check.that(rest == [], f"the seed rule gives {rest} without {SEED_LOG}")
    except Unavailable as reason:
        print(f"skipped: {reason}")
        return
    print(f"{check.passed} passed, {check.failed} failed")
    sys.exit(1 if check.failed else 0)


main()
