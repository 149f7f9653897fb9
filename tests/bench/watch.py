# SPDX-License-Identifier: MIT
"""`watch` against its budgets: what an event costs from Home Assistant's socket to the spool, how soon it is in
InfluxDB, what an outage takes of memory, and how fast it is caught up with.

The feed (feed.cpp) and whoever it feeds have a core each. CPU is user + system of the whole process from the first
event to the last, as the kernel accounts for it; what the start costs is not in it."""
import http.client
import http.server
import json
import os
import pathlib
import queue
import random
import re
import shutil
import signal
import sqlite3
import statistics
import subprocess
import threading
import time
import urllib.parse

from common import Part, cpu_of, free_port, in_two_threads, memory_of, say, virtual_environment

TOKEN = "haingest-simulator-demo-token"
BUDGET = 80_000  # events a second
RATE = 40_000  # at which the costs are compared: whatever else goes on there, nobody falls behind
EVENTS = RATE * 5
PYTHON_EVENTS = 30_000
PAIRS = 5
DATABASE = "home_assistant_events"
OUTAGE = 3_600_000  # events: an hour at 1 000 a second
OUTAGE_RATE = 40_000  # at which they come instead
BACKLOG = 300_000
LONE_EVENTS = 100
REST = 45  # seconds: a big buffer goes with the next ping (30), freed memory when nothing has changed for 10


def on_core(number, command):
    """The command, on one core of its own where there is more than one."""
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[number % len(cores)]), *command]


def end(process):
    process.kill()
    process.wait()


class Feed:
    def __init__(self, build):
        self.process = subprocess.Popen(on_core(0, [str(build / "tests" / "bench_feed"), "94", "420"]),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]
        self.port = self.url.rsplit(":", 1)[1]

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


class Watch:
    """A haingest that watches the feed; its database is `folder`/metadata.db."""

    def __init__(self, bench, folder, influx_url, command=("watch",), core=None):
        folder.mkdir(exist_ok=True)
        words = [bench.haingest, *command, "--ha-url", bench.feed.url, "--db", str(folder / "metadata.db"),
                 "--influx-url", influx_url, "--influx-database", DATABASE, "--spool-max-bytes", "8GiB"]
        self.process = subprocess.Popen(words if core is None else on_core(core, words), stderr=subprocess.PIPE,
                                        text=True, env={**bench.environment, "HA_TOKEN": TOKEN})
        self.pid = self.process.pid
        self.said = queue.Queue()
        self.process.stderr.readline()  # before it a signal would end it
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.process.stderr:
            found = re.search(r"([\d,]+) points? stored, ([\d,]+) waiting", line)
            if found:
                self.said.put(tuple(int(number.replace(",", "")) for number in found.groups()))
        self.said.put(None)

    def lines(self):
        """(stored, waiting) of the target, as it says when it is asked."""
        while True:
            self.process.send_signal(signal.SIGUSR1)
            try:
                said = self.said.get(timeout=1)
            except queue.Empty:
                continue  # it was not ready for questions yet
            if said is None:
                raise SystemExit("bench: haingest has ended")
            return said

    def wait(self, condition, limit=30.0, step=0.02):
        """False when it does not come true in time."""
        deadline = time.monotonic() + limit
        while time.monotonic() < deadline:
            if condition(*self.lines()):
                return True
            time.sleep(step)
        return False

    def wait_for_start(self, target_is_there=False):
        """The states that the house has are in the spool, or with the target."""
        seen = (0, 0)
        for _ in range(20):
            now = self.lines()
            if sum(now) > 0 and now == seen and (now[1] == 0 or not target_is_there):
                return now
            seen = now
            time.sleep(0.5)
        raise SystemExit("bench: watch does not come to rest")

    def stop(self):
        self.process.terminate()
        time.sleep(0.2)
        self.process.terminate()  # what waits stays where it is
        self.process.wait()


class Sink(http.server.ThreadingHTTPServer):
    """An InfluxDB that takes everything and keeps nothing."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Influx(Part):
    """Debian's InfluxDB 1.6."""

    def __init__(self, folder):
        super().__init__("influxdb1", folder)

    def query(self, text):
        answer = self.ask("POST", "/query?" + urllib.parse.urlencode({"db": DATABASE, "q": text}))
        return json.loads(answer)["results"][0].get("series", [])

    def make_empty(self):
        self.query(f'DROP DATABASE "{DATABASE}"')
        self.query(f'CREATE DATABASE "{DATABASE}"')

    def count(self):
        return self.query(f'SELECT count(state) FROM "{DATABASE}"')[0]["values"][0][1]


