"""The ``llm`` group: what is asked of a language model, and one dataclass per kind of model."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from omegaconf import MISSING

from plywise.conf.schemas.addresses import check_address
from plywise.datasets.errors import ConfigError
from plywise.datasets.settings import MOST_PROCESSES, Settings, setting
from plywise.search.guide.protocol import Question

GUIDE_QUESTIONS = tuple(question.value for question in Question)
MOST_EXAMPLES = 20  # a prompt with more is longer than small models read


@dataclass
class BudgetGroup(Settings):
    """Limits of a run's spending on the model; after them it plays on without advice."""

    PREFIX: ClassVar[str] = "llm.budget."

    calls: int | None = setting(None, "most questions sent; null: no limit", low=0)
    tokens: int | None = setting(
        None, "most tokens of prompts and answers together; null: no limit", low=0
    )
    dollars: float | None = setting(
        None, "most US dollars, by prompt_price and completion_price; null: no limit", low=0
    )
    seconds: float | None = setting(
        None, "most seconds of all calls added up; null: no limit", low=0
    )

    def share(self, parts: int) -> BudgetGroup:
        """Return the budget of each of ``parts`` processes that keep this one together."""
        return BudgetGroup(
            calls=None if self.calls is None else self.calls // parts,
            tokens=None if self.tokens is None else self.tokens // parts,
            dollars=None if self.dollars is None else self.dollars / parts,
            seconds=None if self.seconds is None else self.seconds / parts,
        )


@dataclass
class LLMGroup(Settings):
    """Settings of every kind of model: what is asked, and when, and how far it is trusted."""

    PREFIX: ClassVar[str] = "llm."

    name: str = MISSING
    guides: list[str] = setting(
        list(GUIDE_QUESTIONS), "questions about a decision that are asked", choices=GUIDE_QUESTIONS
    )
    trust: float | None = setting(
        None, "weight of its advice, 0: not asked; null: as plywise llm calibrate measured it",
        low=0, high=1,
    )  # fmt: skip
    calibration: str | None = setting(
        None,
        "file of what plywise llm calibrate measured; null: the user's, then the package's",
        path=True,
    )
    max_calls: int = setting(6, "most calls for one decision", low=1)
    ask: str = setting(
        "always",
        "decisions it is asked about; uncertain: only if the search, after a tenth of its budget "
        "or later, is in doubt by one of the unsure_ limits",
        choices=("always", "uncertain", "never"),
    )
    unsure_gap: float = setting(
        0.05, "doubt: largest difference between the two best values", low=0, high=2
    )
    unsure_entropy: float = setting(
        0.6, "doubt: smallest entropy of the strategy, which is 1 for even shares", low=0, high=2
    )
    unsure_worlds: float = setting(
        0.6, "doubt: smallest disagreement of sampled worlds about the opponent's reply",
        low=0, high=2,
    )  # fmt: skip
    seconds: float | None = setting(
        None,
        "time of an advised decision if the search has a clock; null: search.seconds "
        "(agent.seconds overrides both)",
        above=0,
    )
    yield_after: float | None = setting(
        None,
        "for a model on the same few cores: seconds of a decision after which the battle search "
        "sleeps until the first answer; null: search.yield_after",
        above=0, old=("lend_after",),
    )  # fmt: skip
    budget: BudgetGroup = field(default_factory=BudgetGroup)

    @property
    def examples(self) -> int:
        """Solved positions shown before a question; only a model that is asked sees any."""
        return 0


@dataclass
class NoLLMGroup(LLMGroup):
    """No language model: search alone."""

    name: str = "none"


@dataclass
class StandInGroup(LLMGroup):
    """An oracle of known skill in place of a model, to measure the worth of good advice."""

    name: str = "stand_in"
    skill: float = setting(
        1.0, "fraction of answers that are right on purpose; the rest are random", low=0, high=1
    )
    seed: int = setting(0, "seed of the answers")
    oracle_iterations: int = setting(
        10_000, "iterations of the oracle's own search, in battles", low=1
    )
    delay: float = setting(
        0.0, "seconds until answers arrive; the oracle's own search is on no clock", low=0
    )


