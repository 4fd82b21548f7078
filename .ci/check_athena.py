"""Reads every Athena query of `rulecast compile --format json` with sqlglot, which shares no code with the emitter.

    check_athena.py FILE…

Each must be one statement that is a query. Prints counts per file; fails on any error, and where a file holds no query.
"""

import collections
import json
import logging
import sys

import sqlglot
from sqlglot import ErrorLevel, exp


def problem(sql):
    """What is wrong with a query, or None."""
    try:
        statements = [s for s in sqlglot.parse(sql, read="athena", error_level=ErrorLevel.RAISE) if s is not None]
    except sqlglot.errors.SqlglotError as error:
        return str(error).splitlines()[0]
    if len(statements) != 1:
        return f"{len(statements)} statements instead of one"
    # What sqlglot does not understand as a whole becomes an `exp.Command` of plain text.
    if not isinstance(statements[0], exp.Query):
        return f"no query, but {type(statements[0]).__name__}"
    return None


def check(path):
    """Prints what is wrong in a file, and a line of counts. Gives whether all is well."""
    fidelities = collections.Counter()
    queries = errors = 0
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            output = json.loads(line)
            fidelities[output["fidelity"]] += 1
            if output["query"] is None:
                continue
            queries += 1
            if message := problem(output["query"]):
                errors += 1
                print(f"{output['rule']['path']}: {message}")
    counts = ", ".join(f"{n} {fidelity}" for fidelity, n in sorted(fidelities.items()))
    print(f"{path}: {queries} queries, {errors} errors ({counts})")
    return queries > 0 and errors == 0


def main(paths):
    logging.disable(logging.WARNING)
    return 0 if paths and all([check(path) for path in paths]) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
