"""The preview's panel of ipywidgets: findings, the generated code, Export, and a button that reads the file again.

Texts from the notebook are escaped before they go into an HTML widget, which shows what it is given as HTML.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape
from typing import Any

from nb2dag.config import load_config
from nb2dag.errors import Nb2dagError
from nb2dag.preview.document import SavedNotebook
from nb2dag.preview.text import finding_line

_LISTING = "max-height:22em;overflow:auto;margin:0;white-space:pre;font-family:monospace;font-size:12px;line-height:1.4"
_MARKS = {"error": "✖", "warning": "▲", "note": "●"}


class PreviewPanel:
    """The panel of one notebook file; `widget` is what to display, `renewed` is called with each new document."""

    def __init__(self, notebook: SavedNotebook, renewed: Callable[[Mapping[str, Any]], None]) -> None:
        import ipywidgets as widgets

        self._notebook = notebook
        self._renewed = renewed
        self._status = widgets.HTML()
        self._findings = widgets.HTML()
        self._file = widgets.Dropdown(options=[], layout=widgets.Layout(width="auto"))
        self._code = widgets.HTML()
        self._texts: dict[str, str] = {}
        self._folder = widgets.Text(value=_default_folder(notebook), description="DAG folder")
        self._force = widgets.Checkbox(value=False, description="Overwrite", indent=False)
        self._write = widgets.Button(description="Export", button_style="primary")
        self._outcome = widgets.HTML()
        renew = widgets.Button(
            description="Read the file again",
            icon="refresh",
            layout=widgets.Layout(width="auto", min_width="max-content"),
        )
        renew.on_click(lambda _: self.renew())
        self._file.observe(lambda _: self._show_file(), "value")
        self._folder.observe(lambda _: self._show_export(), "value")
        self._write.on_click(lambda _: self._export())
        export = widgets.VBox([self._folder, self._outcome, widgets.HBox([self._write, self._force])])
        tabs = widgets.Tab([self._findings, widgets.VBox([self._file, self._code]), export])
        for number, title in enumerate(("Findings", "Code", "Export")):
            tabs.set_title(number, title)
        self.widget = widgets.VBox([widgets.HBox([renew, self._status]), tabs])
        self.widget.add_class("nb2dag-preview")

    def renew(self) -> None:
        """Read and compile the file again and show what came of it."""
        try:
            document, code = self._notebook.panel(), self._notebook.code()
        except Nb2dagError as error:
            self._status.value = _said(str(error))
            return
        self._renewed(document)
        self.show(document, code)

    def show(self, document: Mapping[str, Any], code: Mapping[str, Any]) -> None:
        """Show a panel document and the code that belongs to it."""
        found = document["diagnostics"]
        lines = [f"{_MARKS[each['severity']]} {finding_line(each)}" for each in found]
        hints = [f"\n    {each['hint']}" if each["hint"] else "" for each in found]
        listed = "\n".join(line + hint for line, hint in zip(lines, hints, strict=True))
        self._findings.value = _listing(listed or "no findings")
        self._status.value = _said(f"{document['dag_id']}, {len(found)} findings" if found else document["dag_id"])
        self._texts = {file["path"]: "\n\n".join(file["cells"]) for file in code["files"]}
        chosen = self._file.value
        self._file.options = list(self._texts)
        # The file looked at stays in view, else the DAG file comes first.
        self._file.value = chosen if chosen in self._texts else next(iter(self._texts), None)
        self._write.disabled = not document["exportable"]
        self._show_file()
        self._show_export()

    def _show_file(self) -> None:
        self._code.value = _listing(self._texts.get(self._file.value, "no code while there are errors"))

    def _show_export(self) -> None:
        if self._write.disabled:
            self._outcome.value = _said("there is nothing to export yet: see Findings")
            return
        try:
            preview = self._notebook.preview_export(self._folder.value)
        except Nb2dagError as error:
            self._outcome.value = _said(str(error))
            return
        files = [f"{file['change']:8} {file['path']}" for file in preview["files"] if file["change"] != "same"]
        lines = [f"{preview['target']}/", *(files or ["up to date: nothing to write"]), preview["conflict"]]
        self._outcome.value = _listing("\n".join(line for line in lines if line))

    def _export(self) -> None:
        try:
            answer = self._notebook.export(self._folder.value, force=self._force.value)
        except (Nb2dagError, OSError) as error:
            self._outcome.value = _said(str(error))
            return
        count = len(answer["changed"])
        self._outcome.value = _said(
            f"{count} {'file' if count == 1 else 'files'} written to {answer['target']}/"
            if count
            else f"nothing to write: up to date in {answer['target']}/"
        )


def _default_folder(notebook: SavedNotebook) -> str:
    """Return where `nb2dag compile` would write in this project; `dags` beside the notebook where nothing is set."""
    try:
        config = load_config(notebook.path.parent)
    except Nb2dagError:
        return "dags"
    return str(config.output_folder()) if config.output is not None else "dags"


def _listing(text: str) -> str:
    return f'<pre style="{_LISTING}">{escape(text)}</pre>'


def _said(text: str) -> str:
    return f"<span>{escape(text)}</span>"
