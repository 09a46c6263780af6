"""The pages of the rules about the flow of values between tasks, family NBD2xx."""

from __future__ import annotations

from nb2dag.compiler.rules import advice
from nb2dag.compiler.rules.rule import Rule, page
from nb2dag.model.diagnostic import Severity

UNDEFINED_NAME = Rule(
    "NBD201",
    "undefined-name",
    Severity.ERROR,
    page(
        "Reports a name that is read before any cell above binds it.",
        "Run from top to bottom, the notebook stops here with a `NameError`; so would the DAG. Usually the cells were "
        "run in another order, or a cell was deleted.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task clean\nkept = [row for row in rowz if row]",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task clean\nkept = [row for row in rows if row]",
        "When a name is bound in a way that the text does not show, for instance by a magic of another extension.",
    ),
)

SCRATCH_VALUE = Rule(
    "NBD202",
    "scratch-value",
    Severity.ERROR,
    page(
        "Reports a task that reads a name as an untagged cell left it, below the first task.",
        "Untagged cells below the first task are scratch: they are not exported. In the notebook the task would see "
        "what "
        "the scratch cell did, in the DAG it would not.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\nrows.append(3)\n# %%\n%%airflow_task report\nprint(rows)",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task load\nrows.append(3)\n# %%\n%%airflow_task "
        "report\nprint(rows)",
        "When the scratch cell calls something that is taken to change a value and does not. Tag it `%%airflow_skip`.",
    ),
)

TWO_VERSIONS = Rule(
    "NBD203",
    "two-versions",
    Severity.ERROR,
    page(
        "Reports a task that needs one name in two versions.",
        "A task loads its inputs once, at its beginning. It cannot have both versions under one name.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task report\nprint(rows)\n# %%\n%%airflow_task more\n"
        "rows = [3]\n# %%\n%%airflow_task report\nprint(rows)",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task report\nprint(rows)\n# %%\n%%airflow_task more\n"
        "more_rows = [3]\n# %%\n%%airflow_task report\nprint(more_rows)",
        "Never silently wrong: renaming one version always works.",
    ),
)

REOPENED_TASK = Rule(
    "NBD204",
    "reopened-task",
    Severity.ERROR,
    page(
        "Reports a task whose lower cell needs back what another task made of the upper cell's value.",
        "A task runs once, as a whole. It cannot wait in its middle for a task that waits for it.",
        "%%airflow_task a\nrows = [1]\n# %%\n%%airflow_task b\nrows.append(2)\n# %%\n%%airflow_task a\nprint(rows)",
        "%%airflow_task a\nrows = [1]\n# %%\n%%airflow_task b\nrows.append(2)\n# %%\n%%airflow_task c\nprint(rows)",
        "Never: such tasks wait for each other for ever.",
    ),
)

SHARED_NEEDS_TASK = Rule(
    "NBD205",
    "shared-needs-task",
    Severity.ERROR,
    page(
        "Reports shared code that uses a task's value at the moment it runs, for instance as a default.",
        "Shared code runs at the beginning of every task that needs it, before any value is there.",
        "%%airflow_task load\nrows = [1, 2]\n# %%\ndef count(of=rows):\n    return len(of)\n# %%\n"
        "%%airflow_task report\nprint(count())",
        "%%airflow_task load\nrows = [1, 2]\n# %%\ndef count(of):\n    return len(of)\n# %%\n"
        "%%airflow_task report\nprint(count(rows))",
        "Never: the value is not there yet.",
    ),
)

CYCLE = Rule(
    "NBD206",
    "cycle",
    Severity.ERROR,
    page(
        "Reports tasks that wait for each other.",
        "A DAG has no cycles: none of the tasks could ever start.",
        "%%airflow_task a --after b\nx = 1\n# %%\n%%airflow_task b\ny = x",
        "%%airflow_task a\nx = 1\n# %%\n%%airflow_task b\ny = x",
        "Never.",
    ),
)

DYNAMIC_CODE = Rule(
    "NBD207",
    "dynamic-code",
    Severity.ERROR,
    page(
        "Reports `exec`, `eval`, `globals` and `locals` in code that is exported.",
        "They may read or bind any name. What the cell needs from other tasks cannot be seen, and would be guessed.",
        '%%airflow_task load\nexec(open("/data/setup.py").read())',
        "%%airflow_task load\nrows = [1, 2]",
        "When the text that is evaluated names nothing of the notebook. There is no way to say so yet.",
    ),
)

