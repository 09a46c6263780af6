"""What takes long or much room: `make soak` runs it, `make test` does not."""

from __future__ import annotations

from pathlib import Path

from support.task_bench import RUNTIME, Bench, body, is_running

GIB = 1 << 30


def test_a_gibibyte_is_handed_over_whole_and_written_to_in_private(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    made = "import numpy as np\nbig = np.arange(1 << 27, dtype='int64')\npart = big[-4:]"
    load = ("load", 0, RUNTIME + "_nb2dag.load(globals(), 'makes', 'big', 'big', 'part')")
    bench.run("makes", body(made), ("save", 1, RUNTIME + "_nb2dag.save(globals(), 'big', 'big', 'part')"))
    stored = bench.manifests["makes"].objects["big"]
    assert GIB < stored.size < GIB + (1 << 20)
    changes = "part[:] = 0\nprint(int(big.sum()), big.shape, big[-5:].tolist())"
    for task in ("reads", "reads_again"):
        bench.run(task, load, body(changes, 2))
        n = (1 << 27) - 4
        assert bench.lines() == [f"{n * (n - 1) // 2} ({1 << 27},) [{n - 1}, 0, 0, 0, 0]"]


def test_fifty_attempts_in_a_row_leave_nothing_running(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code = "import subprocess\nprint(subprocess.Popen(['setsid', 'sleep', '600']).pid)\nvalue = {0}"
    for number in range(50):
        bench.run(f"t{number}", body(code.format(number)), ("save", 1, RUNTIME + "_nb2dag.save(globals(), 'value')"))
        assert not is_running(int(bench.lines()[0]))
        assert not is_running(bench.process())
    assert {manifest.objects["value"].names for manifest in bench.manifests.values()} == {("value",)}
