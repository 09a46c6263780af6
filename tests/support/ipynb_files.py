"""Write the same notebook in the ways in which .ipynb files are found to be written."""

from __future__ import annotations

import json

from hypothesis import strategies as st

LINES = st.lists(st.text(st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), max_size=12), max_size=5)
SOURCES = st.builds(lambda lines, end: end.join(lines), LINES, st.sampled_from(["\n", "\r\n"]))
STYLES = ("jupyter", "escaped", "one string", "minified", "crlf file", "bom", "lines cut anywhere")


def written(sources, style="jupyter"):
    """Return a notebook file with cells of these sources, between outputs that look like sources themselves."""
    form = {"one string": str, "lines cut anywhere": list}.get(style, lambda text: text.splitlines(keepends=True))
    cells = [
        {
            "cell_type": "code",
            "metadata": {"source": ["not this\n"], "cells": [{"source": "nor this"}]},
            "outputs": [{"output_type": "stream", "name": "stdout", "text": ['"source": ["no"]\n']}],
            "source": form(source),
            "execution_count": None,
        }
        for source in sources
    ]
    document = {"metadata": {"cells": [{"source": ["x"]}]}, "cells": cells, "nbformat": 4, "nbformat_minor": 5}
    if style == "minified":
        return json.dumps(document, separators=(",", ":"))
    text = json.dumps(document, indent=1, ensure_ascii=style == "escaped") + "\n"
    if style == "bom":
        return "\ufeff" + text
    return text.replace("\n", "\r\n") if style == "crlf file" else text
