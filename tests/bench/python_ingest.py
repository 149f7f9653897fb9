# SPDX-License-Identifier: MIT
"""python_ingest.py URL TOKEN COUNT INFLUX_URL: an ingest as the replaced services had it, the yardstick for `watch`.

aiohttp receives, the json module parses, influxdb-client's Points make the lines, and a batch of 1 000, or of what
came within five seconds, is written before the next event is taken. Says in a line of JSON when it listens and when
COUNT events are written."""
import asyncio
import json
import sys
import time

import aiohttp
from influxdb_client import InfluxDBClient, Point
from influxdb_client.client.write_api import SYNCHRONOUS

BATCH = 1000
BATCH_SECONDS = 5.0
OWN_FIELDS = ("friendly_name", "unit_of_measurement", "icon")


def time_of_day(hour):
    if hour < 5 or hour >= 21:
        return "night"
    return "morning" if hour < 12 else "afternoon" if hour < 17 else "evening"


def point_of(event, entities, devices):
    """The tags and fields that haingest's lines have, too."""
    data = event["data"]
    old, new = data["old_state"], data["new_state"]
    entity_id, attributes = data["entity_id"], new["attributes"]
    entity = entities.get(entity_id, {})
    device = devices.get(entity.get("device_id"), {})
    point = Point("home_assistant_events").tag("event_type", "state_changed").tag("entity_id", entity_id)
    point.tag("domain", entity_id.split(".")[0]).tag("device_class", attributes.get("device_class"))
    point.tag("entity_category", entity.get("entity_category")).tag("device_id", entity.get("device_id"))
    point.tag("area_id", entity.get("area_id") or device.get("area_id")).tag("integration", entity.get("platform"))
    point.tag("time_of_day", time_of_day(int(new["last_updated"][11:13])))
    point.field("state", new["state"]).field("old_state", old["state"])
    try:
        point.field("value", float(new["state"]))
    except ValueError:
        pass
    for name, value in attributes.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            value = float(value)
        if name != "device_class" and not isinstance(value, (dict, list)):
            point.field(name if name in OWN_FIELDS else f"attr_{name}", value)
    point.field("context_id", new["context"]["id"])
    for name in ("manufacturer", "model", "sw_version"):
        point.field(name, device.get(name))
    return point.time(new["last_updated"])


class Ingest:
    def __init__(self, socket, influx_url):
        self.socket = socket
        self.client = InfluxDBClient(url=influx_url, token="none", org="ha-ingestor")
        self.write_api = self.client.write_api(write_options=SYNCHRONOUS)
        self.batch, self.written, self.last_id, self.flushed = [], 0, 0, time.monotonic()

    async def ask(self, kind, **members):
        self.last_id += 1
        await self.socket.send_json({"id": self.last_id, "type": kind, **members})
        return (await self.socket.receive_json()).get("result")

    def flush(self):
        self.write_api.write(bucket="home_assistant_events", record=self.batch)
        self.written += len(self.batch)
        self.batch, self.flushed = [], time.monotonic()

    async def run(self, token, count):
        await self.socket.receive_json()
        await self.socket.send_json({"type": "auth", "access_token": token})
        await self.socket.receive_json()
        devices = {record["id"]: record for record in await self.ask("config/device_registry/list")}
        entities = {record["entity_id"]: record for record in await self.ask("config/entity_registry/list")}
        await self.ask("subscribe_events", event_type="state_changed")
        print('{"ready":true}', flush=True)
        async for message in self.socket:
            self.batch.append(point_of(json.loads(message.data)["event"], entities, devices))
            full = len(self.batch) >= BATCH or time.monotonic() - self.flushed > BATCH_SECONDS
            if full or self.written + len(self.batch) >= count:
                self.flush()
            if self.written >= count:
                break
        print(json.dumps({"events": self.written}), flush=True)


async def main():
    url, token, count, influx_url = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    async with aiohttp.ClientSession() as session:
        async with session.ws_connect(url.replace("http", "ws", 1) + "/api/websocket", max_msg_size=0) as socket:
            await Ingest(socket, influx_url).run(token, count)
    sys.stdin.read()


asyncio.run(main())
