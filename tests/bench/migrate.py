# SPDX-License-Identifier: MIT
"""`migrate-from-influx --history-to` against its budgets: how fast it reads beside curl, how fast it copies beside who
only reads, who only writes and VictoriaMetrics' own vmctl, and what it takes of memory.

Source and target have the machine's cores together. A round runs each of them once, each against a server that was
empty and has just been started; what counts is the median of the rounds' ratios. Seconds are those of the whole
command: ours also takes over what the points tell of entities, asks what there is, and at the end counts both sides.
What these take is said beside it; and in VictoriaMetrics the last 15 seconds are a wait, until what it has acknowledged
is on its disk."""
import http.client
import http.server
import itertools
import json
import multiprocessing
import os
import random
import shlex
import shutil
import statistics
import threading
import urllib.parse

from common import Part, Run, in_two_threads, say

POINTS = int(os.environ.get("BENCH_MIGRATE_POINTS", 3_000_000))
ROUNDS = 3
DATABASE = "homeassistant"
BUCKET = "home_assistant_events"  # which the part has made
NANOSECOND = 10**9
DAY = 86_400
FIRST = 1_736_121_600  # a Monday; shards are weeks
DAYS = 120
BATCH = 5_000  # lines of a request, as ours has them
# As Home Assistant's own integration writes them: measurement, device_class.
SENSORS = [("°C", "temperature"), ("%", "humidity"), ("W", "power"), ("kWh", "energy"), ("V", "voltage"),
           ("A", "current"), ("lx", "illuminance"), ("hPa", "pressure")]
SERIES_OF_EACH = 45
SWITCHES = 40
SERIES = len(SENSORS) * SERIES_OF_EACH + SWITCHES
FIELDS = 4  # three of them strings


def median_of(rounds, figure):
    return statistics.median(figure(each) for each in rounds)


# --- the source's points ---


def series():
    """(what a series' lines begin with, whether it is on or off)"""
    for unit, device_class in SENSORS:
        for number in range(SERIES_OF_EACH):
            name = f"{device_class}_{number}"
            yield (f"{unit},domain=sensor,entity_id={name} device_class_str=\"{device_class}\","
                   f"friendly_name_str=\"Room {number} {device_class}\",state_class_str=\"measurement\",value="), False
    for number in range(SWITCHES):
        yield (f"state,domain=binary_sensor,entity_id=motion_{number} device_class_str=\"motion\","
               f"friendly_name_str=\"Room {number} motion\","), True


