"""What is worth saying although the DAG is faithful: said where it is certain, and not where it would annoy."""

from __future__ import annotations

import pytest

from support.oracle import compile_cells

LOAD = "%%airflow_task load\nrows = [1, 2]"
REPORT = "%%airflow_task report\nprint(rows)"


def found(rule, *cells):
    return [
        (item.span.cell, item.span.line, item.message) for item in compile_cells(cells).diagnostics if item.name == rule
    ]


def places(rule, *cells):
    return [(cell, line) for cell, line, _ in found(rule, *cells)]


# -- unused tasks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "n = len(rows)",
        "n = len(rows)\nm = n + 1",
        "import math\nroot = math.sqrt(len(rows))",
        "import pandas as pd\nframe = pd.DataFrame({'n': rows})\nframe['m'] = 1",
        "def double(x):\n    return 2 * x",
    ],
)
def test_a_task_for_nobody(body):
    assert places("unused-task", LOAD, f"%%airflow_task lost\n{body}", REPORT) == [(2, 1)]


@pytest.mark.parametrize(
    "body",
    [
        "n = len(rows)\nprint(n)",
        "n = len(rows)\nn",
        "assert rows",
        "import mylib\nn = mylib.send(rows)",
        "import matplotlib.pyplot as plt\nlines = plt.plot(rows)",
        "open('/data/n', 'w').write('1')",
        "import pandas as pd\nx = pd.DataFrame().to_csv('/data/x')",
        "n = !ls",
        "import os\nos.environ['MODE'] = 'a'",
        "def check(x):\n    assert x\n    return x\nn = check(rows)",
        "del rows",
        "if rows:\n    n = 1",
    ],
)
def test_a_task_that_may_matter(body):
    assert (2, 1) not in places("unused-task", LOAD, f"%%airflow_task some\n{body}", "%%airflow_task report\nprint(1)")


def test_the_last_task_may_be_unfinished():
    assert places("unused-task", LOAD, "%%airflow_task last\nn = len(rows)") == []


def test_a_task_that_others_wait_for_or_that_returns_a_value():
    last = "%%airflow_task report --after count\nprint(rows)"
    assert places("unused-task", LOAD, "%%airflow_task count\nn = len(rows)", last) == []
    assert places("unused-task", LOAD, "%%airflow_task count --return n\nn = len(rows)", REPORT) == []


def test_an_error_may_be_why_nobody_reads_it():
    assert places("unused-task", LOAD, "%%airflow_task count\nn = len(rows)", "%%airflow_task report\nprint(m)") == []


# -- serial mutation -------------------------------------------------------------------------------------------------


SCORES = "%%airflow_task load\nscores = {}\nframe = {'a': 1, 'b': 2}"
SHOW = "%%airflow_task show\nprint(scores, frame)"


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("scores['one'] = 1", "scores['two'] = 2"),
        ("frame['c'] = frame['a'] + 1", "frame['d'] = frame['b'] + 1"),
        ("scores['one'] = 1", "scores.update(two=2)"),
    ],
)
def test_tasks_that_change_one_object_in_different_places(one, two):
    cells = [SCORES, f"%%airflow_task one\n{one}", f"%%airflow_task two\n{two}", SHOW]
    assert places("serial-mutation", *cells) == [(3, 2)]
    (message,) = (message for *_, message in found("serial-mutation", *cells))
    assert message.startswith("`two` waits for `one` only because both change `")


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("scores['one'] = 1", "scores['two'] = scores['one']"),
        ("scores['one'] = 1", "scores['two'] = len(scores)"),
        ("scores['one'] = 1", "print(scores)"),
        ("scores = {}", "scores['two'] = 1"),
        ("scores['one'] = 1", "scores['two'] = 2\nprint(scores)"),
        ("scores.update(one=1)", "scores['two'] = scores['x']"),
        ("scores.clear()", "scores['two'] = 1"),
        ("frame.pop('a')\nscores['one'] = 1", "frame['c'] = 1\nprint(scores)"),
    ],
)
def test_tasks_of_which_one_may_need_the_others_change(one, two):
    assert places("serial-mutation", SCORES, f"%%airflow_task one\n{one}", f"%%airflow_task two\n{two}", SHOW) == []


def test_a_declared_order_is_meant():
    cells = [SCORES, "%%airflow_task one\nscores['one'] = 1", "%%airflow_task two --after one\nscores['two'] = 2", SHOW]
    assert places("serial-mutation", *cells) == []


