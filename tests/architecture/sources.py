"""What the laws look at: the files of the project, and small questions to ask of Python sources."""

import ast
from collections.abc import Iterator
from fnmatch import fnmatch
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APPS = ("workspaces", "audience", "strategy", "sprints", "campaigns", "delivery", "insights")
WIRING = "emailops"


@cache
def project_files() -> tuple[Path, ...]:
    """Every file that is kept, relative to the root: all but what .gitignore names."""
    patterns = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text().split()] + [".git"]
    return tuple(sorted(path.relative_to(ROOT) for path in _walk(ROOT, patterns)))


def _walk(folder: Path, ignored: list[str]) -> Iterator[Path]:
    for path in folder.iterdir():
        if any(fnmatch(path.name, pattern) for pattern in ignored):
            continue
        if path.is_dir():
            yield from _walk(path, ignored)
        else:
            yield path


def files(suffix: str, *, under: tuple[str, ...] = ("",)) -> list[Path]:
    return [path for path in project_files() if path.name.endswith(suffix) and str(path).startswith(under)]


def product_modules() -> list[Path]:
    """Python of the product: no tests, tools or benchmarks, and no migrations, which are written by Django."""
    found = files(".py", under=tuple(f"{app}/" for app in (*APPS, WIRING)))
    return [path for path in found if "migrations" not in path.parts]


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text()


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path), filename=str(path))


def imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full name of everything imported: `from a import b` gives `a.b`, wherever in the module it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of a function or method of this name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")
            if called == name:
                yield node


def words_in(node: ast.AST) -> Iterator[str]:
    """The string constants inside an expression."""
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part.value
