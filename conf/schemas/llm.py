"""Settings of the language model that advises."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from omegaconf import MISSING

from plywise.conf.checks import above as _above
from plywise.conf.checks import at_least as _at_least
from plywise.conf.checks import between as _between
from plywise.conf.checks import one_of as _one_of
from plywise.datasets.errors import ConfigError

GUIDE_QUESTIONS = ("propose", "model", "evaluate")
MOST_EXAMPLES = 20  # a prompt with more is longer than small models read


@dataclass
class BudgetGroup:
    """What a run may spend on the model; null: without limit.  Then it plays on without advice.

    Attributes:
        calls: questions sent.
        tokens: of prompts and answers.
        dollars: at ``llm.prompt_price`` and ``llm.completion_price``.
        seconds: that calls took, added up.
    """

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges."""
        for one in fields(self):
            _at_least(f"llm.budget.{one.name}", getattr(self, one.name), 0)

    def share(self, parts: int) -> BudgetGroup:
        """Return what each of so many processes may spend, so that all keep the budget."""

        def whole(limit: int | None) -> int | None:
            return None if limit is None else limit // parts

        def part(limit: float | None) -> float | None:
            return None if limit is None else limit / parts

        return BudgetGroup(
            whole(self.calls), whole(self.tokens), part(self.dollars), part(self.seconds)
        )