def test_tasks_that_draw_from_one_generator():
    seed = "import random\nrandom.seed(1)"
    cells = [seed, "%%airflow_task one\nprint(random.random())", "%%airflow_task two\nprint(random.random())"]
    ((cell, _, message),) = found("serial-mutation", *cells)
    assert (cell, message) == (3, "`two` waits for `one` only because both draw from the generator of `random`")


def test_one_note_for_all_that_draw_from_one_generator():
    draws = [f"%%airflow_task t{n}\nprint(random.random())" for n in range(4)]
    cells = ["import random\nrandom.seed(1)", *draws]
    (finding,) = (item for item in compile_cells(cells).diagnostics if item.name == "serial-mutation")
    assert finding.span.cell == 3
    assert [label.message for label in finding.labels] == [
        "`t0` changes it here",
        "and `t2` for `t1`",
        "and `t3` for `t2`",
    ]


@pytest.mark.parametrize(
    "two",
    ["np.random.seed(2)\ny = np.random.rand()", "rng = np.random.default_rng(2)\ny = rng.random()"],
)
def test_a_task_with_its_own_seed_waits_for_nobody(two):
    cells = [
        "import numpy as np\nnp.random.seed(1)",
        "%%airflow_task one\nprint(np.random.rand())",
        f"%%airflow_task two\n{two}\nprint(y)",
    ]
    assert [node.upstream for node in compile_cells(cells).graph.tasks] == [(), ()]


# -- what differs in each run ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "import random\nx = random.random()",
        "import numpy as np\nx = np.random.rand(3)",
        "import numpy as np\nrng = np.random.default_rng()",
        "from sklearn.cluster import KMeans\nmodel = KMeans(3)",
        "from sklearn.model_selection import train_test_split\na, b = train_test_split([1, 2])",
        "import pandas as pd\nx = pd.DataFrame({'n': [1, 2]}).sample(1)",
    ],
)
def test_randomness_without_a_seed(code):
    assert places("unseeded-randomness", f"%%airflow_task draw\n{code}") == [(1, 3)]


@pytest.mark.parametrize(
    "code",
    [
        "import random\nrandom.seed(1)\nx = random.random()",
        "import numpy as np\nnp.random.seed(1)\nx = np.random.rand(3)",
        "import numpy as np\nrng = np.random.default_rng(1)",
        "from sklearn.cluster import KMeans\nmodel = KMeans(3, random_state=0)",
        "from sklearn.cluster import KMeans\noptions = {}\nmodel = KMeans(**options)",
        "from sklearn.model_selection import cross_val_score\nx = cross_val_score(1, 2)",
        "import uuid\nx = uuid.uuid4()",
    ],
)
def test_randomness_with_a_seed_or_that_only_may_be(code):
    assert places("unseeded-randomness", f"%%airflow_task draw\n{code}") == []


def test_one_note_says_all_places():
    cells = ["import random", *(f"%%airflow_task t{n}\nprint(random.random())" for n in range(6)), "random.random()"]
    (finding,) = (item for item in compile_cells(cells).diagnostics if item.name == "unseeded-randomness")
    assert finding.span.cell == 2
    assert [label.span.cell for label in finding.labels] == [3, 4, 5]


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import date\nday = date.today()",
        "from datetime import datetime\nday = datetime.now().date()",
        "from datetime import datetime\nday = datetime.now()",
        "import pandas as pd\nday = pd.Timestamp.today()",
    ],
)
def test_the_date_of_the_clock(code):
    assert places("wall-clock-date", f"%%airflow_task load\n{code}") == [(1, 3)]


@pytest.mark.parametrize(
    "code",
    [
        "from datetime import datetime\nstart = datetime.now()\nprint(datetime.now() - start)",
        "import time\nt0 = time.time()",
        "from datetime import date\nday = date(2026, 1, 1)",
    ],
)
def test_a_stopwatch(code):
    assert places("wall-clock-date", f"%%airflow_task load\n{code}") == []


# -- repeated work ---------------------------------------------------------------------------------------------------


def repeated(shared, read="x"):
    return places("repeated-work", shared, f"%%airflow_task a\nprint({read})", f"%%airflow_task b\nprint({read})")


@pytest.mark.parametrize(
    "shared",
    [
        "import numpy as np\nx = np.zeros(10**7)",
        "x = sum(i for i in range(2_000_000))",
        "x = [i * j for i in range(2000) for j in range(2000)]",
        "x = 0\nfor i in range(10**6):\n    x += i",
        "%%airflow_shared\nx = open('/data/x').read()",
    ],
)
def test_much_work_in_shared_code(shared):
    assert len(repeated(shared)) == 1


