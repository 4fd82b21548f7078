"""An embedded Trino as a child process: fetched by Maven, compiled once, spoken to over its standard streams."""

import json
import os
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "target" / "trino"
JVM = ["-Xmx3g", "-Djdk.attach.allowAttachSelf=true", "-Duser.timezone=UTC", "-Dfile.encoding=UTF-8",
       "--add-opens=java.base/java.lang=ALL-UNNAMED", "--add-opens=java.base/java.nio=ALL-UNNAMED"]


class Unavailable(Exception):
    """Java or the jars can't be had here."""


def tool(name):
    home = os.environ.get("JAVA_HOME")
    found = os.path.join(home, "bin", name) if home else None
    found = found if found and os.path.exists(found) else shutil.which(name)
    if not found:
        raise Unavailable(f"`{name}` is not installed")
    return found


def build():
    """Puts the jars and the compiled runner into target/trino."""
    lib, classes = CACHE / "lib", CACHE / "classes"
    if not list(lib.glob("trino-main-*.jar")):
        maven = shutil.which("mvn")
        if not maven:
            raise Unavailable("Maven is not installed")
        CACHE.mkdir(parents=True, exist_ok=True)
        command = [maven, "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies", f"-DoutputDirectory={lib}"]
        if subprocess.run(command, cwd=CACHE).returncode != 0:
            shutil.rmtree(lib, ignore_errors=True)
            raise Unavailable("Maven can't fetch Trino's artifacts")
    runner = classes / "Runner.class"
    if not runner.exists() or runner.stat().st_mtime < (HERE / "Runner.java").stat().st_mtime:
        classes.mkdir(parents=True, exist_ok=True)
        subprocess.run([tool("javac"), "-nowarn", "-cp", f"{lib}/*", "-d", str(classes), str(HERE / "Runner.java")],
                       check=True, stderr=subprocess.DEVNULL)
    return f"{classes}:{lib}/*"


class Engine:
    """A running Trino; use it in a `with` statement, which ends it."""

    def __enter__(self):
        path = build()
        log = open(CACHE / "runner.log", "w")
        command = [tool("java"), *JVM, "-cp", path, "Runner"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def run(self, sql):
        """The answer to a statement: `columns` and `rows`, or `error`."""
        self.process.stdin.write(json.dumps({"sql": sql}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"Trino has died; see {CACHE.name}/runner.log")
        return json.loads(line)

    def must(self, sql):
        answer = self.run(sql)
        if "error" in answer:
            raise SystemExit(f"{answer['error']}\n{sql[:2000]}")
        return answer["rows"]
