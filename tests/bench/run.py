#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""run.py BUILD CACHE [--markdown FILE]: measures haingest against the budgets, side by side in one run.

Each pair runs in turn (A B A B ...), so that a machine whose speed drifts is fair to both; what counts is the median
of the pairs' ratios. CPU is user + system of the whole process, from the kernel's own accounting."""
import argparse
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

PAIRS = 9
WRK = ["wrk", "-t1", "-c8", "-d4s"]


def say(text):
    print(text, file=sys.stderr, flush=True)


class Run:
    """One finished process: CPU and wall seconds, peak memory in MB."""

    def __init__(self, command, **options):
        start = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, **options)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise SystemExit(f"bench: {command} ended with {process.returncode}")
        self.cpu = usage.ru_utime + usage.ru_stime
        self.wall = time.monotonic() - start
        self.memory = usage.ru_maxrss / 1024


def in_turn(ours, theirs, pairs=PAIRS):
    """Both once to warm up, then `pairs` times in turn: (medians, median ratio)."""
    ours(), theirs()
    results = [(ours(), theirs()) for _ in range(pairs)]
    a, b = (statistics.median(column) for column in zip(*results))
    return a, b, statistics.median(x / y for x, y in results)


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


def requests_per_second(url):
    out = subprocess.run(WRK + [url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in out:
        raise SystemExit(f"bench: {url} answered with errors:\n{out}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


class Bench:
    def __init__(self, build, cache, folder):
        self.build, self.cache, self.folder = build, cache, folder
        self.haingest = str(build / "haingest")
        self.bare = str(build / "tests" / "bench_bare")
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
        self.rows = []

    def add(self, what, figure, budget, fine=None):
        verdict = "" if fine is None else ("yes" if fine else "NO")
        self.rows.append((what, figure, budget, verdict))
        say(f"  {what}: {figure} (budget {budget}) {verdict}")

    def path(self, name):
        return str(self.folder / name)

    def dump_house(self, name, devices, entities):
        subprocess.run([str(self.build / "tests" / "ha-simulator"), "--devices", str(devices), "--entities",
                        str(entities), "--dump", self.path(name)], check=True)

    def forget(self, database):
        for suffix in ("", "-wal", "-shm", "-lock"):
            pathlib.Path(database + suffix).unlink(missing_ok=True)

    def haingest_run(self, *arguments):
        return Run([self.haingest, *arguments], env=self.environment)

    def sync(self):
        self.dump_house("house.json", 1000, 10000)
        house, ours, theirs = self.path("house.json"), self.path("ours.db"), self.path("theirs.db")
        empty = self.path("empty.db")
        subprocess.run([self.bare, "prepare", empty], check=True)

        def first():
            self.forget(ours)
            return self.haingest_run("sync", "--from", house, "--db", ours).cpu

        def bare_first():
            self.forget(theirs)
            shutil.copy(empty, theirs)
            return Run([self.bare, "first", house, theirs]).cpu

        a, b, ratio = in_turn(first, bare_first)
        self.add("first sync, 1 000 devices + 10 000 entities: CPU over a bare program's",
                 f"{ratio:.2f} ({a * 1000:.0f} ms, {b * 1000:.0f} ms)", "<= 1.5", ratio <= 1.5)
        a, b, ratio = in_turn(lambda: self.haingest_run("sync", "--from", house, "--db", ours).cpu,
                              lambda: Run([self.bare, "repeat", house, theirs]).cpu)
        self.add("repeated sync, nothing changed: CPU over a bare program's",
                 f"{ratio:.2f} ({a * 1000:.0f} ms, {b * 1000:.0f} ms)", "<= 1.5", ratio <= 1.5)
        parsed = json.loads(subprocess.run([self.bare, "parse", house], check=True, capture_output=True).stdout)
        rate, speed = parsed["records"] / parsed["seconds"], parsed["dom_seconds"] / parsed["seconds"]
        self.add("registries parsed into records",
                 f"{rate:,.0f} records/s, {parsed['bytes'] / parsed['seconds'] / 1e6:.0f} MB/s, "
                 f"{speed:.1f} x nlohmann's DOM (which makes none)", "-")

    def serve(self):
        self.dump_house("small.json", 94, 420)
        database = self.path("serve.db")
        self.haingest_run("sync", "--from", self.path("small.json"), "--db", database)
        port = free_port()
        server = subprocess.Popen([self.haingest, "serve", "--db", database, "--listen", f"127.0.0.1:{port}"],
                                  env=self.environment, stderr=subprocess.DEVNULL)
        others = []
        try:
            url = f"http://127.0.0.1:{port}/api/devices"
            body = wait_for(url)
            self.memory_of(server.pid)
            nginx, nginx_url = self.start_nginx(body)
            others.append(nginx)
            a, b, ratio = in_turn(lambda: requests_per_second(url), lambda: requests_per_second(nginx_url), 5)
            self.add("/api/devices (94 devices), keep-alive: requests/s over nginx with the same bytes from a file",
                     f"{ratio:.2f} ({a:,.0f}/s, {b:,.0f}/s)", ">= 0.9", ratio >= 0.9)
            fastapi, fastapi_url = self.start_fastapi(database)
            others.append(fastapi)
            a, b, ratio = in_turn(lambda: requests_per_second(url), lambda: requests_per_second(fastapi_url), 3)
            self.add("the same over FastAPI + SQLAlchemy", f"{ratio:.0f} ({a:,.0f}/s, {b:,.0f}/s)", ">= 150",
                     ratio >= 150)
        finally:
            for process in [server, *others]:
                process.terminate()
                process.wait()

    def memory_of(self, pid):
        status = pathlib.Path(f"/proc/{pid}/status").read_text()
        resident = int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024
        self.add("serve, idle: RSS", f"{resident:.1f} MB", "< 20 MB", resident < 20)

    def start_nginx(self, body):
        port = free_port()
        (self.folder / "www" / "api").mkdir(parents=True)
        (self.folder / "www" / "api" / "devices").write_bytes(body)
        self.folder.chmod(0o755)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(f"""