@dataclass
class LLMGroup:
    """The language model that advises: none, embedded, any OpenAI-compatible endpoint, a stand-in.

    Attributes:
        base_url: of the endpoint; null: ``OPENAI_BASE_URL``, else OpenAI's own.
        model: its name there; null: ``OPENAI_MODEL``.
        api_key_env: name of the environment variable that holds the key (never the key itself).
        temperature: sent with each request; null sends none.
        timeout: seconds that one call may take.
        max_retries: repeats of a refused or broken call.
        concurrency: calls under way at once.
        cache: file (SQLite) in which answers are kept for good and shared by processes; null: each
            process keeps its own in memory.
        record: file (JSON Lines) to which every call is added with what became of it.
        replay: such a file, from which alone answers are taken; nobody is asked.
        budget: what may be spent.
        guides: which questions it is asked: propose, model, evaluate.
        trust: how far its advice is believed, 0 (it is not asked) … 1; null: as far as
            ``plywise llm calibrate`` found for this model, game and guide.
        calibration: the file with what that found; null: the user's own, then the package's.
        max_calls: most calls for one decision.
        ask: always, never, or uncertain: only where the search, after a tenth of its budget or
            later, is not sure of its decision.
        unsure_gap, unsure_entropy, unsure_worlds: what counts as not sure: at most so much between
            the two best values, at least so much entropy of the strategy (0 … 1), at least so much
            disagreement between sampled worlds about the opponent's answer (0 … 1).
        asking: scoring (the probabilities of option letters) or reasoning (in writing).
        thought: of reasoning: most characters of the thought before an answer; 0: none.
        chances: of reasoning: a chance for each option in place of one choice.
        examples: so many solved positions, those most like the decision, are shown before a
            question; 0: none.
        seconds: for a decision that this model advises, where the search has a clock at all; null:
            as without it (``search.seconds``).
            ``agent.seconds`` comes before both.
        lend_after: for a model on the same few cores: after so many seconds of a decision the
            battle search sleeps until the model's first answer, or until the time runs short.
        model_path: GGUF file for the embedded model, or the name of one that ``plywise models`` has
            fetched; null: the packaged SmolLM2-135M.
        threads: of the embedded model; null: its own default.
        skill: of the stand-in: how often it answers rightly on purpose, else at random.
        seed: of the stand-in's answers.
        oracle_iterations: of the stand-in's own search, in battles.
        delay: seconds until the stand-in's answers to a decision arrive.
        prompt_price, completion_price: US dollars per million tokens, for the cost in records.
    """

    name: str = MISSING
    base_url: str | None = None
    model: str | None = None
    api_key_env: str = "OPENAI_API_KEY"
    temperature: float | None = 0.0
    timeout: float = 30.0
    max_retries: int = 1
    concurrency: int = 4
    cache: str | None = None
    record: str | None = None
    replay: str | None = None
    budget: BudgetGroup = field(default_factory=BudgetGroup)
    guides: list[str] = field(default_factory=lambda: list(GUIDE_QUESTIONS))
    trust: float | None = None
    calibration: str | None = None
    max_calls: int = 6
    ask: str = "always"
    unsure_gap: float = 0.05
    unsure_entropy: float = 0.6
    unsure_worlds: float = 0.6
    asking: str = "scoring"
    thought: int = 200
    chances: bool = False
    examples: int = 0
    seconds: float | None = None
    lend_after: float | None = None
    model_path: str | None = None
    threads: int | None = None
    skill: float = 1.0
    seed: int = 0
    oracle_iterations: int = 10_000
    delay: float = 0.0
    prompt_price: float = 0.0
    completion_price: float = 0.0

    def __post_init__(self) -> None:
        """Check the values."""
        _at_least("llm.prompt_price", self.prompt_price, 0)
        _at_least("llm.completion_price", self.completion_price, 0)
        _one_of("llm.name", self.name, ("none", "embedded", "openai", "stand_in"))
        _above("llm.timeout", self.timeout, 0)
        _above("llm.seconds", self.seconds, 0)
        _above("llm.lend_after", self.lend_after, 0)
        _at_least("llm.max_retries", self.max_retries, 0)
        _at_least("llm.concurrency", self.concurrency, 1)
        if self.trust is not None:
            _between("llm.trust", self.trust, 0, 1)
        _between("llm.skill", self.skill, 0, 1)
        _at_least("llm.oracle_iterations", self.oracle_iterations, 1)
        _at_least("llm.delay", self.delay, 0)
        _at_least("llm.max_calls", self.max_calls, 1)
        _one_of("llm.ask", self.ask, ("always", "uncertain", "never"))
        _between("llm.unsure_gap", self.unsure_gap, 0, 2)
        _between("llm.unsure_entropy", self.unsure_entropy, 0, 2)
        _between("llm.unsure_worlds", self.unsure_worlds, 0, 2)
        _one_of("llm.asking", self.asking, ("scoring", "reasoning"))
        _between("llm.thought", self.thought, 0, 4000)
        _between("llm.examples", self.examples, 0, MOST_EXAMPLES)
        if self.examples and self.name in ("none", "stand_in"):
            raise ConfigError(f"llm.examples is of no use with llm={self.name}: no model is asked")
        _at_least("llm.threads", self.threads, 1)
        files = [key for key in ("cache", "record", "replay") if getattr(self, key) is not None]
        if files and self.name in ("none", "stand_in"):
            raise ConfigError(
                f"llm.{files[0]} is of no use with llm={self.name}: no model is asked"
            )
        if "record" in files and "replay" in files:
            raise ConfigError("llm.record and llm.replay exclude each other: ask, or repeat")
        if self.budget.dollars is not None and not (self.prompt_price or self.completion_price):
            raise ConfigError(
                f"llm.budget.dollars={self.budget.dollars:g} needs llm.prompt_price or "
                "llm.completion_price (US dollars per million tokens)"
            )
        for question in self.guides:
            _one_of("llm.guides", question, GUIDE_QUESTIONS)
        if self.base_url is not None and not self.base_url.startswith(("http://", "https://")):
            raise ConfigError(
                f"llm.base_url={self.base_url}: must start with http:// or https:// "
                "(for example http://127.0.0.1:8000/v1)"
            )


CALIBRATED_GAMES = ("tic_tac_toe", "connect_four", "gen9randombattle")


@dataclass
class LLMCommandConfig:
    """``plywise llm``: measure a model on questions with known answers, or make examples of such.

    Attributes:
        what: calibrate or examples.
        games: one that there are questions about, or all.
        questions: for each guide in each game.
        seed: of the questions; those of one seed are the same for every model.  Examples have other
            questions than calibrate with the same seed.
        out: folder for the examples; null: that of the run.
    """

    what: str = "calibrate"
    games: str = "all"
    questions: int = 100
    seed: int = 0
    out: str | None = None
    llm: LLMGroup = MISSING

    def __post_init__(self) -> None:
        """Check the values."""
        _one_of("what", self.what, ("calibrate", "examples"))
        _one_of("games", self.games, ("all", *CALIBRATED_GAMES))
        _at_least("questions", self.questions, 4)
        if self.what == "calibrate":
            if self.out is not None:
                raise ConfigError("out is for llm examples; calibrate keeps in llm.calibration")
            if self.llm != MISSING and self.llm.name == "none":
                raise ConfigError(
                    "llm=none: there is no model to measure: llm=embedded or llm=openai"
                )
