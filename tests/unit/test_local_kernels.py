"""A notebook saved with a kernel that is not here runs in the usual one; one that a tag asks for is left alone."""

from __future__ import annotations

import json

import pytest

from nb2dag.compiler.frontend.reader import parse_notebook
from nb2dag.compiler.pipeline import compile_program
from nb2dag.local.kernels import with_kernel_of_this_machine
from support.oracle import notebook_text


def plan_with(kernel, tmp_path, tag="#| task: a"):
    document = json.loads(notebook_text([f"{tag}\nx = 1"]))
    document["metadata"]["kernelspec"] = (
        {"name": kernel, "display_name": kernel, "language": "python"} if kernel else {}
    )
    plan = compile_program(parse_notebook(json.dumps(document), "n.ipynb"), tmp_path, 1000).plan
    assert plan is not None
    return plan


@pytest.mark.parametrize("kernel", ["python2", "conda-env-sales-py"])
def test_a_missing_kernel_is_replaced_and_said(kernel, tmp_path):
    plan, said = with_kernel_of_this_machine(plan_with(kernel, tmp_path))
    assert plan.kernel_name == "python3"
    assert f"`{kernel}`" in said


@pytest.mark.parametrize("kernel", ["python3", ""])
def test_a_kernel_that_is_here_stays(kernel, tmp_path):
    plan = plan_with(kernel, tmp_path)
    assert with_kernel_of_this_machine(plan) == (plan, "")


def test_a_kernel_that_a_tag_asks_for_stays(tmp_path):
    plan, _ = with_kernel_of_this_machine(plan_with("python3", tmp_path, "#| task: a\n#| kernel: mine"))
    assert [task.kernel_name for task in plan.tasks] == ["mine"]