@pytest.mark.parametrize(
    "shared",
    [
        "x = [i for i in range(1000)]",
        "import numpy as np\nnp.random.seed(12345678)\nx = 1",
        "import numpy as np\nx = np.linspace(0, 1, 1000)",
        "def x():\n    return sum(range(10**8))",
        "x = 20260101 * 2",
    ],
)
def test_little_work_in_shared_code(shared):
    assert repeated(shared) == []


def test_work_that_one_task_needs_is_not_repeated():
    assert places("repeated-work", "x = sum(range(10**7))", "%%airflow_task a\nprint(x)", LOAD) == []


# -- order outside ---------------------------------------------------------------------------------------------------

ENGINE = "import pandas as pd\nfrom sqlalchemy import create_engine\nengine = create_engine('sqlite:////data/x.db')"
WRITE = "%%airflow_task write\npd.DataFrame({'n': [1]}).to_sql('sales', engine)"


@pytest.mark.parametrize(
    "query",
    [
        "pd.read_sql('sales', engine)",
        "pd.read_sql_query('select * from sales where n > 1', con=engine)",
        "pd.read_sql(open('/data/q.sql').read(), engine)",
    ],
)
def test_a_table_that_a_task_above_writes(query):
    assert places("unordered-access", ENGINE, WRITE, f"%%airflow_task read\nprint({query})") == [(3, 2)]


@pytest.mark.parametrize(
    "read",
    [
        "%%airflow_task read\nprint(pd.read_sql('customers', engine))",
        "%%airflow_task read\nprint(pd.read_sql('select * from customers', engine))",
        "%%airflow_task read --after write\nprint(pd.read_sql('sales', engine))",
    ],
)
def test_another_table_or_a_declared_order(read):
    assert places("unordered-access", ENGINE, WRITE, read) == []


def test_an_order_by_way_of_other_tasks():
    cells = [
        "import pandas as pd",
        "%%airflow_task write\npd.DataFrame({'n': [1]}).to_csv('s3://b/x')\nx = 1",
        "%%airflow_task between\ny = x + 1",
        "%%airflow_task read\nprint(y, pd.read_csv('s3://b/x'))",
    ]
    assert places("unordered-access", *cells) == []


def test_reading_before_it_is_overwritten_is_an_order_too():
    cells = [
        "import pandas as pd",
        "%%airflow_task read\nprint(pd.read_csv('s3://b/x'))",
        "%%airflow_task write\npd.DataFrame({'n': [1]}).to_csv('s3://b/x')",
    ]
    ((*_, message),) = found("unordered-access", *cells)
    assert message == "task `write` writes `s3://b/x`, which `read` has read above, and it does not wait for `read`"


# -- figures ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loop", "many"),
    [
        ("for row in rows", True),
        ("for n in range(100)", True),
        ("while rows", True),
        ("for n in range(4)", False),
        ("for n, c in enumerate(['a', 'b'])", False),
    ],
)
def test_figures_in_a_loop(loop, many):
    cell = f"%%airflow_task draw\nimport matplotlib.pyplot as plt\n{loop}:\n    plt.plot([1])\n    plt.show()"
    assert places("figures-in-loop", LOAD, cell) == ([(2, 5)] if many else [])


# -- what cannot be handed over --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("import threading\nx = threading.Lock()", "a lock"),
        ("import threading\nx = threading.Thread(target=print)", "a thread or pool"),
        ("import subprocess\nx = subprocess.Popen(['true'])", "a running process"),
        ("import socket\nx = socket.socket()", "a connection, client or pool"),
        ("import http.server\nx = http.server.HTTPServer(('', 0), None)", "a running server"),
        ("import queue\nx = queue.Queue()", "a queue of threads"),
        ("import sqlite3\nx = sqlite3.connect('/data/d').cursor()", "a connection"),
        ("import pandas as pd\nx = pd.read_csv('/data/d', chunksize=10)", "an iterator"),
        ("x = open('/data/d')", "an open file"),
        ("x = (n for n in [1])", "a generator"),
    ],
)
def test_what_cannot_be_handed_over(code, kind):
    cells = [f"%%airflow_task a\n{code}", "%%airflow_task b\nprint(x)", "%%airflow_task c\nprint(x)"]
    ((cell, line, message),) = found("cannot-hand-over", *cells)
    assert (cell, line) == (2, 2)
    assert message.startswith(f"`x` is {kind}, ")


STATE = """\
    def __getstate__(self):
        state = self.__dict__.copy()
        del state["lock"]
        return state
    def __setstate__(self, state):
        self.__dict__.update(state)
        self.lock = threading.Lock()
"""
BOX = "import threading\nclass Box:\n    def __init__(self, size=1):\n        self.size = size\n        "


