"""The cache folder: where it is, and that finding it needs no kernels."""

import subprocess
import sys
from pathlib import Path

import pytest

from plywise.datasets.cache_folder import cache_root


def test_the_setting_wins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLYWISE_CACHE", str(tmp_path))
    assert cache_root() == tmp_path


@pytest.mark.skipif(sys.platform != "linux", reason="each platform has a folder of its own")
def test_the_default_on_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PLYWISE_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_root() == tmp_path / ".cache" / "plywise"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "other"))
    assert cache_root() == tmp_path / "other" / "plywise"


def test_installing_showdown_imports_no_numba() -> None:
    code = "import sys, plywise.games.showdown.install; assert 'numba' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
