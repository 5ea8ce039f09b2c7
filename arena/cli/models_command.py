"""``plywise models``: list of known model files, and download of one."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from plywise.arena.output.screen import TextConsole, near, text_line
from plywise.conf.schemas.commands import ModelsConfig
from plywise.datasets.errors import ConfigError
from plywise.llm_modules.calls.errors import EmbeddedError
from plywise.llm_modules.providers.embedded import WEIGHTS_BYTES, default_weights
from plywise.llm_modules.providers.model_files import (
    KNOWN,
    ModelFile,
    fetch,
    fetched,
    hub_address,
    models_folder,
)

_PROGRESS_LINES = 20  # if the output is not a terminal


def run_models(config: ModelsConfig, folder: Path, console: Console | None = None) -> int:
    """List the known files, or fetch one.

    Raises:
        ConfigError: there is no such model.
        ModelFileError: the file cannot be downloaded.
    """
    console = console or TextConsole()
    if config.what == "list":
        _list(config, console)
        return 0
    if config.name not in KNOWN:
        raise ConfigError(
            f"no model '{config.name or ''}' is known; there are: {', '.join(KNOWN)}. "
            "Any other GGUF file works too: llm.model_path=FILE.gguf"
        )
    model = KNOWN[config.name]
    with _Bar(model, console) as bar:
        path = fetch(model, models_folder(config.folder), hub_address(config.hub), bar.advance)
    console.print(text_line(f"{model.name}: {path}"), soft_wrap=True)
    chosen = model.name if config.folder is None else near(path)
    console.print(f"play with it: llm=embedded llm.model_path={chosen}", soft_wrap=True)
    return 0


def _list(config: ModelsConfig, console: Console) -> None:
    folder = models_folder(config.folder)
    try:
        packaged = str(default_weights())
    except EmbeddedError as error:
        packaged = str(error)
    about = "SmolLM2-135M: plays at chance, for tests"
    lines = [("(default)", WEIGHTS_BYTES / 1e6, "Apache-2.0", about, packaged)]
    for model in KNOWN.values():
        path = fetched(model, folder)
        where = str(path) if path else f"not fetched: plywise models fetch {model.name}"
        lines.append((model.name, model.size / 1e6, model.licence, model.about, where))
    width = max(len(name) for name, *_ in lines)
    for name, size, licence, about, where in lines:
        text = f"{name:<{width}}  {size:7,.1f} MB  {licence}  {about}\n{'':<{width}}  {where}"
        console.print(text_line(text), soft_wrap=True)


class _Bar:
    """Progress of a download: a bar in a terminal, else some lines."""

    def __init__(self, model: ModelFile, console: Console) -> None:
        self._model = model
        self._console = console
        self._part = -1
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(model.name, total=model.size)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def advance(self, doing: str, done: int) -> None:
        """Show the activity and the bytes of the file so far."""
        self._progress.update(
            self._task, completed=done, description=f"{self._model.name}: {doing}"
        )
        part = done * _PROGRESS_LINES // self._model.size
        if not self._console.is_terminal and part != self._part:
            self._part = part
            share = done / self._model.size
            print(f"{self._model.name}: {doing}, {done / 1e6:,.0f} MB ({share:.0%})", flush=True)
