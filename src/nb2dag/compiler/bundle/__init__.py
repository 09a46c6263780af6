"""Make a bundle of a plan, write it to its folder, and compare it with what stands there."""

from __future__ import annotations

from nb2dag.compiler.bundle.build import Bundle, build_bundle
from nb2dag.compiler.bundle.compare import diff_bundle
from nb2dag.compiler.bundle.write import write_bundle

__all__ = ["Bundle", "build_bundle", "diff_bundle", "write_bundle"]
