"""Read the manifest of the bundle that a DAG file was deployed with, and check that the two belong together."""

from __future__ import annotations

import json
from pathlib import Path

from nb2dag.runtime.formats import BUNDLE_MANIFEST, BundleManifest


class BundleUnusable(Exception):
    """The files beside the DAG file are not the bundle it was compiled with, or not one this nb2dag reads."""


def read_bundle(dag_file: str, digest: str | None) -> BundleManifest | None:
    """Return the bundle manifest beside `dag_file`; None where there is none and the DAG file names no `digest`.

    Raises:
        BundleUnusable: The manifest is missing, damaged, of another format, or not of the DAG file's compilation.
    """
    path = Path(dag_file).with_name(BUNDLE_MANIFEST)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if digest is None:
            return None
        raise BundleUnusable(f"{path} is missing: deploy the bundle's whole folder, not the DAG file alone") from None
    try:
        manifest = BundleManifest.from_json(json.loads(text))
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
        raise BundleUnusable(f"{path} is damaged ({error!r}): compile the notebook again") from error
    except ValueError as error:
        raise BundleUnusable(f"{path} is {error}") from None
    if digest is not None and manifest.digest != digest:
        raise BundleUnusable(
            f"{path} and the DAG file come from two compilations ({manifest.digest[:12]} and {digest[:12]}): "
            "deploy the bundle's whole folder at once"
        )
    return manifest
