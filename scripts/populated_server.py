"""A server with something of everything in it, for `scripts/test-api` to ask."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TARGET = os.path.join(ROOT, os.environ.get("CARGO_TARGET_DIR") or "target")
GAUNTLET = os.path.join(TARGET, "release/gauntlet")

# Quotas would end the fuzzing of uploads after the first few, and other answers after a second.
SETTINGS = """
requests_a_token = 1000000
requests_an_address = 1000000
submissions_a_day = 1000000
submissions_a_tournament = 1000000
"""


def fail(message):
    sys.exit(f"test-api: {message}")


class Server:
    """A server of our own, on this machine alone."""

    def __init__(self, folder):
        # Root's private PostgreSQL runs as another user, who has to get in.
        os.chmod(folder, 0o711)
        self.data = os.path.join(folder, "data")
        self.log = os.path.join(folder, "server.log")
        tasks = os.path.join(folder, "tasks")
        os.mkdir(tasks)
        settings = os.path.join(folder, "gauntlet.toml")
        with open(settings, "w", encoding="utf-8") as file:
            file.write(SETTINGS)
        command = [GAUNTLET, "--json", "up", "--no-runner", "--listen", "127.0.0.1:0"]
        command += ["--data", self.data, "--tasks", tasks, "--config", settings]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("GAUNTLET_", "DATABASE_"))}
        with open(self.log, "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
            )
        said = ""
        for line in self.process.stdout:
            said += line
            try:
                self.url = json.loads(said)["url"]
                break
            except ValueError:
                continue
        else:
            with open(self.log, encoding="utf-8") as log:
                fail(f"the server does not start:\n{log.read()}")
        if not re.fullmatch(r"http://127\.0\.0\.1:\d+", self.url):
            fail(f"the server is at {self.url}, which is not this machine alone")
        with open(os.path.join(self.data, "tokens.json"), encoding="utf-8") as file:
            self.tokens = json.load(file)

    def ask(self, method, path, body=None, kind="application/json", token="admin"):
        """The answer, as JSON if it is some; ends everything if it is a refusal."""
        headers = {"authorization": f"Bearer {self.tokens[token]}"}
        if body is not None:
            headers["content-type"] = kind
            body = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/api/v1{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                said = answer.read()
        except urllib.error.HTTPError as error:
            fail(f"{method} {path}: {error.code} {error.read().decode()}")
        return json.loads(said) if said else None

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()



def module(marker):
    """A WebAssembly module with nothing in it but what the interface asks for."""

    def section(number, content):
        return bytes([number, len(content)]) + content

    def text(name):
        return bytes([len(name)]) + name.encode()

    exports = text("memory") + b"\x02\x00" + text("gauntlet_train") + b"\x00\x00"
    exports += text("gauntlet_predict") + b"\x00\x01"
    data = b"\x01\x00\x41\xc0\x00\x0b" + text(marker)
    return b"\0asm\1\0\0\0" + b"".join(
        [
            section(1, b"\x01\x60\x00\x00"),
            section(3, b"\x02\x00\x00"),
            section(5, b"\x01\x00\x11"),
            section(7, b"\x03" + exports),
            section(10, b"\x02\x02\x00\x0b\x02\x00\x0b"),
            section(11, data),
        ]
    )


def put(server, content, token="admin"):
    digest = hashlib.sha256(content).hexdigest()
    server.ask("PUT", f"/blobs/{digest}", content, "application/octet-stream", token)
    return digest


def populate(server):
    """Two tasks, a series, tournaments in every state; gives the names there are, by their kind."""
    for task in ("digits", "letters"):
        train, inputs, labels = (put(server, f"{part} of {task}".encode()) for part in ("train", "inputs", "labels"))
        budget = {"work": 10**9, "predict_share_percent": 20, "wall_seconds": 60}
        budget |= {"tensor_bytes": 1 << 28, "guest_bytes": 1 << 26, "output_bytes": 1 << 24}
        new = {"name": task, "title": task, "description": "", "licence": "CC0-1.0", "info": {}}
        new |= {"budget": budget, "train": train, "hidden_inputs": inputs, "hidden_labels": labels}
        server.ask("POST", "/tasks", new)
    rules = {"format": "halving", "rungs": 2, "eta": 2, "blocks_per_rung": [1, 2]}
    names = ["ended", "under-way", "open", "draft"]
    for name in names:
        server.ask("POST", "/tournaments", {"name": name, "task": "digits", "rules": rules, "seed": 7})
    for name in names[:3]:
        server.ask("POST", f"/tournaments/{name}/open")
        for method in ("one", "two"):
            path = f"/tournaments/{name}/submissions?name={method}"
            server.ask("POST", path, module(method), "application/wasm", "miner")
    runner = server.ask("POST", "/runners", {"name": "r", "class": "c", "version": "1"}, token="runner")["runner"]
    model = put(server, b"a model", "runner")
    meters = dict.fromkeys(
        ("work", "flops", "bytes_moved", "operations", "batches", "peak_tensor_bytes", "wall_micros"), 1
    )
    report = {"verdict": "completed", "score": 0.5, "model": model, "predictions": None, "detail": None}
    report |= {"train": meters, "predict": meters, "curve": [{"step": 1, "name": "loss", "value": 2.0}]}
    server.ask("POST", "/tournaments/ended/close")
    deadline = time.monotonic() + 120
    while server.ask("GET", "/tournaments/ended")["state"] != "completed":
        if time.monotonic() > deadline:
            fail("the tournament does not end")
        lease = server.ask("POST", f"/runners/{runner}/lease", {"wait_seconds": 1}, token="runner")
        if lease:
            path = f"/runs/{lease['run']}/attempts/{lease['attempt']}/report"
            server.ask("POST", path, report, token="runner")
    server.ask("POST", "/tournaments/under-way/close")
    held = None
    while not held:
        held = server.ask("POST", f"/runners/{runner}/lease", {"wait_seconds": 5}, token="runner")
        if time.monotonic() > deadline:
            fail("nothing is leased")
    series = {"name": "weekly", "task": "letters", "calendar": "0 9 * * MON", "open_seconds": 3600}
    server.ask("POST", "/series", series)
    token = server.ask("POST", "/tokens", {"scope": "reader", "note": "to be ended"})["id"]
    ended = server.ask("GET", "/tournaments/ended")
    runs = [cell["run"] for cell in ended["rounds"][0]["runs"]]
    return {
        "tournament": names,
        "task": ["digits", "letters"],
        "series": ["weekly"],
        "run": [*runs, held["run"]],
        "runner": [runner],
        # Not those that the requests here carry: nothing could be asked after they are revoked.
        "token": [token],
        "entry": [ended["champion"]["archive"], "digits@champion"],
        "blob": [model, hashlib.sha256(b"train of digits").hexdigest()],
        "small": [1, 2, 3],
    }
