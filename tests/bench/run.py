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
import statistics
import subprocess
import tempfile
import time

from common import Run, Table, free_port, in_turn, memory_of, virtual_environment, wait_for
from migrate import MigrateBench
from watch import WatchBench

WRK = ["wrk", "-t1", "-c8", "-d4s"]


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
        self.table = Table()
        self.add = self.table.add

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
            resident = memory_of(server.pid)
            self.add("serve, idle: RSS", f"{resident:.1f} MB", "< 20 MB", resident < 20)
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
        python = virtual_environment(self.cache / "fastapi-venv", ["fastapi", "sqlalchemy", "uvicorn"])
        port = free_port()
        process = subprocess.Popen([python, "-m", "uvicorn", "--app-dir", str(pathlib.Path(__file__).parent),
                                    "fastapi_service:app", "--port", str(port), "--log-level", "error",
                                    "--no-access-log"], env={**self.environment, "DATABASE": database})
        url = f"http://127.0.0.1:{port}/api/devices"
        wait_for(url)
        return process, url

    def watch(self):
        WatchBench(self.build, self.cache, self.folder / "watch", self.environment, self.table).measure()

    def migrate(self):
        MigrateBench(self.build, self.folder / "migrate", self.environment, self.table).measure()

    def start(self):
        walls = [self.haingest_run("--version").wall * 1000 for _ in range(21)][1:]
        median = statistics.median(walls)
        self.add("start to --version", f"{median:.1f} ms", "< 10 ms", median < 10)


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
    parser.add_argument("--only", choices=["start", "sync", "serve", "watch", "migrate"], help="no more than these")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="haingest-bench-") as folder:
        bench = Bench(arguments.build.resolve(), arguments.cache.resolve(), pathlib.Path(folder))
        parts = {"start": bench.start, "sync": bench.sync, "serve": bench.serve, "watch": bench.watch,
                 "migrate": bench.migrate}
        for name, measure in parts.items():
            if arguments.only in (None, name):
                measure()
    text = f"{machine()}, {time.strftime('%Y-%m-%d', time.gmtime())}\n\n{bench.table.markdown()}"
    print(text, end="")
    if arguments.markdown:
        arguments.markdown.write_text(text)


main()