daemon off; worker_processes 1; pid {self.folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 64; }}
http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000;
  default_type application/json; open_file_cache max=8;
  server {{ listen 127.0.0.1:{port}; root {self.folder}/www; }} }}
""")
        process = subprocess.Popen(["nginx", "-c", str(configuration), "-p", str(self.folder)])
        url = f"http://127.0.0.1:{port}/api/devices"
        wait_for(url)
        return process, url

    def start_fastapi(self, database):
        venv = self.cache / "fastapi-venv"
        if not (venv / "bin" / "uvicorn").exists():
            say("  installing FastAPI, SQLAlchemy and uvicorn into a virtual environment ...")
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            subprocess.run([str(venv / "bin" / "pip"), "install", "-q", "fastapi", "sqlalchemy", "uvicorn"], check=True)
        port = free_port()
        process = subprocess.Popen([str(venv / "bin" / "uvicorn"), "--app-dir", str(pathlib.Path(__file__).parent),
                                    "fastapi_service:app", "--port", str(port), "--log-level", "error",
                                    "--no-access-log"], env={**self.environment, "DATABASE": database})
        url = f"http://127.0.0.1:{port}/api/devices"
        wait_for(url)
        return process, url

    def start(self):
        walls = [self.haingest_run("--version").wall * 1000 for _ in range(21)][1:]
        median = statistics.median(walls)
        self.add("start to --version", f"{median:.1f} ms", "< 10 ms", median < 10)

    def table(self):
        lines = ["| what | measured | budget | kept |", "|---|---|---|---|"]
        lines += ["| " + " | ".join(row) + " |" for row in self.rows]
        return "\n".join(lines) + "\n"


def machine():
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text())
    system = re.search(r'PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text())
    return (f"{os.cpu_count()} cores of {model.group(1) if model else platform.machine()}, "
            f"{system.group(1) if system else platform.system()}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("--markdown", type=pathlib.Path, help="the figures, for BENCHMARKS.md")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="haingest-bench-") as folder:
        bench = Bench(arguments.build.resolve(), arguments.cache.resolve(), pathlib.Path(folder))
        bench.start()
        bench.sync()
        bench.serve()
    text = f"{machine()}, {time.strftime('%Y-%m-%d', time.gmtime())}\n\n{bench.table()}"
    print(text, end="")
    if arguments.markdown:
        arguments.markdown.write_text(text)


main()