@dataclass
class AskedLLMGroup(LLMGroup):
    """Settings of a model that is asked over HTTP, here or elsewhere."""

    temperature: float | None = setting(
        0.0, "sampling temperature sent with each request; null: none is sent"
    )
    timeout: float = setting(30.0, "seconds that one call may take", above=0)
    max_retries: int = setting(1, "retries of a refused or broken call", low=0)
    concurrency: int = setting(4, "calls at once", low=1, high=MOST_PROCESSES)
    asking: str = setting(
        "scoring", "answers by the probabilities of option letters (scoring) or in writing",
        choices=("scoring", "reasoning"),
    )  # fmt: skip
    thought: int = setting(
        200, "reasoning: most characters of thought before an answer; 0: none", low=0, high=4000
    )
    chances: bool = setting(False, "reasoning: a probability for each option, not one choice")
    examples: int = setting(
        0, "solved positions, the most similar ones, shown before a question",
        low=0, high=MOST_EXAMPLES,
    )  # fmt: skip
    cache: str | None = setting(
        None,
        "SQLite file that keeps answers for all processes; null: in memory, for each process",
        path=True,
    )
    record: str | None = setting(None, "JSON Lines file to which every call is appended", path=True)
    replay: str | None = setting(
        None,
        "such a file, from which all answers are taken; no model is asked",
        path=True,
    )
    prompt_price: float = setting(0.0, "US dollars per million tokens of prompts", low=0)
    completion_price: float = setting(0.0, "US dollars per million tokens of answers", low=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.record is not None and self.replay is not None:
            raise ConfigError("llm.record and llm.replay exclude each other: ask, or repeat")
        if self.budget.dollars is not None and not (self.prompt_price or self.completion_price):
            raise ConfigError(
                f"llm.budget.dollars={self.budget.dollars:g} needs llm.prompt_price or "
                "llm.completion_price (US dollars per million tokens)"
            )


@dataclass
class EmbeddedGroup(AskedLLMGroup):
    """A model in a llama.cpp server that this command starts."""

    name: str = "embedded"
    model_path: str | None = setting(
        None,
        "GGUF file, or a name in plywise models; null: the packaged SmolLM2-135M",
        path=True,
    )
    threads: int | None = setting(None, "threads of the server; null: its own default", low=1,
        high=MOST_PROCESSES,
    )  # fmt: skip


@dataclass
class OpenAIGroup(AskedLLMGroup):
    """A model behind any OpenAI-compatible endpoint."""

    name: str = "openai"
    base_url: str | None = setting(
        None, "address of the endpoint; null: $OPENAI_BASE_URL, else OpenAI's own"
    )
    model: str | None = setting(None, "name of the model there; null: $OPENAI_MODEL")
    api_key_env: str = setting("OPENAI_API_KEY", "environment variable that holds the key")

    def __post_init__(self) -> None:
        super().__post_init__()
        example = "http://127.0.0.1:8000/v1"
        check_address("llm.base_url", self.base_url, ("http", "https"), example)


CALIBRATED_GAMES = ("tic_tac_toe", "connect_four", "gen9randombattle")


@dataclass
class LLMCommandConfig(Settings):
    """Settings of ``plywise llm``.

    ``plywise llm calibrate`` counts how often a model's guides are right on questions with known
    answers, and keeps how far a search should trust each (docs/LLM.md).  ``plywise llm examples``
    writes solved positions to show to a model (``llm.examples``).
    """

    llm: LLMGroup = setting(MISSING, "the language model", option="embedded")
    what: str = setting("calibrate", "what to do", choices=("calibrate", "examples"))
    games: str = setting("all", "the game, or all", choices=("all", *CALIBRATED_GAMES))
    questions: int = setting(100, "questions for each guide in each game", low=4)
    seed: int = setting(0, "seed of the questions, which are the same for every model")
    out: str | None = setting(
        None,
        "examples: folder for GAME.json; null: the run's folder (outputs/...)",
        path=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.what == "calibrate":
            if self.out is not None:
                raise ConfigError("out is for llm examples; calibrate keeps in llm.calibration")
            if self.llm != MISSING and self.llm.name == "none":
                raise ConfigError(
                    "llm=none: there is no model to measure: llm=embedded or llm=openai"
                )
