"""A day of a camera, driven by generated clients: registered, started, reported on, changed, asked about and removed."""

import datetime
import importlib

import requests


def moment():
    """A heartbeat is of a time at which the camera is registered already."""
    return datetime.datetime.now(datetime.timezone.utc)


def expect(isTrue, what):
    if not isTrue:
        raise SystemExit(f"clients: {what}")


class ClientDay:
    """By the functions and classes that openapi-python-client makes."""

    def __init__(self, base, token, now):
        models = importlib.import_module("client.models")
        self.models = models
        self.client = importlib.import_module("client").AuthenticatedClient(base_url=base, token=token, timeout=60)
        self.now = now

    def call(self, operation, *path, status=200, **arguments):
        module = importlib.import_module(f"client.api.{operation}")
        answer = module.sync_detailed(*path, client=self.client, **arguments)
        expect(answer.status_code == status, f"{operation}: {answer.status_code} {answer.content[:300]}")
        return answer

    def form(self, name, **more):
        m = self.models
        line = m.LineForm(name="door", from_=[0.2, 0.3], to=[0.2, 0.5], inside=[0.1, 0.4])
        return m.CameraForm(
            name=name, stream_url="rtsp://viewer:secret@10.0.0.5/live", lines=[line], time_zone="Europe/Berlin", **more,
        )

    def run(self):
        m = self.models
        registered = self.call("cameras.register_camera", status=201, body=self.form("Generated"))
        camera = registered.parsed.id
        expect(registered.parsed.lines[0].inside == [0.1, 0.4], "a line comes back as it was given")
        started = self.call("control.start_camera", camera, body=m.StartForm(worker_id="worker-1"))
        expect(started.parsed.worker_id == "worker-1", "the camera is assigned")
        reading = m.Reading(observed_at=self.now, line="door", class_="person", count_in=2, count_out=1)
        self.call("telemetry.record_counts", camera, status=201, body=reading)
        batch = m.ReadingBatch(
            source="gen",
            readings=[m.NumberedReading(sequence=n, observed_at=self.now, line="door", class_="person", count_in=1,
                                        count_out=0) for n in (1, 2)],
        )
        results = self.call("telemetry.record_counts", camera, status=201, body=batch).parsed.results
        expect([result.sequence for result in results] == [1, 2], "each reading has its result")
        beats = m.HeartbeatBatch(
            source="gen",
            heartbeats=[m.NumberedHeartbeat(sequence=3, observed_at=moment(), status=m.CameraStatus.ONLINE, fps=25.0)],
        )
        self.call("telemetry.record_heartbeats", camera, status=201, body=beats)
        beat = m.Heartbeat(observed_at=moment(), status=m.CameraStatus.ONLINE, fps=25.0, response_time_ms=120.0)
        answer = self.call("telemetry.record_heartbeats", camera, status=201, body=beat)
        position = int(answer.headers["Footfall-Position"])
        health = self.call("health.get_camera_health", camera, min_position=position).parsed
        expect(health.fps == 25.0, "the heartbeat is shown")
        shown = self.call("cameras.get_camera", camera, min_position=position)
        changed = self.call(
            "cameras.replace_camera", camera, if_match=shown.headers["ETag"], body=self.form("Renamed", location="Hall"))
        expect(changed.parsed.name == "Renamed", "the camera is renamed")
        patch = m.CameraPatch(description="by the stairs", metadata={"store": 12})
        patched = self.call("cameras.patch_camera", camera, if_match=changed.headers["ETag"], body=patch)
        expect(patched.parsed.description == "by the stairs", "the patch is applied")
        expect(patched.parsed.location == "Hall" and len(patched.parsed.lines) == 1, "what it does not name stays")
        position = int(patched.headers["Footfall-Position"])
        span = {"from_": self.now - datetime.timedelta(hours=1), "to": self.now + datetime.timedelta(hours=1)}
        counts = self.call("counts.get_camera_counts", camera, min_position=position, **span).parsed
        expect(sum(bucket.count_in for bucket in counts.items) == 4, "what was reported is counted")
        analytics = self.call("analytics.get_camera_analytics", camera, **span).parsed
        expect(analytics.totals.count_in == 4, "analytics add it up")
        wall = self.call("cameras.list_cameras", limit=100, sort=m.ListCamerasSort("-id"), search="Renamed",
                         include=m.ListCamerasInclude("health,counts"), min_position=position).parsed
        expect(wall.items[0].counts_today.count_in == 4, "the list shows today's counts")
        self.export(camera, span)
        self.call("control.stop_camera", camera, body=m.StopForm(reason="the day is over"))
        removed = self.call("cameras.remove_camera", camera, if_match="*", status=204)
        position = int(removed.headers["Footfall-Position"])
        gone = self.call("cameras.get_camera", camera, status=410, min_position=position)
        expect(gone.parsed.code == "camera_removed", "a problem is read as one")

    def export(self, camera, span):
        m = self.models
        text = self.call(
            "exports.export_camera", camera,
            body=m.CameraReadingsExport(kind="readings", format_=m.CameraReadingsExportFormat.CSV, **span))
        expect(len(text.content.splitlines()) == 4, "the file has a header and three readings")
        packed = self.call(
            "exports.export_camera", camera,
            body=m.CameraReadingsExport(
                kind="readings", format_=m.CameraReadingsExportFormat.CSV,
                compression=m.CameraReadingsExportCompressionType1("zstd"), **span))
        expect(packed.content[:4] == b"\x28\xb5\x2f\xfd", "a zstd frame comes as bytes")


