"""The rules of the house that a grep or a syntax tree can see (style.md of the house, §2)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

ROOT: Path = settings.BASE_DIR
OUR_APPS: list[str] = settings.OUR_APPS
LONG_FILES: dict[str, int] = {}  # file → lines it may have; this list only shrinks
MAX_LINES, MAX_FUNCTION = 400, 40


def sources(*, tests: bool = False) -> Iterator[Path]:
    for app in OUR_APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" in path.parts or ("tests" in path.parts) is not tests:
                continue
            yield path


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def trees(*parts: str) -> Iterator[tuple[str, ast.Module]]:
    """The syntax trees of our files whose path has one of these parts (all when none is named)."""
    for path in sources():
        relative = path.relative_to(ROOT)
        if not parts or any(part in (*relative.parts, relative.stem) for part in parts):
            yield str(relative), ast.parse(path.read_text())


def calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield node, ast.unparse(node.func)


def test_files_fit_on_a_few_screens() -> None:
    long = {
        name_of(path): lines
        for path in sources()
        if (lines := len(path.read_text().splitlines())) > MAX_LINES
    }
    assert {n: c for n, c in long.items() if c > LONG_FILES.get(n, 0)} == {}


def test_functions_fit_on_one_screen() -> None:
    long = [
        f"{name}:{node.lineno} {node.name}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and body_lines(node) > MAX_FUNCTION
    ]
    assert long == []


def body_lines(function: ast.FunctionDef) -> int:
    """Without signature and docstring."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return (function.end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_views_fetch_through_visible_to() -> None:
    """`Model.objects.get/filter/all` in a view names `visible_to` in the same expression."""
    found = []
    for name, tree in trees("views"):
        for node, function in calls(tree):
            if re.search(r"\.objects\.(get|filter|all|exclude|first)$", function):
                found.append(f"{name}:{node.lineno} {function}")
    assert found == []


def test_model_signals_and_early_returns_in_steps_are_banned() -> None:
    for name, tree in trees():
        text = ast.unparse(tree)
        assert not re.search(r"\b(post_save|pre_save|post_transition|pre_transition)\b", text), name
    for name, tree in trees("models", "counselling", "repairorder", "unit"):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and any(
                "transition(" in ast.unparse(d) for d in node.decorator_list
            ):
                inner = [
                    ast.unparse(n) for n in ast.walk(node) if isinstance(n, ast.Return | ast.Call)
                ]
                assert not any(".save(" in text or text.startswith("return") for text in inner), (
                    name
                )


def test_only_tasks_may_say_that_the_clock_acts() -> None:
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        if "tasks" not in name
        for node, _function in calls(tree)
        for keyword in node.keywords
        if keyword.arg == "actor"
        and isinstance(keyword.value, ast.Constant)
        and keyword.value.value is None
    ]
    assert found == []


def test_tasks_leave_after_commit() -> None:
    found = [
        f"{name}:{node.lineno} {function}"
        for name, tree in trees()
        for node, function in calls(tree)
        if re.search(r"\.(delay|apply_async)$", function)
    ]
    assert found == []


def test_workflow_rows_are_never_refreshed() -> None:
    """A failing refresh_from_db leaves the state unprotected for the whole process."""
    found = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node, function in calls(tree)
        if function.endswith("refresh_from_db")
    ]
    assert found == []


def test_foreign_keys_are_written_with_the_class() -> None:
    found = []
    for name, tree in trees("models"):
        for node, function in calls(tree):
            if function.split(".")[-1] in {"ForeignKey", "OneToOneField", "ManyToManyField"}:
                target = node.args[0]
                if isinstance(target, ast.Constant) and target.value != "self":
                    found.append(f"{name}:{node.lineno} {target.value!r}")
    assert found == []


def test_models_are_not_looked_up_by_name() -> None:
    for name, tree in trees():
        for node, function in calls(tree):
            assert function not in {"apps.get_model", "import_module"}, f"{name}:{node.lineno}"


@pytest.mark.parametrize("app", OUR_APPS)
def test_a_key_that_crosses_floors_has_no_way_back(app: str) -> None:
    """Without a reverse accessor a lower floor cannot reach up through the ORM."""
    for model in apps.get_app_config(app).get_models():
        for field in model._meta.get_fields():
            if not isinstance(field, models.ForeignKey) or field.remote_field is None:
                continue
            target = field.related_model
            if isinstance(target, type) and target._meta.app_label not in {app, "contenttypes"}:
                own = field.remote_field.related_name
                allowed = own == "+" or (model.__name__, field.name) in ALLOWED_BACK
                assert allowed, f"{model.__name__}.{field.name}"


ALLOWED_BACK = {
    ("Membership", "user"),  # the accounts floor never names it
    ("Device", "customer"),
}


def test_every_app_of_ours_stands_on_a_floor() -> None:
    contract = (ROOT / ".importlinter").read_text()
    for app in OUR_APPS:
        assert re.search(rf"\b{app}\b", contract), app


@pytest.mark.parametrize("app", [a for a in OUR_APPS if a not in {"aftersales", "core", "history"}])
def test_templates_of_a_floor_link_to_their_own_or_lower_floors(app: str) -> None:
    order = OUR_APPS  # from the roof to the ground
    above = set(order[: order.index(app)]) - SAME_FLOOR.get(app, set())
    for path in sorted((ROOT / "templates" / app).rglob("*.html")):
        for named in re.findall(r"{%\s*url\s+[\"'](\w+):", path.read_text()):
            assert named not in above, f"{path.relative_to(ROOT)} → {named}"


SAME_FLOOR = {
    "attachments": {"sla"},
    "jobs": {"sla", "attachments"},
}


def test_templates_hold_no_inline_style_or_script() -> None:
    bad = re.compile(
        r"<style|<script>|<script [^s>]*>[^<]|\sstyle=\"|\son[a-z]+=\"|hx-on|javascript:"
    )
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((ROOT / "templates").rglob("*.html"))
        if "emails" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if bad.search(line)
    ]
    assert found == []


def test_tests_are_named_as_sentences() -> None:
    short = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in sources(tests=True)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith("test_")
        and node.name.count("_") < 3
    ]
    assert short == []


def test_no_unfinished_work_is_left_behind() -> None:
    for path in [*sources(), *sorted((ROOT / "templates").rglob("*.html"))]:
        text = path.read_text()
        assert not re.search(
            r"\b(TODO|FIXME|XXX|raise NotImplementedError|breakpoint\(\))", text
        ), name_of(path)
