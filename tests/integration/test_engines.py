"""The same notebooks through both engines, a shell's process and a kernel, come to the same outputs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
import pytest

from nb2dag.runtime.execution import TaskRun, execute_task
from nb2dag.runtime.failures import TaskError
from nb2dag.runtime.formats import Job

CELLS = r"""
# %% rich displays
from IPython.display import *
display(HTML('<b>x</b>'), Markdown('*y*'), Latex('$x$'))
print(1)
7
# %% a JSON result
JSON({'a': 1})
# %% an image
Image(data=b'\x89PNG\r\n\x1a\n' + b'0' * 30, format='png')
# %% a frame
import pandas as pd
pd.DataFrame({'a': [1, 2]})
# %% the hash of a text
hash('dog'), list({'the', 'quick', 'brown', 'fox', 'jumps'})
# %% a plot by the inline backend
import matplotlib.pyplot as plt
plt.plot([1, 2, 3])
# %% a plot between texts
%matplotlib inline
fig, ax = plt.subplots()
ax.plot([3, 1])
print(1)
plt.show()
print(2)
# %% await
import asyncio
await asyncio.sleep(0.01)
async def five(): return 5
await five()
# %% a running loop
asyncio.get_running_loop().is_running()
# %% a task of the loop
done = []
async def later(): done.append(1)
background = asyncio.create_task(later())
# %% it went on between cells
done
# %% asyncio.run
try:
    asyncio.run(five())
except RuntimeError as error:
    print(error)
# %% a line magic
%who_ls
# %% a cell magic
%%capture caught
print('captured')
display(1)
# %% what it captured
caught.stdout, len(caught.outputs)
# %% the shell
!echo from the shell
lines = !echo captured
lines
# %% a script
%%bash
echo out
# %% history
%history -n 1-2
# %% help
len?
# %% names of outputs
_, In[2], sorted(Out)[:2]
# %% a child's output
import subprocess, time
subprocess.run(['echo', 'second'])
time.sleep(0.5)
# %% output of native code
import ctypes
libc = ctypes.CDLL(None)
libc.puts(b'from C')
libc.fflush(None)
time.sleep(0.5)
# %% output to a descriptor
import os
os.write(1, b'one\n')
time.sleep(0.5)
# %% errors to a descriptor
os.write(2, b'two\n')
time.sleep(0.5)
# %% a child forked by multiprocessing
import multiprocessing
def work(queue):
    queue.put(6 * 7)
forking = multiprocessing.get_context('fork')
queue = forking.Queue()
child = forking.Process(target=work, args=(queue,))
child.start()
print(queue.get())
child.join()
# %% a thread
import threading
thread = threading.Thread(target=print, args=('hi',))
thread.start()
thread.join()
# %% input is refused
try:
    input('?')
except Exception as error:
    print(type(error).__name__, error)
# %% a password is refused
import getpass
try:
    getpass.getpass('?')
except Exception as error:
    print(type(error).__name__, error)
# %% clear_output
print('gone')
clear_output()
print('kept')
# %% clear_output that waits
print('gone')
clear_output(wait=True)
print('kept')
# %% a display that is updated
handle = display('first', display_id='d1')
handle.update('second')
# %% and again by a later cell
handle.update('third')
# %% a progress bar of text
import sys
from tqdm import tqdm
for _ in tqdm(range(3), file=sys.stdout, bar_format='{n}/{total}'):
    pass
# %% a progress bar that is a widget
from tqdm.auto import tqdm
for _ in tqdm(range(3), bar_format='{n}'):
    pass
# %% a widget
import ipywidgets
slider = ipywidgets.IntSlider(value=3)
slider
# %% an output widget
shown = ipywidgets.Output()
display(shown)
with shown:
    print('in it')
    display('too')
# %% what is in it
shown.outputs
# %% a warning
import warnings
warnings.warn('careful')
# %% a log
import logging
logging.getLogger('x').warning('logged')
# %% colours
import rich
rich.print('[bold]b[/bold]')
# %% the namespace is __main__
import __main__
__name__, __main__ is sys.modules['__main__'], '__file__' in globals()
# %% what libraries look at
type(get_ipython()).__name__, 'IPKernelApp' in get_ipython().config, sys.stdout.isatty(), sys.stdout.encoding
# %% where it runs
os.getcwd() == os.path.realpath('.'), sys.path[0], sorted(os.listdir())
# %% a traceback of its own
import traceback
def boom(x):
    return 1 / x
try:
    boom(0)
except ZeroDivisionError:
    print(traceback.format_exc())