class ModelDay:
    """By the classes that datamodel-code-generator makes, over plain HTTP."""

    def __init__(self, base, token, now):
        self.models = importlib.import_module("models")
        self.base = base
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Bearer {token}"
        self.now = now

    def send(self, method, path, form=None, answer=None, status=200, **options):
        """Sends a form as its class writes it, and reads the answer by the class of its schema."""
        headers = options.pop("headers", {})
        data = None
        if form is not None:
            headers["Content-Type"] = "application/json"
            data = form.model_dump_json(by_alias=True, exclude_unset=True)
        reply = self.session.request(method, self.base + path, data=data, headers=headers, params=options, timeout=60)
        expect(reply.status_code == status, f"{method} {path}: {reply.status_code} {reply.text[:300]}")
        return getattr(self.models, answer).model_validate_json(reply.content) if answer else reply

    def make(self, name, /, **members):
        """A form from what a caller would write; the class refuses what the document does not allow."""
        return getattr(self.models, name).model_validate(members)

    def camera(self, name):
        line = {"name": "door", "from": [0.2, 0.3], "to": [0.2, 0.5], "inside": [0.1, 0.4]}
        return self.make(
            "CameraForm", name=name, stream_url="rtsp://10.0.0.5/live", stream_type="rtsp", lines=[line],
            settings={"confidence": 0.5}, metadata={"store": 12}, security_config={"token": "t"})

    def run(self):
        now = self.now
        registered = self.send("POST", "/cameras", self.camera("Modelled"), "Camera", 201)
        path = f"/cameras/{registered.id}"
        self.send("POST", f"{path}/start", self.make("StartForm", worker_id="worker-1"), "Camera")
        reading = {"observed_at": now, "line": "door", "class": "person", "count_in": 2, "count_out": 1}
        self.send("POST", f"{path}/counts", self.make("Reading", **reading), "ReportResults", 201)
        batch = self.make("ReadingBatch", source="gen", readings=[reading | {"sequence": 1}])
        self.send("POST", f"{path}/counts", batch, "ReportResults", 201)
        beat = {"observed_at": moment(), "status": "online", "fps": 25}
        self.send("POST", f"{path}/heartbeats", self.make("Heartbeat", **beat), "ReportResults", 201)
        beats = self.make("HeartbeatBatch", source="gen", heartbeats=[beat | {"sequence": 2}])
        position = self.send("POST", f"{path}/heartbeats", beats, None, 201).headers["Footfall-Position"]
        health = self.send("GET", f"{path}/health", None, "CameraHealth", min_position=position)
        expect(health.fps == 25, "the heartbeat is shown")
        shown = self.send("GET", path, None, None, min_position=position)
        tag = {"If-Match": shown.headers["ETag"]}
        changed = self.send("PUT", path, self.camera("Remodelled"), headers=tag)
        expect(self.models.Camera.model_validate_json(changed.content).name == "Remodelled", "the camera is renamed")
        patch = self.make("CameraPatch", description="by the stairs", metadata={"floor": 2})
        patched = self.send("PATCH", path, patch, headers={"If-Match": changed.headers["ETag"]})
        shown = self.models.Camera.model_validate_json(patched.content)
        expect(shown.description == "by the stairs" and len(shown.lines) == 1, "the patch is applied, the rest stays")
        expect(patched.json()["metadata"] == {"store": 12, "floor": 2}, "metadata is merged")
        position = patched.headers["Footfall-Position"]
        span = {"from": now - datetime.timedelta(hours=1), "to": now + datetime.timedelta(hours=1)}
        query = {name: instant.isoformat() for name, instant in span.items()}
        counts = self.send("GET", f"{path}/counts", None, "CameraCounts", min_position=position, **query)
        expect(sum(bucket.count_in for bucket in counts.items) == 4, "what was reported is counted")
        analytics = self.send("GET", f"{path}/analytics", None, "CameraAnalytics", **query)
        expect(analytics.totals.count_in == 4, "analytics add it up")
        wall = self.send("GET", "/cameras", None, "CameraPage", include="health,counts", search="Remodelled",
                         min_position=position)
        expect(wall.items[0].counts_today.count_in == 4, "the list shows today's counts")
        rows = self.send(
            "POST", f"{path}/export", self.make("CameraReadingsExport", kind="readings", format="jsonl", **span))
        expect(len(rows.text.splitlines()) == 2, "the file has two readings")
        hours = self.make("CameraCountsExport", kind="hourly_counts", format="csv", bucket="hour", **span)
        expect(len(self.send("POST", f"{path}/export", hours).text.splitlines()) == 2, "an hour has a row")
        self.send("POST", f"{path}/stop", self.make("StopForm", reason="the day is over"), "Camera")
        position = self.send("DELETE", path, None, None, 204, headers={"If-Match": "*"}).headers["Footfall-Position"]
        gone = self.send("GET", path, None, "Problem", 410, min_position=position)
        expect(gone.code == "camera_removed", "a problem is read as one")
