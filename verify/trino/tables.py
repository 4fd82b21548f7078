"""The tables that emitted queries read: CloudTrail's as AWS documents it, the others from the schemas of targets/sources."""

import json
import pathlib
import re
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
S = "varchar"
MAP = "map"
USER_IDENTITY = [
    ("type", S), ("principalid", S), ("arn", S), ("accountid", S), ("invokedby", S), ("accesskeyid", S), ("username", S),
    ("onbehalfof", [("userid", S), ("identitystorearn", S)]),
    ("sessioncontext", [
        ("attributes", [("mfaauthenticated", S), ("creationdate", S)]),
        ("sessionissuer", [("type", S), ("principalid", S), ("arn", S), ("accountid", S), ("username", S)]),
        ("ec2roledelivery", S),
        ("webidfederationdata", [("federatedprovider", S), ("attributes", MAP)])])]


def texts(names):
    return [(name, S) for name in names.split()]


# In the order of AWS's documentation; the partition column last.
CLOUDTRAIL = [
    ("eventversion", S), ("useridentity", USER_IDENTITY),
    *texts("eventtime eventsource eventname awsregion sourceipaddress useragent errorcode errormessage"),
    *texts("requestparameters responseelements additionaleventdata requestid eventid readonly"),
    ("resources", ("array", texts("arn accountid type"))),
    *texts("eventtype apiversion recipientaccountid serviceeventdetails sharedeventid vpcendpointid vpcendpointaccountid"),
    ("eventcategory", S), ("addendum", texts("reason updatedfields originalrequestid originaleventid")),
    *texts("sessioncredentialfromconsole edgedevicedetails"),
    ("tlsdetails", texts("tlsversion ciphersuite clientprovidedhostheader")), ("timestamp", S)]
PHYSICAL = {"varchar": "varchar", "bigint": "bigint", "double": "double", "boolean": "boolean", "iso8601": "varchar",
            "timestamp": "timestamp(3)", "epoch_millis": "bigint", "epoch_seconds": "bigint",
            "varchar_array": "array(varchar)"}


class Number(str):
    """A JSON number, kept as it was written."""


def sql_type(t):
    if t == S:
        return "varchar"
    if t == MAP:
        return "map(varchar, varchar)"
    if isinstance(t, tuple):
        return f"array({sql_type(t[1])})"
    return "ROW(" + ", ".join(f'"{name}" {sql_type(x)}' for name, x in t) + ")"


def compact(value):
    """JSON text as in the log: order and spelling of numbers kept, no blanks."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(json.dumps(k, ensure_ascii=False) + ":" + compact(x) for k, x in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def shape(value, t):
    """A value in the form that a cast from JSON takes: rows by position, members without case."""
    if value is None:
        return None
    if t == S:
        return str(value) if isinstance(value, str) else compact(value)
    if t == MAP:
        return {k: shape(x, S) for k, x in value.items()} if isinstance(value, dict) else None
    if isinstance(t, tuple):
        return [shape(x, t[1]) for x in (value if isinstance(value, list) else [value])]
    if not isinstance(value, dict):
        return None
    lower = {k.lower(): x for k, x in value.items()}
    return [shape(lower.get(name), x) for name, x in t]


def events(path):
    return json.loads(path.read_text(), parse_int=Number, parse_float=Number)


def row(event):
    lower = {k.lower(): v for k, v in event.items()}
    lower["timestamp"] = lower["eventtime"][:10].replace("-", "/")
    return [shape(lower.get(name), t) for name, t in CLOUDTRAIL]


def cloudtrail(engine, logs):
    """Makes `cloudtrail_logs` anew, with the events of some logs."""
    columns = ", ".join(f'"{name}" {sql_type(t)}' for name, t in CLOUDTRAIL)
    engine.must("DROP TABLE IF EXISTS cloudtrail_logs")
    engine.must(f"CREATE TABLE cloudtrail_logs ({columns})")
    rows = [row(event) for log in logs for event in events(log)]
    for start in range(0, len(rows), 50):
        literals = ", ".join("('" + json.dumps(r).replace("'", "''") + "')" for r in rows[start:start + 50])
        engine.must(f"INSERT INTO cloudtrail_logs SELECT r.* FROM (VALUES {literals}) v(j) "
                    f"CROSS JOIN UNNEST(ARRAY[CAST(json_parse(j) AS {sql_type(CLOUDTRAIL)})]) r")
    return len(rows)


def put(tree, path, leaf):
    *parents, last = path.split(".")
    for parent in parents:
        tree = tree.setdefault(parent, {})
    if not isinstance(tree.get(last), dict):
        tree[last] = leaf


def nested(tree):
    if isinstance(tree, str):
        return tree
    return "row(" + ", ".join(f'"{name}" {nested(x)}' for name, x in tree.items()) + ")"


def others(engine):
    """Empty tables for all schemas but CloudTrail's."""
    for path in sorted((ROOT / "targets" / "sources").glob("*.toml")):
        section = tomllib.loads(path.read_text()).get("target", {}).get("athena")
        if not section or section["table"] == "cloudtrail_logs":
            continue
        tree = {}
        put(tree, section["time"], PHYSICAL[section["time_type"]])
        for place in section.get("columns", {}).values():
            put(tree, *((place, "varchar") if isinstance(place, str) else (place["column"], PHYSICAL[place["type"]])))
        for column in section.get("json", {}).values():
            put(tree, column, "varchar")
        for column in section.get("maps", {}).values():
            put(tree, column, "map(varchar, varchar)")
        for array in section.get("arrays", {}).values():
            element = {}
            for member in array["members"].values():
                put(element, member, "varchar")
            put(tree, array["column"], f"array({nested(element)})")
        if "." in section["table"]:
            engine.must(f"CREATE SCHEMA IF NOT EXISTS memory.{section['table'].split('.')[0]}")
        engine.must(f"CREATE TABLE {section['table']} (" + ", ".join(f'"{n}" {nested(x)}' for n, x in tree.items()) + ")")


def lookup(engine, name, query):
    """A table for a lookup whose rows are not known, with every column that the query casts to text."""
    columns = {c.strip('"').lower() for c in re.findall(r'CAST\(("[^"]+"|\w+) AS VARCHAR\)', query)}
    engine.must(f'CREATE TABLE "{name}" (' + ", ".join(f'"{c}" varchar' for c in sorted(columns)) + ")")