# %% a cell that may fail
1 / 0
# %% another magic of IPython's
%%writefile made.txt
line
# %% a syntax error that may be
1 +
# %% an interrupted coroutine
await asyncio.sleep(0)
raise KeyboardInterrupt
# %% the error that ends it
class Mine(Exception): pass
def fail():
    raise Mine('bad')
print('before')
fail()
"""

CASES = {
    name: code.strip() for name, _, code in (part.partition("\n") for part in CELLS.split("# %% ") if part.strip())
}
MAY_FAIL = ("a cell that may fail", "a syntax error that may be", "an interrupted coroutine")


def notebook(path: Path) -> Path:
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for name, code in CASES.items():
        tags = ["raises-exception"] if name in MAY_FAIL else []
        made.cells.append(nbformat.v4.new_code_cell(code, metadata={"tags": tags}))
    nbformat.write(made, path)
    return path


@pytest.fixture(scope="module")
def executed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Both engines' executed notebook, and the error each ended with."""
    folder = tmp_path_factory.mktemp("engines")
    run = TaskRun(notebook(folder / "all.ipynb"), "", Job("d", "r", "t", 1, str(folder / "store"), "b", ""))
    found = {}
    for engine in ("nb2dag", "nb2dag-kernel"):
        with pytest.MonkeyPatch.context() as patch:
            # ipykernel leaves the output of native code and of children alone where it sees this variable.
            patch.delenv("PYTEST_CURRENT_TEST")
            with pytest.raises(TaskError) as caught:
                execute_task(replace(run, output=folder / f"{engine}.ipynb", engine=engine))
        found[engine] = (nbformat.read(folder / f"{engine}.ipynb", as_version=4), caught.value)
    return found


def cell(executed: dict[str, Any], engine: str, name: str) -> tuple[Any, str]:
    """Return a cell's count, and its outputs as text without what no two processes have alike."""
    cells = [found for found in executed[engine][0].cells if found.cell_type == "code"]
    found = cells[list(CASES).index(name)]
    text = json.dumps(found.outputs, indent=1)
    text = re.sub(r"ipykernel_\d+", "ipykernel_N", text)
    text = re.sub(r'"model_id": "\w+"', '"model_id": "N"', text)
    return found.execution_count, re.sub(r"0x[0-9a-f]+", "0xN", text)


@pytest.mark.parametrize("name", CASES)
def test_outputs_are_the_same(executed: dict[str, Any], name: str) -> None:
    ours, kernels = (cell(executed, engine, name) for engine in ("nb2dag", "nb2dag-kernel"))
    assert ours == kernels


def test_the_outputs_are_there(executed: dict[str, Any]) -> None:
    """That two are the same says nothing where both are empty."""
    silent = {"a task of the loop", "a cell magic", "and again by a later cell", "help"}
    assert {name for name in CASES if cell(executed, "nb2dag", name)[1] == "[]"} == silent
    assert "third" in cell(executed, "nb2dag", "a display that is updated")[1]
    assert "second" in cell(executed, "nb2dag", "a child's output")[1]
    assert "image/png" in cell(executed, "nb2dag", "a plot between texts")[1]


def test_widgets_keep_their_state(executed: dict[str, Any]) -> None:
    states = []
    for book, _ in executed.values():
        widgets = book.metadata.widgets["application/vnd.jupyter.widget-state+json"]["state"].values()
        states.append(sorted(json.dumps(_without_ids(widget), sort_keys=True) for widget in widgets))
    assert states[0] == states[1]
    assert any("IntSliderModel" in state for state in states[0])


def _without_ids(value: Any) -> Any:
    text = json.dumps(value)
    text = re.sub(r"IPY_MODEL_\w+", "IPY_MODEL_N", text)
    return json.loads(re.sub(r'"msg_id": "\w*"', '"msg_id": ""', text))


def test_the_error_is_the_same(executed: dict[str, Any]) -> None:
    ours, kernels = (executed[engine][1] for engine in ("nb2dag", "nb2dag-kernel"))
    assert str(ours) == str(kernels)
    assert (ours.ename, ours.evalue, ours.cell, ours.line) == ("Mine", "bad", len(CASES), 5)
    assert str(ours) == f"task `t` failed in cell {len(CASES)}, line 5: Mine: bad (raised in cell {len(CASES)}, line 3)"


def test_the_language_is_described_alike(executed: dict[str, Any]) -> None:
    ours, kernels = (dict(executed[engine][0].metadata.language_info) for engine in ("nb2dag", "nb2dag-kernel"))
    assert ours == kernels
