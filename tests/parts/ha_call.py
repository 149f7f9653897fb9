#!/usr/bin/env python3
"""ha_call.py DIR COMMAND...: what the Home Assistant of DIR answers to WebSocket commands (JSON, without id).

One line a command, in order: the result, or the error object. Exit code 1 when any answer was an error.
The client is tests' own, so that it can bear witness against haingest's: plain ws, one command at a time.
"""

import base64
import hashlib
import json
import pathlib
import secrets
import socket
import struct
import sys
import urllib.parse


class CommandError(Exception):
    """Home Assistant's error object: {"code", "message", ...}."""

    def __init__(self, error):
        super().__init__(error.get("message"))
        self.error = error


class WebSocket:
    """Text messages over RFC 6455."""

    CONTINUATION, TEXT, CLOSE, PING = 0, 1, 8, 9
    PONG = 10

    def __init__(self, url, path, timeout):
        address = urllib.parse.urlsplit(url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._stream = self._socket.makefile("rb")
        self._upgrade(address.netloc, path)

    def _upgrade(self, host, path):
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self._socket.sendall(
            f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
        )
        status = self._stream.readline().decode().strip()
        headers = {}
        while line := self._stream.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        if " 101 " not in status + " " or headers.get("sec-websocket-accept") != base64.b64encode(digest).decode():
            raise ConnectionError(f"no WebSocket at {host}{path}: {status}")

    def send(self, text):
        self._send_frame(self.TEXT, text.encode())

    def receive(self):
        """The next message, its fragments joined; pings in between are answered."""
        message = b""
        while True:
            final, opcode, payload = self._receive_frame()
            if opcode == self.PING:
                self._send_frame(self.PONG, payload)
            elif opcode == self.CLOSE:
                raise ConnectionError("Home Assistant closed the connection")
            elif opcode in (self.TEXT, self.CONTINUATION):
                message += payload
                if final:
                    return message.decode()

    def close(self):
        self._stream.close()
        self._socket.close()

    def _send_frame(self, opcode, payload):
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self._socket.sendall(head + mask + masked)

    def _receive_frame(self):
        first, second = self._read(2)
        size = second & 0x7F
        if size == 126:
            (size,) = struct.unpack("!H", self._read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._read(8))
        return bool(first & 0x80), first & 0x0F, self._read(size)

    def _read(self, size):
        data = self._stream.read(size)
        if len(data) < size:
            raise ConnectionError("the connection ended in the middle of a frame")
        return data


class HomeAssistant:
    """An authenticated connection."""

    def __init__(self, url, token, timeout=60):
        self._socket = WebSocket(url, "/api/websocket", timeout)
        self._last_id = 0
        json.loads(self._socket.receive())  # auth_required
        self._socket.send(json.dumps({"type": "auth", "access_token": token}))
        answer = json.loads(self._socket.receive())
        if answer["type"] != "auth_ok":
            raise ConnectionError(f"refused: {answer.get('message', answer['type'])}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def call(self, command):
        """The result of a command; events that arrive before it are dropped."""
        self._last_id += 1
        self._socket.send(json.dumps({**command, "id": self._last_id}))
        while True:
            answer = json.loads(self._socket.receive())
            if answer.get("id") == self._last_id and answer["type"] in ("result", "pong"):
                break
        if not answer.get("success", True):
            raise CommandError(answer["error"])
        return answer.get("result")


def of_folder(folder):
    folder = pathlib.Path(folder)
    return HomeAssistant((folder / "url").read_text().strip(), (folder / "token").read_text().strip())


def main(folder, *commands):
    failed = False
    with of_folder(folder) as home_assistant:
        for command in commands:
            try:
                answer = home_assistant.call(json.loads(command))
            except CommandError as refusal:
                answer = refusal.error
                failed = True
            print(json.dumps(answer, ensure_ascii=False), flush=True)
    return int(failed)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (OSError, json.JSONDecodeError) as problem:
        sys.exit(f"ha_call.py: {problem}")
