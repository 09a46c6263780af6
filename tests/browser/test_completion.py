"""Tab completes directives, options, their values and names of tasks, in both spellings of a tag."""

from __future__ import annotations

import re

CELLS = [
    "%load_ext nb2dag\n%airflow_dag shop",
    "#| task: load\nrows = [1, 2]",
    "%%airflow_task clean\nrows[1:]",
    "",
    "",
]

# What is typed, what is chosen among the completions, and the cell's text after that.
MAGIC = (
    ("%%airflow_t", "%%airflow_task", "%%airflow_task"),
    (" lo", "load", "%%airflow_task load"),
    (" --ret", "--retries", "%%airflow_task load --retries "),
    ("1 --trig", "--trigger-rule", "%%airflow_task load --retries 1 --trigger-rule "),
    ("all_d", "all_done", "%%airflow_task load --retries 1 --trigger-rule all_done"),
    (" --after load,cl", "clean", "%%airflow_task load --retries 1 --trigger-rule all_done --after load,clean"),
)
OPTION_LINES = (
    ("#| ta", "task", "#| task: "),
    ("lo", "load", "#| task: load"),
    ("\n#| ret", "retries", "#| task: load\n#| retries: "),
    ("1\n#| trigger", "trigger_rule", "#| task: load\n#| retries: 1\n#| trigger_rule: "),
    ("all_d", "all_done", "#| task: load\n#| retries: 1\n#| trigger_rule: all_done"),
    ("\n#| after: load, cl", "clean", "#| task: load\n#| retries: 1\n#| trigger_rule: all_done\n#| after: load, clean"),
)


def test_a_tag_is_completed_as_it_is_typed(lab, server, page):
    server.write("completion.ipynb", CELLS)
    notebook = lab("completion.ipynb")
    notebook.wait_for_kernel()
    notebook.wait_for_tasks("load", "clean")
    for cell, steps in ((3, MAGIC), (4, OPTION_LINES)):
        notebook.edit_at_the_end_of(cell)
        for typed, chosen, then in steps:
            page.keyboard.type(typed)
            complete(page, notebook, cell, chosen, then)


def complete(page, notebook, cell, chosen, then):
    page.keyboard.press("Tab")
    # A single completion is taken at once, and has no list.
    page.wait_for_function(
        """([cell, text]) => document.querySelector('.jp-Completer:not(.lm-mod-hidden) .jp-Completer-item')
            || jupyterapp.shell.currentWidget.content.widgets[cell].model.sharedModel.getSource() === text""",
        arg=[cell, then],
    )
    if notebook.source(cell) != then:
        match = page.locator(".jp-Completer-item .jp-Completer-match")
        match.filter(has_text=re.compile(f"^{re.escape(chosen)}$")).click()
        page.locator(".jp-Completer").wait_for(state="hidden")
    notebook.wait_for_source(cell, then)
