"""Only nucleus/writes writes Nucleus rows.

The admin is excepted: its forms write what staff enter, and Django's ModelAdmin calls `save` and
`delete` itself.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

ROOT = Path(__file__).resolve().parents[2]
WRITING_METHODS = {
    "save", "create", "update", "delete", "bulk_create", "bulk_update", "get_or_create",
    "update_or_create",
}  # fmt: skip
METHODS_OF_ROWS_ONLY = WRITING_METHODS - {"create", "update", "delete"}  # others have these, too
NUCLEUS_MODELS = {model.__name__ for model in apps.get_app_config("nucleus").get_models()}
ABSTRACT_MODELS = {"AccountEntry", "ApiRecord", "Owner", "Record", "TenantRecord"}
RELATIONS = {  # names of the foreign keys that lead to a Nucleus row
    field.name
    for model in apps.get_models()
    for field in model._meta.get_fields()
    if isinstance(field, models.ForeignKey | models.OneToOneField)
    and field.related_model in set(apps.get_app_config("nucleus").get_models())
}
SOURCES = [
    path
    for package in ("nucleus", "integrations", "gateway")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "migrations" not in path.parts and path.parent != ROOT / "nucleus" / "writes"
]


def writes_of(source: str, *, only_nucleus_rows: bool = False) -> list[str]:
    """The calls in `source` that write a Nucleus row, as "line: call".

    Names are traced to a model through annotations, assignments and loops of their function.

    Args:
        only_nucleus_rows: the source has no other rows, so `save` and its like need no tracing.
    """
    tree = ast.parse(source)
    model_names = _imported_models(tree)
    functions = [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    calls: dict[int, str] = {}
    for scope in (_without_functions(tree), *functions):
        origins = _origins(scope)
        for node in ast.walk(scope):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            method, receiver = node.func.attr, node.func.value
            if ast.unparse(receiver) == "super()" or ast.unparse(receiver).endswith("__dict__"):
                continue
            if (only_nucleus_rows and method in METHODS_OF_ROWS_ONLY) or (
                method in WRITING_METHODS and _is_nucleus_row(receiver, origins, model_names)
            ):
                calls[node.lineno] = f"{node.lineno}: {ast.unparse(node.func)}"
    return [calls[line] for line in sorted(calls)]


def _without_functions(tree: ast.Module) -> ast.Module:
    functions = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    statements = [node for node in tree.body if not isinstance(node, functions)]
    return ast.Module(statements, tree.type_ignores)


def _imported_models(tree: ast.Module) -> set[str]:
    """The local names of Nucleus models, with those reached as `models.Name`."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("nucleus"):
            for alias in node.names:
                if alias.name in NUCLEUS_MODELS | ABSTRACT_MODELS:
                    names.add(alias.asname or alias.name)
                elif alias.name == "models":
                    prefix = alias.asname or alias.name
                    names |= {f"{prefix}.{name}" for name in NUCLEUS_MODELS}
        elif isinstance(node, ast.ClassDef) and node.name in NUCLEUS_MODELS | ABSTRACT_MODELS:
            names.add(node.name)
    return names


def _origins(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """What each local name was annotated with, assigned or iterated from."""
    origins: dict[str, list[ast.expr]] = {}
    for node in ast.walk(scope):
        for target, value in _bindings(node):
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    origins.setdefault(name.id, []).append(value)
                elif isinstance(name, ast.Attribute | ast.Subscript):
                    break  # no local name
    return origins


def _bindings(node: ast.AST) -> list[tuple[ast.expr, ast.expr]]:
    """Targets that the node binds, each with what it is bound to."""
    if isinstance(node, ast.arg) and node.annotation is not None:
        return [(ast.Name(node.arg), node.annotation)]
    if isinstance(node, ast.Assign):
        return [(target, node.value) for target in node.targets]
    if isinstance(node, ast.AnnAssign):
        values = [node.annotation] + ([node.value] if node.value else [])
        return [(node.target, value) for value in values]
    if isinstance(node, ast.NamedExpr):
        return [(node.target, node.value)]
    if isinstance(node, ast.For | ast.comprehension):
        return [(node.target, node.iter)]
    return []


def _is_nucleus_row(
    value: ast.expr, origins: dict[str, list[ast.expr]], model_names: set[str]
) -> bool:
    """Whether the expression is a Nucleus model, a row or a query of one."""
    traced: set[str] = set()
    pending = [value]
    while pending:
        expression = pending.pop()
        if isinstance(expression, ast.Name):
            if expression.id in model_names:
                return True
            if expression.id not in traced:
                traced.add(expression.id)
                pending += origins.get(expression.id, [])
        elif isinstance(expression, ast.Attribute):
            if ast.unparse(expression) in model_names or expression.attr in RELATIONS:
                return True
            pending.append(expression.value)
        else:
            pending += _parts(expression)
    return False


def _parts(expression: ast.expr) -> Iterator[ast.expr]:
    """The parts of an expression that decide what kind of row it is."""
    if isinstance(expression, ast.Call):
        if isinstance(expression.func, ast.Name) and expression.func.id in ("list", "iter"):
            yield from expression.args
        else:
            yield expression.func
    elif isinstance(expression, ast.Subscript):
        yield expression.value
        if isinstance(expression.value, ast.Name):  # an annotation such as QuerySet[Client]
            yield expression.slice
    elif isinstance(expression, ast.BoolOp):
        yield from expression.values
    elif isinstance(expression, ast.BinOp):  # Client | None
        yield from (expression.left, expression.right)
    elif isinstance(expression, ast.IfExp):
        yield from (expression.body, expression.orelse)
    elif isinstance(expression, ast.List | ast.Tuple | ast.Set):
        yield from expression.elts


def test_nucleus_rows_are_written_in_nucleus_writes_only():
    writes = {
        path: writes_of(path.read_text(), only_nucleus_rows=(ROOT / "nucleus") in path.parents)
        for path in SOURCES
    }
    assert {str(path.relative_to(ROOT)): calls for path, calls in writes.items() if calls} == {}


@pytest.mark.parametrize(
    "source",
    [
        "from nucleus.models import Client\nClient.unscoped.filter(pk=1).update(status=None)",
        "from nucleus.models import Client\nrow = Client()\nrow.save()",
        "from nucleus.models import Client\ndef f(client: Client | None):\n    client.delete()",
        "from nucleus import models\nfor row in models.Client.unscoped.all():\n    row.delete()",
        "def f(link):\n    link.aggregation_account.save()",
        "from nucleus.models import Client\nClient.unscoped.bulk_create([])",
    ],
)
def test_a_write_outside_is_found(source: str):
    assert len(writes_of(source)) == 1


def test_inside_nucleus_every_row_counts():
    source = "def f(model):\n    row = model()\n    row.save()"
    assert writes_of(source, only_nucleus_rows=True) == ["3: row.save"]


def test_rows_of_other_packages_may_be_written():
    source = (
        "from integrations.models import Job\nfrom nucleus.models import Client\n"
        "def f(client: Client):\n    Job.objects.filter(client=client).delete()"
    )
    assert writes_of(source) == []
