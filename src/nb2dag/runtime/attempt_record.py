"""Note in an executed notebook what its attempt was given, so that the attempt can be had again elsewhere, exactly."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from nb2dag import __version__
from nb2dag.runtime.formats import Job, PointerManifest
from nb2dag.runtime.store import absolute

RECORD_FORMAT = 1
"""Version of the record."""

RECORD_METADATA = "nb2dag"
"""Key of the record in the metadata of an executed notebook."""


class RecordUnreadable(Exception):
    """A record is of another format, or damaged; the message goes on from "the record is"."""


@dataclass(frozen=True, slots=True)
class AttemptRecord:
    """What one attempt was given. It holds pointers and names, no value and no secret.

    Attributes:
        job: Who ran and what it read: the pointers that the attempt itself followed, which stay right when a task
            upstream is cleared and runs again. The store's URL is without a user and password.
        source: The notebook that the DAG was compiled from; empty for a notebook that nobody compiled.
        files: The sha256 of each file that ships with the bundle, by its path below `files/`.
        environment: Names of the variables that Connections and Variables came in.
        nb2dag: The version that ran the task.
    """

    job: Job
    source: str = ""
    files: dict[str, str] = field(default_factory=dict)
    environment: tuple[str, ...] = ()
    nb2dag: str = __version__

    def to_json(self) -> dict[str, Any]:
        """Return the metadata value."""
        return {
            "version": RECORD_FORMAT,
            "nb2dag": self.nb2dag,
            "source": self.source,
            "job": self.job.to_json(),
            "files": dict(sorted(self.files.items())),
            "environment": list(self.environment),
        }

    @classmethod
    def from_json(cls, value: Any) -> AttemptRecord:
        """Read what `to_json` wrote.

        Raises:
            RecordUnreadable: It is of another format, or damaged.
        """
        try:
            if value["version"] != RECORD_FORMAT:
                raise RecordUnreadable(
                    f"of format {value['version']!r}, written by nb2dag {value.get('nb2dag', '?')}, and this nb2dag "
                    f"{__version__} reads format {RECORD_FORMAT}"
                )
            job = Job.from_json(value["job"])
            files = {str(name): str(digest) for name, digest in value["files"].items()}
            return cls(job, value["source"], files, tuple(map(str, value["environment"])), str(value["nb2dag"]))
        except (KeyError, TypeError, AttributeError) as error:
            raise RecordUnreadable(f"damaged ({error!r})") from error
        except ValueError as error:
            raise RecordUnreadable(f"not one that this nb2dag {__version__} reads: it holds {error}") from None


def attempt_record(
    job: Job,
    reads: Mapping[str, Iterable[str]],
    *,
    source: str = "",
    files: Mapping[str, str] | None = None,
    environment: Iterable[str] = (),
) -> AttemptRecord:
    """Return the record of an attempt that is about to begin.

    Args:
        job: The attempt's job.
        reads: Each producer's task id, with the handoffs that are loaded from it; others are left out.
        source: As in the record.
        files: As in the record.
        environment: Names of variables.
    """
    inputs = {task_id: _trimmed(manifest, reads.get(task_id, ())) for task_id, manifest in job.inputs.items()}
    kept = replace(
        job, store=_without_userinfo(absolute(job.store)), inputs=inputs, manifest="", directory="", files=""
    )
    return AttemptRecord(kept, source, dict(files or {}), tuple(sorted(environment)))


def _trimmed(manifest: PointerManifest, keys: Iterable[str]) -> PointerManifest:
    objects = {key: manifest.objects[key] for key in keys if key in manifest.objects}
    return replace(manifest, objects=objects, returned=None, changed=())


def _without_userinfo(url: str) -> str:
    """Return a URL without the user and password that it may hold.

    >>> _without_userinfo("sftp://me:secret@host/store"), _without_userinfo("/srv/a@b"), _without_userinfo("s3://b/x")
    ('sftp://host/store', '/srv/a@b', 's3://b/x')
    """
    if "://" not in url:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