class WatchBench:
    def __init__(self, build, cache, folder, environment, table):
        self.build, self.cache, self.folder, self.environment, self.table = build, cache, folder, environment, table
        self.haingest = str(build / "haingest")
        self.nowhere = f"http://127.0.0.1:{free_port()}"
        folder.mkdir(exist_ok=True)

    def measure(self):
        say("  watch, socket to spool ...")
        self.feed = Feed(self.build)
        try:
            self.socket_to_spool()
            self.fastest()
            self.at_rest()
            self.outage()
            self.drain()
        finally:
            end(self.feed.process)

    # --- a. from the socket to the spool ---

    def fresh(self, name):
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return folder

    def watch_cost(self, rate=RATE, events=EVENTS, tries=3):
        """CPU microseconds an event; None when the connection was let go each time because events came too fast."""
        costs = (self.watch_once(rate, events) for _ in range(tries))
        return next((cost for cost in costs if cost is not None), None)

    def watch_once(self, rate, events):
        watch = Watch(self, self.fresh("spool"), self.nowhere, core=1)
        _, before = watch.wait_for_start()
        start = cpu_of(watch.pid)
        lost = self.feed.ask(f"flood {events} {rate}")["lost"]
        whole = not lost and watch.wait(lambda _, waiting: waiting >= before + events)
        cost = (cpu_of(watch.pid) - start) / events * 1e6
        watch.stop()
        return cost if whole else None

    def other_cost(self, command, rate, events, waits=True):
        other = subprocess.Popen(on_core(1, command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        other.stdout.readline()
        start = cpu_of(other.pid)
        self.feed.ask(f"flood {events} {rate}")
        if waits:
            other.stdout.readline()
        else:
            time.sleep(0.1)  # what is in the socket's buffers
        cost = (cpu_of(other.pid) - start) / events * 1e6
        end(other)
        return cost

    def socket_to_spool(self):
        bare = str(self.build / "tests" / "bench_bare_watch")
        sink = Sink()
        python = virtual_environment(self.cache / "ingest-venv", ["aiohttp", "influxdb-client"])
        ingest = [python, str(pathlib.Path(__file__).parent / "python_ingest.py"), self.feed.url, TOKEN,
                  str(PYTHON_EVENTS), sink.url]
        rounds = []
        while len(rounds) < PAIRS:
            ours = self.watch_cost()
            if ours is None:
                raise SystemExit(f"bench: watch does not keep up with {RATE:,} events/s here")
            rounds.append((ours, self.other_cost([bare, "lines", self.feed.port, TOKEN, str(EVENTS)], RATE, EVENTS),
                           self.other_cost([bare, "discard", self.feed.port, TOKEN], RATE, EVENTS, waits=False),
                           self.other_cost(ingest, 0, PYTHON_EVENTS)))
        ours, lines, discard, python = (statistics.median(column) for column in zip(*rounds))
        ratio = statistics.median(row[0] / row[1] for row in rounds)
        self.table.add(f"watch, socket to spool, {RATE:,} events/s of 1.5 kB: CPU over a bare program's",
                       f"{ratio:.2f} ({ours:.1f} µs, {lines:.1f} µs an event)", "<= 1.5", ratio <= 1.5)
        ratio = statistics.median(row[0] / row[3] for row in rounds)
        self.table.add("the same over a Python ingest's (aiohttp, influxdb-client)",
                       f"1/{1 / ratio:.0f} ({python:.0f} µs an event)", "<= 1/5", ratio <= 0.2)
        self.table.add("the same over a program's that only receives",
                       f"{ours / discard:.1f} ({discard:.1f} µs an event)")

    def fastest(self):
        """The most that it keeps up with on one core, for three seconds."""
        held = 0
        for rate in range(RATE, 200_001, 20_000):
            if self.watch_cost(rate, rate * 3) is None:
                break
            held = rate
        self.table.add("watch, socket to spool on one core, without a new connection for 3 s", f"{held:,} events/s",
                       f">= {BUDGET:,}", held >= BUDGET)

    # --- b. from the event to InfluxDB ---

    def at_rest(self):
        influx = Influx(self.folder / "influxdb")
        influx.make_empty()
        watch = Watch(self, self.fresh("rest"), influx.url)
        watch.wait_for_start(target_is_there=True)
        delays = []
        for _ in range(LONE_EVENTS):
            event = self.feed.ask("one")
            question = f"SELECT state FROM \"{DATABASE}\" WHERE time = {event['at']}"
            while not influx.query(question):
                pass
            delays.append((time.time_ns() - event["at"]) / 1e6)
            time.sleep(random.uniform(0.1, 0.3))
        watch.stop()
        influx.stop()
        delays.sort()
        median, most = statistics.median(delays), delays[int(len(delays) * 0.99) - 1]
        self.table.add("event to InfluxDB 1.6 at rest, asked for until it is there",
                       f"median {median:.1f} ms, p99 {most:.1f} ms", "median < 50 ms", median < 50)

    # --- c. memory ---

    def flood(self, events, rate):
        """So many, whatever else this machine does: a connection that was let go comes back."""
        while events > 0:
            answer = self.feed.ask(f"flood {events} {rate}")
            events -= answer.get("sent", 0)
            time.sleep(0.1)

    def outage(self):
        folder = self.fresh("outage")
        listen = f"127.0.0.1:{free_port()}"
        watch = Watch(self, folder, self.nowhere, command=("serve", "--watch", "--listen", listen))
        _, before = watch.wait_for_start()
        time.sleep(REST)
        idle = memory_of(watch.pid)
        self.table.add("serve --watch, idle: RSS", f"{idle:.1f} MB", "< 20 MB", idle < 20)
        self.flood(OUTAGE, OUTAGE_RATE)
        watch.wait(lambda _, waiting: waiting >= before + OUTAGE)
        kept = watch.lines()[1] - before
        most = memory_of(watch.pid, "VmHWM")
        time.sleep(REST)
        resident = memory_of(watch.pid)
        size = (folder / "metadata.db-spool").stat().st_size / 1e6
        watch.stop()
        shutil.rmtree(folder)
        self.table.add(f"serve --watch after {OUTAGE:,} events without InfluxDB: RSS",
                       f"{resident:.1f} MB, {most:.1f} MB meanwhile ({kept:,} lines, {size:,.0f} MB on disk)")

    # --- d. and when the target is back ---

    def backlog(self):
        folder = self.fresh("backlog")
        watch = Watch(self, folder, self.nowhere)
        _, before = watch.wait_for_start()
        self.flood(BACKLOG, OUTAGE_RATE)
        watch.wait(lambda _, waiting: waiting >= before + BACKLOG)
        watch.stop()
        return folder

    def drained(self, influx, backlog):
        """Lines a second out of the spool."""
        influx.make_empty()
        folder = self.fresh("drain")
        shutil.copytree(backlog, folder)
        start = time.monotonic()
        watch = Watch(self, folder, influx.url)
        watch.wait(lambda stored, waiting: stored > 0 and waiting == 0, limit=300, step=0.1)
        seconds = time.monotonic() - start
        watch.stop()
        return influx.count() / seconds

    @staticmethod
    def posted(influx, bodies):
        """The same lines from two threads that do nothing else; lines a second."""
        influx.make_empty()
        left = list(reversed(bodies))

        def post():
            connection = http.client.HTTPConnection(influx.url.removeprefix("http://"))
            while left:
                connection.request("POST", f"/write?db={DATABASE}&precision=ns", left.pop())
                connection.getresponse().read()

        seconds = in_two_threads(post)
        return influx.count() / seconds

    def drain(self):
        backlog = self.backlog()
        with sqlite3.connect(backlog / "metadata.db-spool") as spool:
            bodies = [row[0] for row in spool.execute("SELECT lines FROM blocks ORDER BY id")]
        influx = Influx(self.folder / "influxdb")
        pairs = [(self.drained(influx, backlog), self.posted(influx, bodies)) for _ in range(3)]
        influx.stop()
        ours, theirs = (statistics.median(column) for column in zip(*pairs))
        ratio = statistics.median(a / b for a, b in pairs)
        self.table.add(f"a backlog of {BACKLOG:,} events into InfluxDB 1.6, lines/s over posting the same lines",
                       f"{ratio:.2f} ({ours:,.0f}/s, {theirs:,.0f}/s)")