STAR_IMPORT = Rule(
    "NBD208",
    "star-import",
    Severity.ERROR,
    page(
        "Reports `from module import *` between a task that makes a value and one that uses it.",
        "Each task that may need it runs the star import, before its values are loaded. If the module binds the same "
        "name, the notebook uses the module's from there on, and the task would use the value.",
        "%%airflow_task first\ne = 5\n# %%\nfrom math import *\n# %%\n%%airflow_task second\nprint(e)",
        "from math import *\n# %%\n%%airflow_task first\ne = 5\n# %%\n%%airflow_task second\nprint(e)",
        "When the module does not bind the name. What modules of the standard library bind is known; for any other "
        "module it cannot be seen without running it.",
    ),
)

OPAQUE_EFFECT = Rule(
    "NBD209",
    "opaque-effect",
    Severity.ERROR,
    page(
        "Reports an effect that would not reach the other tasks: a magic that nb2dag does not follow (`%store`, "
        "`%reset`, those of extensions), a `%run` of a file that is not there, a log file that another task reads, a "
        "transaction that is not committed, a module whose file is written again after its import, a link between two "
        "files, a finalizer, `sys.stdout` that stays replaced.",
        "Every task runs in a process and a folder of its own. Values, files, settings and the working directory are "
        "handed over; what these do is not among them, and the next task would not see it. Nor would it see what a "
        "module does by a function of yours that it is set to call: `warnings.showwarning = note`.",
        "%store -r rows\n# %%\n%%airflow_task load\ntotal = 3",
        "%%airflow_task load\nrows = [1, 2]\ntotal = sum(rows)",
        "When nothing further down depends on it. Tag the cell `%%airflow_skip`.",
    ),
)

DEFINITION_STATE = Rule(
    "NBD210",
    "definition-state",
    Severity.ERROR,
    page(
        "Reports state of a function or class that one task changes and another one uses, where it cannot cross.",
        "Most state crosses: attributes of a class, what a function keeps in its defaults. What "
        "`functools.lru_cache` keeps does not: in the other task's process the cache is empty. There a cached function "
        "that prints would do so again, and one whose answer is out of date give a new one. Nor does an object that a "
        "default keeps, if the task gets it by another name as well: it would be two objects.",
        "import functools\n@functools.cache\ndef rows():\n    return []\n# %%\n%%airflow_task fill\nrows().append(1)\n"
        "# %%\n%%airflow_task use\nprint(rows())",
        "%%airflow_task fill\nrows = [1]\n# %%\n%%airflow_task use\nprint(rows)",
        "When the other task never looks at what was changed.",
    ),
)

UNNAMED_STATE = Rule(
    "NBD211",
    "unnamed-state",
    Severity.ERROR,
    page(
        "Reports a statement that sets up the process (log handlers, the drawing backend, a generator of random "
        "numbers) so that the tasks below can neither run it again nor be given what it set. So does a figure of "
        "pyplot that another task goes on with by `plt.title` or `plt.gcf`, under a backend that keeps figures.",
        "In the notebook the tasks below see the state as it was left. In the DAG each has a process of its own. The "
        "environment, `sys.path`, attributes of modules and the options of common libraries are handed over.",
        "import logging\n# %%\n%%airflow_task first\nrows = [1]\nlogging.basicConfig(level=len(rows))\n# %%\n"
        "%%airflow_task second\nprint(rows)",
        "import logging\nlogging.basicConfig(level=1)\n# %%\n%%airflow_task first\nrows = [1]\n# %%\n"
        "%%airflow_task second\nprint(rows)",
        "When no task below looks at the state.",
    ),
)

SCRATCH_STATE = Rule(
    "NBD212",
    "scratch-state",
    Severity.WARNING,
    page(
        "Reports an untagged cell between tasks that changes the environment, `sys.path` or a module's attribute.",
        "In the notebook the tasks below see it. The cell is not exported, so in the DAG they do not.",
        'import os\n# %%\n%%airflow_task first\nx = 1\n# %%\nos.environ["MODE"] = "b"\n# %%\n'
        "%%airflow_task second\nprint(x)",
        'import os\nos.environ["MODE"] = "b"\n# %%\n%%airflow_task first\nx = 1\n# %%\n%%airflow_task second\nprint(x)',
        "When no task below looks at the state.",
    ),
)

