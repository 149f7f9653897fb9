# SPDX-License-Identifier: MIT
"""What run.py, watch.py and migrate.py share: processes and what they cost, real servers, pairs in turn, the table."""
import http.client
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import threading
import time
import urllib.request

PAIRS = 9


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """One finished process: CPU and wall seconds; peak memory in MB when it is wanted, looked at ten times a second."""

    def __init__(self, command, with_memory=False, **options):
        self.memory = 0.0
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
        if with_memory:
            threading.Thread(target=self.look_at_memory, args=(process.pid,), daemon=True).start()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"bench: {command} ended with {process.returncode}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.wall = time.monotonic() - start

    def look_at_memory(self, pid):
        """The kernel's own figure for a process that has ended begins with what Python had when it was forked."""
        try:
            while True:
                self.memory = memory_of(pid, "VmHWM")
                time.sleep(0.1)
        except (OSError, StopIteration):
            pass  # it has ended


class Part:
    """A server that a script of tests/parts starts in a folder."""

    def __init__(self, script, folder):
        self.script, self.folder = str(pathlib.Path(__file__).parent.parent / "parts" / script), str(folder)
        self.url = self.script_prints("start", self.folder)
        self.connection = http.client.HTTPConnection(self.url.removeprefix("http://"))

    def script_prints(self, *words):
        environment = {**os.environ, "HAINGEST_PART_OWNER": str(os.getpid())}
        return subprocess.run([self.script, *words], check=True, stdout=subprocess.PIPE, text=True,
                              env=environment).stdout.strip()

    def ask(self, method, path):
        self.connection.request(method, path)
        return self.connection.getresponse().read()

    def cpu(self):
        return cpu_of(int((pathlib.Path(self.folder) / "pid").read_text()))

    def stop(self):
        self.connection.close()
        self.script_prints("stop", self.folder)


def in_turn(ours, theirs, pairs=PAIRS):
    """Both once to warm up, then `pairs` times in turn: (medians, median ratio)."""
    ours(), theirs()
    results = [(ours(), theirs()) for _ in range(pairs)]
    a, b = (statistics.median(column) for column in zip(*results))
    return a, b, statistics.median(x / y for x, y in results)


def in_two_threads(work):
    """Seconds until both have come to an end."""
    threads = [threading.Thread(target=work) for _ in range(2)]
    start = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.monotonic() - start


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(url):
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(url) as answer:
                return answer.read()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def virtual_environment(folder, packages):
    """Its Python; made once."""
    python = folder / "bin" / "python"
    if not (folder / "complete").exists():
        say(f"  installing {', '.join(packages)} into a virtual environment ...")
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *packages], check=True)
        (folder / "complete").touch()
    return str(python)


def cpu_of(pid):
    """Seconds of user and system time, of all its threads."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid, field="VmRSS"):
    """In MB; VmHWM is the most it ever had."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(field + ":")) / 1024


class Table:
    def __init__(self):
        self.rows = []

    def add(self, what, figure, budget="-", fine=None):
        verdict = "" if fine is None else ("yes" if fine else "NO")
        self.rows.append((what, figure, budget, verdict))
        say(f"  {what}: {figure} (budget {budget}) {verdict}")

    def markdown(self):
        lines = ["| what | measured | budget | kept |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"
