"""What `pip install` gives people: built from this tree, used without it."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent


def build(target: str, directory: Path) -> Path:
    words = (sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(directory))
    subprocess.run(words, cwd=PROJECT, check=True, capture_output=True)  # noqa: S603  # our own words
    (built,) = directory.iterdir()
    return built


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("wheel", tmp_path_factory.mktemp("wheel"))


def test_a_wheel_holds_the_package_alone(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"scylla_restore"}
    assert "scylla_restore/py.typed" in names
    for part in ("engine", "actors", "events"):
        assert f"scylla_restore/{part}/__init__.py" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_every_module_is_in_the_wheel(wheel: Path) -> None:
    expected = {
        f"scylla_restore/{path.relative_to(PROJECT).as_posix()}"
        for part in ("engine", "actors", "events")
        for path in (PROJECT / part).rglob("*.py")
    }
    assert expected <= set(zipfile.ZipFile(wheel).namelist())


def test_the_program_runs_from_the_wheel_without_the_checkout(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")  # noqa: S202  # built a moment ago, from this tree
    code = (
        f"import sys; sys.path.insert(0, {str(tmp_path / 'site')!r}); import scylla_restore.engine.cli.program as p; "
        f"assert p.__file__.startswith({str(tmp_path)!r}), p.__file__; sys.exit(p.run(['version', '--json']))"
    )
    answer = subprocess.run(  # noqa: S603
        (sys.executable, "-c", code), cwd=tmp_path, check=False, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.startswith('{"scylla-restore":')


def test_a_source_distribution_can_be_tested(tmp_path: Path) -> None:
    with tarfile.open(build("sdist", tmp_path)) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    expected = {
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "scripts/test",
        "tests/test_tidy.py",
    }
    assert expected <= names
