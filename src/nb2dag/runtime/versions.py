"""Record which Python and packages saved a value, and tell whether those here can load it."""

from __future__ import annotations

import importlib
import platform
import sys
from collections.abc import Iterable, Mapping
from importlib import metadata


def python() -> str:
    """Return this interpreter's version, as `3.11.9`; another implementation than CPython stands in front of it."""
    implementation = platform.python_implementation()
    version = platform.python_version()
    return version if implementation == "CPython" else f"{implementation} {version}"


def of_packages(packages: Iterable[str]) -> dict[str, str]:
    """Return the version of each imported top-level package that has one; a local module has none."""
    found = {}
    for package in sorted(packages):
        if version := _version(package):
            found[package] = version
    return found


def mismatch(saved_python: str, saved_packages: Mapping[str, str]) -> str:
    """Return why values saved by that Python and those packages cannot be trusted here, empty if they can.

    Pickles hold between patch releases of Python and between minor releases of a package (patch releases where the
    major version is 0).
    """
    here = python()
    if saved_python.split(".")[:2] != here.split(".")[:2]:
        return f"was saved by Python {saved_python}, and this is Python {here}"
    for package, saved in saved_packages.items():
        try:
            importlib.import_module(package)
        except ImportError as error:
            return f"needs the package `{package}` ({saved}), which cannot be imported here ({error})"
        version = _version(package)
        if version is not None and _series(version) != _series(saved):
            return f"was saved with {package} {saved}, and here is {package} {version}"
    return ""


def _series(version: str) -> tuple[str, ...]:
    major, *rest = version.split(".")
    if major.isdigit() and int(major) > 1900:
        # Named after the year, which says nothing about what changed.
        return ()
    return (major, *rest[:1]) if major == "0" else (major,)


def _version(package: str) -> str | None:
    version = getattr(sys.modules.get(package), "__version__", None)
    if isinstance(version, str):
        return version
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