CANNOT_HAND_OVER = Rule(
    "NBD213",
    "cannot-hand-over",
    Severity.ERROR,
    page(
        "Reports a generator, open file, connection, lock, thread, process or running server that one task makes and "
        "another one uses, also inside a list, a dict or an attribute.",
        "Tasks are processes of their own, perhaps on other machines. Such an object cannot be written down and "
        "read back.",
        "%%airflow_task load\nrows = (n for n in [1, 2])\n# %%\n%%airflow_task report\nprint(list(rows))",
        "%%airflow_task load\nrows = [n for n in [1, 2]]\n# %%\n%%airflow_task report\nprint(list(rows))",
        "When a library's connection can be pickled after all. Make it in the task that uses it.",
    ),
)

BARE_CALL = Rule(
    "NBD214",
    "bare-call",
    Severity.WARNING,
    page(
        "Reports a call in shared code whose effect is unknown, or that writes files, and whose result nobody uses.",
        "It may set something up that the tasks need, so every task runs it first. That may be slow, or do a thing "
        "several times.",
        "import mylib\nmylib.prepare()\n# %%\n%%airflow_task load\nrows = [1, 2]",
        "import mylib\n# %%\n%%airflow_task load\nmylib.prepare()\nrows = [1, 2]",
        "When every task does need it. Tag its cell `%%airflow_shared`.",
    ),
)

PARAMETER_NOT_LITERAL = Rule(
    "NBD215",
    "parameter-not-literal",
    Severity.ERROR,
    page(
        "Reports a statement of the parameters cell that gives a name no JSON literal.",
        "A DAG param has a default that Airflow shows and checks: a number, string, truth value, None, list or dict.",
        "#| parameters\nrates = (1, 2)\n# %%\n%%airflow_task load\nrows = list(rates)",
        "#| parameters\nrates = [1, 2]\n# %%\n%%airflow_task load\nrows = list(rates)",
        "Never. Compute with the params in the cell below.",
    ),
)

EDGE_BETWEEN_KERNELS = Rule(
    "NBD216",
    "edge-between-kernels",
    Severity.ERROR,
    page(
        "Reports a value that would go from a task in one kernel to a task in another.",
        "Values travel as pickles, which another interpreter, with other versions of the packages, may not read.",
        "%%airflow_task load --kernel other\nrows = [1, 2]\n# %%\n%%airflow_task report\nprint(rows)",
        "%%airflow_task load\nrows = [1, 2]\n# %%\n%%airflow_task report\nprint(rows)",
        "When both names mean one interpreter. Use one name.",
    ),
)

DEFINITION_NEEDS_VALUE = Rule(
    "NBD217",
    "definition-needs-value",
    Severity.ERROR,
    page(
        "Reports a class or function that another task needs, and whose definition uses a task's value when it is "
        "made: as a "
        "class attribute, a base, or the argument of a decorator. Plain values (`rate = 2`) are made again with it.",
        "Definitions travel as source and are made anew in each task, before any value is there.",
        "%%airflow_task first\nrate = max(2, 3)\nclass Box:\n    scale = rate\nbox = Box()\n# %%\n"
        "%%airflow_task second\nprint(box.scale)",
        "class Box:\n    def __init__(self, scale):\n        self.scale = scale\n# %%\n"
        "%%airflow_task first\nrate = max(2, 3)\nbox = Box(rate)\n# %%\n%%airflow_task second\nprint(box.scale)",
        "Never: the class would be another one in each task.",
    ),
)

RULES: tuple[Rule, ...] = (
    UNDEFINED_NAME,
    SCRATCH_VALUE,
    TWO_VERSIONS,
    REOPENED_TASK,
    SHARED_NEEDS_TASK,
    CYCLE,
    DYNAMIC_CODE,
    STAR_IMPORT,
    OPAQUE_EFFECT,
    DEFINITION_STATE,
    UNNAMED_STATE,
    SCRATCH_STATE,
    CANNOT_HAND_OVER,
    BARE_CALL,
    PARAMETER_NOT_LITERAL,
    EDGE_BETWEEN_KERNELS,
    DEFINITION_NEEDS_VALUE,
    *advice.RULES,
)
"""The family's rules, in the order of their codes."""
