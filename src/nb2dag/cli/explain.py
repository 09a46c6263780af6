"""`nb2dag explain`: print a rule's page, or the list of all rules."""

from __future__ import annotations

import click
from click.shell_completion import CompletionItem


def _complete(_ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    from nb2dag.compiler.rules.catalogue import all_rules

    words = [(word, rule.name) for rule in all_rules() for word in (rule.code, rule.name)]
    return [CompletionItem(word, help=name) for word, name in words if word.lower().startswith(incomplete.lower())]


@click.command("explain")
@click.argument("code", required=False, shell_complete=_complete)
def command(code: str | None) -> None:
    """Explain the rule CODE, such as NBD202, or by its name; without CODE list all rules."""
    from nb2dag.compiler.rule_pages import document
    from nb2dag.compiler.rules.catalogue import all_rules, require_rule

    if code is None:
        for rule in all_rules():
            click.echo(f"{rule.code}  {rule.severity.value:8}{rule.name}")
        return
    click.echo(document(require_rule(code)), nl=False)
