"""Choose a kernel of this machine for a notebook that was saved with one that is not here."""

from __future__ import annotations

from dataclasses import replace

from nb2dag.model.plan import DagPlan

USUAL = "python3"
"""What a Python kernel is called where nobody gave it a name."""


def with_kernel_of_this_machine(plan: DagPlan) -> tuple[DagPlan, str]:
    """Return a plan whose notebook's kernel is installed, and what to say about it, which may be nothing.

    A notebook names the kernel that it was last saved with: `python2` where it is old, a conda environment of somebody
    else's. Where that is missing, the usual one takes its place. A kernel that a tag asks for is asked for on purpose
    and left alone.
    """
    from jupyter_client.kernelspec import KernelSpecManager

    if not plan.kernel_name:
        return plan, ""
    installed = KernelSpecManager().find_kernel_specs()
    if plan.kernel_name in installed or USUAL not in installed:
        return plan, ""
    said = (
        f"the notebook was saved with the kernel `{plan.kernel_name}`, which is not installed here: `{USUAL}` is used"
    )
    return replace(plan, kernel_name=USUAL, kernel_display_name=""), said
