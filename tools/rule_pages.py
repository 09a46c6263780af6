"""Write docs/rules anew from the rule catalogue; a test fails where the two differ."""

from __future__ import annotations

from pathlib import Path

from nb2dag.compiler.rule_pages import documents

FOLDER = Path(__file__).parents[1] / "docs" / "rules"


def main():
    """Write every page, and remove those of rules that are gone."""
    FOLDER.mkdir(exist_ok=True)
    written = documents()
    for path in FOLDER.glob("*.md"):
        if path.name not in written:
            path.unlink()
    for name, text in written.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    print(f"{FOLDER}: {len(written)} documents")


if __name__ == "__main__":
    main()