@pytest.mark.parametrize(
    ("code", "inside"),
    [
        ("import threading\nx = [1, threading.Lock()]", "x[1]"),
        ("x = {'name': 'a', 'file': open('/data/d')}", "x['file']"),
        ("import sqlite3\nconn = sqlite3.connect('/data/d')\nx = {'db': [conn]}", "x['db'][0]"),
        (f"{BOX}self.lock = threading.Lock()\nx = Box(2)", "x.lock"),
        (f"{BOX}self.rows = (n for n in [1])\nx = [Box()]", "x[0].rows"),
    ],
)
def test_what_cannot_be_handed_over_inside_of_something(code, inside):
    cells = [f"%%airflow_task a\n{code}", "%%airflow_task b\nprint(x)", "%%airflow_task c\nprint(x)"]
    ((cell, line, message),) = found("cannot-hand-over", *cells)
    assert (cell, line) == (2, 2)
    assert message.startswith(f"`{inside}` is a")


@pytest.mark.parametrize(
    "code",
    [
        f"{BOX}self.lock = threading.Lock()\n{STATE}x = Box()",
        f"{BOX}self.lock = None\nx = Box()",
        "class A:\n    def __init__(self, make):\n        self.file = make()\nx = A(int)",
        "import threading\nx = [threading.Lock()]\nx.clear()",
        "import numpy\nx = [numpy, len, int]",
        "class A: pass\nx = A()\nx.f = lambda: 1",
    ],
)
def test_what_can_be_handed_over_or_may_be(code):
    assert found("cannot-hand-over", f"%%airflow_task a\n{code}", "%%airflow_task b\nprint(x)") == []


# -- names in functions that nothing binds ---------------------------------------------------------------------------

TOTAL = "def total(rows):\n    return sum(rows) * rates"


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ((f"rate = 2\n{TOTAL}",), [(1, 4)]),
        (("class A:\n    def f(self):\n        return rates", ), [(1, 4)]),
        # told once
        ((TOTAL, "def other():\n    return rates"), [(1, 3)]),
        # bound further down, by a function, or by a cell that is no part of the DAG
        ((TOTAL, "rates = 2"), []),
        ((TOTAL, "def begin():\n    global rates\n    rates = 2"), []),
        # it may come from where nobody sees it
        (("from mylib import *", TOTAL), []),
        ((TOTAL, "exec(open('settings.py').read())"), []),
        ((TOTAL, "globals().update(settings)"), []),
        (("def total():\n    try:\n        return rates\n    except NameError:\n        return 1",), []),
        # always there
        (("def show(x):\n    display(x, __name__, len, _)\n    return get_ipython()",), []),
        # a column
        (("def big(frame):\n    return frame.query('price > 3')",), []),
    ],
)  # fmt: skip
def test_names_in_functions_that_nothing_binds(cells, expected):
    tagged = [f"#| task: t{number}\n{cell}" for number, cell in enumerate(cells, 1)]
    assert places("unbound-in-function", *tagged) == expected


def test_the_name_that_may_be_meant_is_asked_for_and_customary_imports_are_written_out():
    hints = [
        item.hint
        for item in compile_cells(
            (f"%%airflow_task load\nrate = 2\n{TOTAL}\ndef zeros():\n    return np.zeros(2)",)
        ).diagnostics
        if item.name == "unbound-in-function"
    ]
    assert hints[0] == "did you mean `rate`?"
    assert hints[1].startswith("write `import numpy as np` above")


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        ("import getpass\nword = getpass.getpass()", "read the password when the task runs"),
        ("breakpoint()", "take the call away"),
        ("answer = input()", "make the answer a parameter"),
    ],
)
def test_what_to_do_instead_of_asking_a_person(call, hint):
    compilation = compile_cells((f"%%airflow_task load\n{call}",))
    assert [
        item.hint.partition(";")[0].partition(",")[0]
        for item in compilation.diagnostics
        if item.name == "interactive-input"
    ] == [hint]


@pytest.mark.parametrize(("tag", "told"), [("#| parameters", True), ("%%airflow_task load", False)])
def test_a_secret_among_the_parameters_would_be_shown(tag, told):
    cells = (f"{tag}\nDB_PASSWORD = 'hunter2-in-production'", "%%airflow_task use\nprint(len(DB_PASSWORD))")
    [hint] = [item.hint for item in compile_cells(cells).diagnostics if item.name == "secret-in-source"]
    assert ("stand in the DAG file" in hint) is told
