#!/usr/bin/env python3
"""ha_setup.py DIR: waits for the Home Assistant of DIR and, the first time, does what its owner does in a browser.

DIR/url and DIR/pid must be there. Creates the owner, finishes the onboarding, writes a long-lived token to DIR/token,
connects the mqtt integration with the broker on HAINGEST_MQTT_PORT, and returns when Home Assistant says RUNNING
and MQTT discovery is listening.
"""

import json
import os
import pathlib
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True  # nothing is left in the source tree
import ha_call  # noqa: E402

DEADLINE_SECONDS = 240


class SetupError(Exception):
    pass


class Setup:
    def __init__(self, folder):
        self.folder = folder
        self.url = (folder / "url").read_text().strip()
        self.client_id = self.url + "/"
        self.deadline = time.monotonic() + DEADLINE_SECONDS

    def until(self, what, ask):
        """The first truthy answer of ask(); its connection errors mean: not yet."""
        problem = None
        while time.monotonic() < self.deadline:
            if not pathlib.Path("/proc", (self.folder / "pid").read_text().strip()).exists():
                raise SetupError(f"Home Assistant ended before {what}")
            try:
                if answer := ask():
                    return answer
            except OSError as error:  # HTTPError and ConnectionError are such
                problem = error
            time.sleep(0.1)
        raise SetupError(f"no {what} within {DEADLINE_SECONDS} s ({problem})")

    def http(self, path, body=None, token=None, form=False):
        """The JSON answer to a GET, or to a POST of body."""
        request = urllib.request.Request(self.url + path)
        if body is not None:
            request.data = (urllib.parse.urlencode(body) if form else json.dumps(body)).encode()
            request.add_header("Content-Type", "application/x-www-form-urlencoded" if form else "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.load(response)

    def onboard(self):
        """Answers every step of the onboarding; returns the owner's access token."""
        steps = self.until("the onboarding", lambda: self.http("/api/onboarding"))
        pending = [step["step"] for step in steps if not step["done"]]
        if pending[:1] != ["user"]:
            raise SetupError("there is an owner, but no DIR/token; start again in an empty folder")
        owner = {
            "client_id": self.client_id,
            "name": "Owner",
            "username": "owner",
            "password": secrets.token_urlsafe(16),
            "language": "en",
        }
        code = self.http("/api/onboarding/users", owner)["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": self.client_id}
        access = self.http("/auth/token", grant, form=True)["access_token"]
        bodies = {
            "analytics": {},
            "integration": {"client_id": self.client_id, "redirect_uri": self.client_id},
        }
        for step in pending[1:]:
            self.http(f"/api/onboarding/{step}", bodies[step], access)
        return access

    def make_token(self, access):
        command = {"type": "auth/long_lived_access_token", "client_name": "haingest tests", "lifespan": 3650}
        with ha_call.HomeAssistant(self.url, access) as home_assistant:
            token = home_assistant.call(command)
        # Home Assistant writes its users a little later; from then on a restart, however rough, knows the token.
        users = self.folder / ".storage" / "auth"
        self.until("stored users", lambda: users.exists() and "haingest tests" in users.read_text())
        path = self.folder / "token.new"
        path.touch(mode=0o600)
        path.write_text(token + "\n")
        path.rename(self.folder / "token")

    def entries(self, domain):
        with ha_call.of_folder(self.folder) as home_assistant:
            return home_assistant.call({"type": "config_entries/get", "domain": domain})

    def connect_mqtt(self, port):
        """The config flow that the user clicks through; false when that has happened before."""
        if self.entries("mqtt"):
            return False
        token = (self.folder / "token").read_text().strip()
        flows = "/api/config/config_entries/flow"
        step = self.http(flows, {"handler": "mqtt", "show_advanced_options": False}, token)
        answer = {"broker": "127.0.0.1", "port": int(port)}
        if any(field["name"] == "other_settings" for field in step["data_schema"]):  # required since 2026
            answer["other_settings"] = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
        step = self.http(f"{flows}/{step['flow_id']}", answer, token)
        if step["type"] != "create_entry":
            raise SetupError(f"the mqtt integration refuses the broker: {step}")
        return True

    def running(self):
        with ha_call.of_folder(self.folder) as home_assistant:
            return home_assistant.call({"type": "get_config"})["state"] == "RUNNING"

    def confirm_http(self):
        """Since 2026.11 an owner confirms http settings from the YAML within 5 minutes, or they are taken back."""
        with ha_call.of_folder(self.folder) as home_assistant:
            try:
                if home_assistant.call({"type": "http/config"})["pending"]:
                    home_assistant.call({"type": "http/config/promote"})
            except ha_call.CommandError as refusal:
                if refusal.error["code"] != "unknown_command":
                    raise

    def was_running(self):
        try:
            return self.running()
        except OSError:
            return False

    def run(self, port):
        was_running = self.was_running()
        birth = listen_for_birth(port) if port else None
        try:
            if not (self.folder / "token").exists():
                self.make_token(self.onboard())
            self.until("RUNNING", self.running)
            self.confirm_http()
            if birth and (self.connect_mqtt(port) or not was_running):
                self.until("birth message on the MQTT broker", lambda: birth.poll() == 0)
        finally:
            if birth:
                birth.kill()
                birth.wait()


def listen_for_birth(port):
    """A process that ends when Home Assistant has subscribed to all its MQTT topics and so announces itself."""
    return subprocess.Popen(
        ["mosquitto_sub", "-h", "127.0.0.1", "-p", port, "-t", "homeassistant/status", "-C", "1"],
        stdout=subprocess.DEVNULL,
    )


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        Setup(pathlib.Path(sys.argv[1])).run(os.environ.get("HAINGEST_MQTT_PORT"))
    except urllib.error.HTTPError as error:
        sys.exit(f"ha_setup.py: {error.url}: {error} {error.read().decode(errors='replace')}")
    except (SetupError, OSError, ha_call.CommandError) as error:
        sys.exit(f"ha_setup.py: {error}")