def lines_of_week(week):
    """Each series has a point every so many seconds, those of two series at different moments."""
    step = DAYS * DAY * SERIES / POINTS
    dice = random.Random(week)
    begin, end = week * 7 * DAY, min((week + 1) * 7, DAYS) * DAY
    for index, (head, is_switch) in enumerate(series()):
        offset = step * index / SERIES
        first, last = (int(-((offset - edge) // step)) for edge in (begin, end))
        value = 20.0
        for number in range(first, last):
            moment = (FIRST * 10**6 + int((number * step + offset) * 10**6)) * 1000
            if is_switch:
                on = dice.random() < 0.5
                yield f"{head}state=\"{'on' if on else 'off'}\",value={int(on)} {moment}\n"
            else:
                value += dice.randrange(-20, 21) / 10
                yield f"{head}{value:.1f} {moment}\n"


def batches(lines, size):
    lines = iter(lines)
    while batch := list(itertools.islice(lines, size)):
        yield "".join(batch).encode()


def fill_week(url, week):
    connection = http.client.HTTPConnection(url.removeprefix("http://"))
    for body in batches(lines_of_week(week), 10_000):
        post(connection, f"/write?db={DATABASE}", body)


def post(connection, path, body, headers=None):
    connection.request("POST", path, body, headers or {})
    answer = connection.getresponse()
    words = answer.read()
    if answer.status != 204:
        raise SystemExit(f"bench: {path} answers {answer.status}: {words[:300]}")


# --- the servers ---


class Source(Part):
    """Debian's InfluxDB 1.6 with all points."""

    def __init__(self, folder):
        super().__init__("influxdb1", folder)
        statement = urllib.parse.urlencode({"q": f'CREATE DATABASE "{DATABASE}"'})
        self.ask("POST", "/query?" + statement)
        weeks = range(-(-DAYS // 7))
        with multiprocessing.Pool(2) as pool:
            pool.starmap(fill_week, [(self.url, week) for week in weeks], chunksize=1)


class Target(Part):
    """An empty InfluxDB 2.7."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        super().__init__("influxdb2", folder)
        self.token = (folder / "token").read_text().strip()


class VictoriaMetrics(Part):
    """Debian's, empty."""

    def __init__(self, folder):
        shutil.rmtree(folder, ignore_errors=True)
        super().__init__("victoria-metrics", folder)

    def values(self):
        self.ask("GET", "/internal/force_flush")
        query = urllib.parse.urlencode({"query": f'sum(count_over_time({{__name__!=""}}[{DAYS + 1}d]))',
                                        "time": FIRST + DAYS * DAY})
        return int(json.loads(self.ask("GET", "/api/v1/query?" + query))["data"]["result"][0]["value"][1])


class Recorder(http.server.ThreadingHTTPServer):
    """A proxy in front of the source: `requests` are path and body of each that asked for points."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self, body):
            source = http.client.HTTPConnection(self.server.source)
            passed = {name: value for name, value in self.headers.items() if name != "Host"}
            source.request(self.command, self.path, body, passed)
            answer = source.getresponse()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name not in ("Transfer-Encoding", "Content-Length", "Date"):
                    self.send_header(name, value)
            if answer.status == 204:
                return self.end_headers()
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            while piece := answer.read1(1 << 16):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\n\r\n")

        def do_GET(self):
            self.answer(None)

        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            statement = urllib.parse.parse_qs(body).get("q", [""])[0]
            if statement.startswith("SELECT * FROM") and statement.endswith(" GROUP BY *"):
                self.server.requests.append((self.path, body))
            self.answer(body)

        def log_message(self, *_):
            pass

    def __init__(self, source):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.source = source.url.removeprefix("http://")
        self.requests = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


class MigrateBench:
    def __init__(self, build, folder, environment, table):
        self.haingest = str(build / "haingest")
        self.folder, self.environment, self.table = folder, environment, table
        self.lines, self.drain = folder / "lines", folder / "drain.curl"
        folder.mkdir(exist_ok=True)

    def measure(self):
        say(f"  migrate-from-influx, writing {POINTS:,} points ...")
        self.source = Source(self.folder / "influxdb1")
        try:
            self.prepare()
            rounds = [self.round(number) for number in range(ROUNDS)]
        finally:
            self.source.stop()
        self.tell_reading(rounds)
        self.tell_copy(rounds)
        self.tell_vmctl(rounds)

    # --- once ---

    def prepare(self):
        """Our requests and our lines, so that others can send the same; and the source is warm then."""
        recorder = Recorder(self.source)
        self.migrate(str(self.lines), source=recorder.url)
        recorder.shutdown()
        options = ['header = "Accept: application/x-msgpack"', "silent", "fail", 'output = "/dev/null"']
        with self.drain.open("w") as file:
            for number, (path, body) in enumerate(recorder.requests):
                lines = [f'url = "{self.source.url}{path}"', f'data = "{body}"', *options]
                file.write("\n".join(["next"] * (number > 0) + lines) + "\n")
        self.portions = list(self.portions_of_lines())
        self.before = self.migrate("-", "--since", "2100-01-01").wall  # there is nothing to read then
        say(f"  {len(recorder.requests)} requests of ours, {self.before:.1f} s before the first; "
            f"{self.lines.stat().st_size / 1e6:,.0f} MB of lines in {len(self.portions)} bodies")

    def portions_of_lines(self):
        """(offset, bytes): as many lines as ours has in a request, of one measurement and one week."""
        begin = at = count = 0
        before = None
        with self.lines.open("rb") as file:
            for line in file:
                if line.startswith(b"#"):
                    begin = at + len(line)
                else:
                    week = (int(line[line.rindex(b" ") :]) // NANOSECOND - FIRST) // (7 * DAY)
                    place = (line[: line.index(b",")], week)
                    if count == BATCH or (count > 0 and place != before):
                        yield begin, at - begin
                        begin, count = at, 0
                    before = place
                    count += 1
                at += len(line)
        yield begin, at - begin

    # --- each of them ---

    def migrate(self, to, *options, source=None, token=""):
        database = self.folder / "metadata"
        shutil.rmtree(database, ignore_errors=True)
        database.mkdir()
        environment = {**self.environment, "HAINGEST_HISTORY_TOKEN": token} if token else self.environment
        return Run([self.haingest, "migrate-from-influx", "--no-sync", "--db", str(database / "metadata.db"),
                    "--influx-url", source or self.source.url, "--influx-database", DATABASE, "--history-to", to,
                    *options], with_memory=True, env=environment)

    def drained(self):
        """Seconds, and those of CPU that the source took."""
        before = self.source.cpu()
        seconds = Run(["curl", "-q", "--config", str(self.drain)]).wall
        return seconds, self.source.cpu() - before

    def posted(self):
        """The same lines in bodies of the same size by two threads that do nothing else; seconds, and those of CPU that
        the target took."""
        target = Target(self.folder / "influxdb2")
        left = list(reversed(self.portions))
        headers = {"Authorization": f"Token {target.token}", "Content-Type": "text/plain; charset=utf-8"}

        def send():
            connection = http.client.HTTPConnection(target.url.removeprefix("http://"))
            with self.lines.open("rb") as file:
                while left:
                    offset, size = left.pop()
                    body = os.pread(file.fileno(), size, offset)
                    post(connection, f"/api/v2/write?org=haingest&bucket={BUCKET}", body, headers)

        before = target.cpu()
        seconds = in_two_threads(send)
        cpu = target.cpu() - before
        target.stop()
        return seconds, cpu

    def copied(self):
        """Into a bucket that is not there yet; (the run, seconds that counting both sides takes)."""
        target = Target(self.folder / "influxdb2")
        words = [target.url, "--history-org", "haingest"]
        run = self.migrate(*words, token=target.token)
        # Both ask the same of the source before.
        counted, asked = (self.migrate(*words, option, token=target.token).wall
                          for option in ("--verify-only", "--dry-run"))
        target.stop()
        return run, counted - asked

    def copied_to_metrics(self):
        target = VictoriaMetrics(self.folder / "victoria-metrics")
        run = self.migrate(target.url)
        values = target.values()
        target.stop()
        return run, values

    def vmctl(self, connections):
        """It does not run without a terminal; (seconds, values that are there then)."""
        target = VictoriaMetrics(self.folder / "victoria-metrics")
        command = [target.script_prints("vmctl"), "influx", "-s", "--influx-addr", self.source.url,
                   "--influx-database", DATABASE, "--influx-concurrency", str(connections), "--vm-addr", target.url]
        seconds = Run(["script", "--quiet", "--return", "--command", shlex.join(command), "/dev/null"]).wall
        values = target.values()
        target.stop()
        return seconds, values

    def round(self, number):
        say(f"  round {number + 1} of {ROUNDS} ...")
        result = {"read": self.migrate("-").wall}
        result["drain"], result["drain_cpu"] = self.drained()
        result["write"], result["write_cpu"] = self.posted()
        copy, counting = self.copied()
        result |= {"copy": copy.wall, "counting": counting}
        metrics, result["metrics_values"] = self.copied_to_metrics()
        result |= {"metrics": metrics.wall, "memory": max(copy.memory, metrics.memory)}
        result["vmctl"], result["vmctl_values"] = self.vmctl(8)
        result["lone_vmctl"], _ = self.vmctl(1)
        say("  " + ", ".join(f"{name} {value:,.1f}" for name, value in result.items()))
        return result

    # --- the figures ---

    def tell(self, what, rounds, ours, theirs, budget=None, unit="points/s"):
        """Of rates a second."""
        ratio = median_of(rounds, lambda each: ours(each) / theirs(each))
        figure = f"{ratio:.2f} ({median_of(rounds, ours):,.0f}, {median_of(rounds, theirs):,.0f} {unit})"
        if budget is None:
            self.table.add(what, figure)
        else:
            self.table.add(what, figure, f">= {budget}", ratio >= budget)

    def tell_reading(self, rounds):
        self.tell(f"migrate-from-influx, {POINTS:,} points of {FIELDS} values, reading alone over curl with the same "
                  "queries", rounds, lambda each: POINTS / each["read"], lambda each: POINTS / each["drain"], 0.8)
        self.tell(f"the same without what is asked before the first point ({self.before:.1f} s)", rounds,
                  lambda each: POINTS / (each["read"] - self.before), lambda each: POINTS / each["drain"])

    def tell_copy(self, rounds):
        def copy(each):
            return POINTS / each["copy"]

        self.tell("InfluxDB 1.6 to 2.7 on the same cores over the slower of reading and writing alone", rounds, copy,
                  lambda each: POINTS / max(each["read"], each["write"]), 0.8)
        self.tell("the same over both one after the other", rounds, copy,
                  lambda each: POINTS / (each["read"] + each["write"]))
        cores = len(os.sched_getaffinity(0))
        self.tell(f"the same over what the servers' own CPU time allows on {cores} cores, were there no haingest at all",
                  rounds, copy, lambda each: POINTS * cores / (each["drain_cpu"] + each["write_cpu"]))
        self.tell("the same without what is asked before and counted at the end, over curl's reading and writing alone "
                  "one after the other", rounds,
                  lambda each: POINTS / (each["copy"] - self.before - each["counting"]),
                  lambda each: POINTS / (each["drain"] + each["write"]))
        counting = median_of(rounds, lambda each: each["counting"])
        self.table.add("counting both sides, which ends it", f"{counting:.1f} s")
        memory = max(each["memory"] for each in rounds)
        self.table.add(f"peak RSS of a copy of {POINTS * FIELDS:,} values", f"{memory:.1f} MB", "< 64 MB", memory < 64)

    def tell_vmctl(self, rounds):
        def vmctl(each):
            return each["vmctl_values"] / each["vmctl"]

        self.tell("InfluxDB 1.6 to 2.7 over vmctl with 8 connections to VictoriaMetrics", rounds,
                  lambda each: POINTS * FIELDS / each["copy"], vmctl, 1.5, "values/s")
        self.tell("the same in points", rounds, lambda each: POINTS / each["copy"],
                  lambda each: POINTS / each["vmctl"])
        self.tell("the same over vmctl with its one connection", rounds, lambda each: POINTS * FIELDS / each["copy"],
                  lambda each: each["vmctl_values"] / each["lone_vmctl"], unit="values/s")
        self.tell("InfluxDB 1.6 to VictoriaMetrics over vmctl with 8 connections", rounds,
                  lambda each: each["metrics_values"] / each["metrics"], vmctl, unit="values/s")
        self.table.add("values left behind: to 2.7, to VictoriaMetrics, by vmctl", ", ".join(
            f"{POINTS * FIELDS - values:,.0f}" for values in
            (POINTS * FIELDS, rounds[0]["metrics_values"], rounds[0]["vmctl_values"])))
