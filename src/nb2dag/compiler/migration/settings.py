"""Read what Kale keeps about a pipeline in the notebook's metadata."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nb2dag.compiler.migration.kale import Warned
from nb2dag.directives.names import id_like
from nb2dag.report.style import printable

METADATA_KEY = "kubeflow_notebook"
"""Where Kale's `processors/nbprocessor.py` looks."""

_NOT_CARRIED = {
    "experiment_name": "Airflow has no experiments",
    "docker_image": "set the image in the executor's configuration",
    "volumes": "handoffs go through nb2dag's store, and volumes belong to the executor's configuration",
    "steps_defaults": "write what all tasks shall have as options of the `%airflow_dag` line",
    "katib_metadata": "Airflow has no hyperparameter search; map a task over the values instead",
    "timeout": "write `--dagrun-timeout` on the `%airflow_dag` line",
    "storage_class_name": "volumes belong to the executor's configuration",
}
"""Settings without a counterpart, with what to do about them."""


@dataclass(frozen=True, slots=True)
class KaleSettings:
    """A pipeline's name, made valid, and its description; empty where the notebook does not say."""

    name: str = ""
    description: str = ""
    warnings: tuple[Warned, ...] = ()
    found: bool = False


def read_settings(text: str) -> KaleSettings:
    """Return Kale's settings in the text of a notebook file.

    >>> read_settings('{"metadata": {"kubeflow_notebook": {"pipeline_name": "titanic-ml"}}}').name
    'titanic-ml'
    """
    metadata = json.loads(text.removeprefix("\ufeff"), strict=False).get("metadata")
    settings = metadata.get(METADATA_KEY) if isinstance(metadata, Mapping) else None
    if not isinstance(settings, Mapping):
        return KaleSettings()
    name, description = _text(settings, "pipeline_name"), _text(settings, "pipeline_description")
    return KaleSettings(id_like(name), description, tuple(_warnings(settings)), found=True)


def _text(settings: Mapping[str, Any], key: str) -> str:
    value = settings.get(key)
    return " ".join(value.split()) if isinstance(value, str) else ""


def _warnings(settings: Mapping[str, Any]) -> Iterator[Warned]:
    for key, advice in _NOT_CARRIED.items():
        if settings.get(key) and not (key == "katib_metadata" and not settings.get("katib_run")):
            shown = settings[key]
            value = f" ({printable(shown)})" if isinstance(shown, str) else ""
            yield Warned(0, f"`{key}`{value} in the notebook's metadata is not carried over: {advice}")
