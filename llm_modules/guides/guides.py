"""The three guides: a language model's advice to a search.

*Proposer* (which own action), *opponent* (which action of the opponent) and *evaluator* (what the
position after each own action is worth).  Each is one chat completion about lettered options,
asked by scoring or by reasoning (``asking.py``).  The evaluator gets all positions in one prompt,
as the facts that each option carries.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import CancelledError, wait
from dataclasses import dataclass, field
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.errors import LLMConfigError, LLMError, LLMRequestError
from plywise.llm_modules.guides.asking import Asking, Reasoning, Scoring
from plywise.llm_modules.guides.format_fallback import AnswerMode, Foothold, Ladder
from plywise.llm_modules.guides.ledger import Ledger
from plywise.llm_modules.prompts.examples import Example, ExampleBook
from plywise.llm_modules.prompts.prompting import LetteredQuestion, PromptLimits, Prompts
from plywise.llm_modules.prompts.scoring import LetterCalibration
from plywise.llm_modules.providers.base import Answer, Call, ChatClient
from plywise.search.guide.protocol import Advice, GuideReport, Question

#: The order in which questions are asked: the most useful first, since time may run out.
ORDER = (Question.PROPOSE, Question.MODEL, Question.EVALUATE)

#: Of a model that was not measured (``plywise llm calibrate``): its word counts for little.
DEFAULT_TRUST = 0.1


@dataclass(frozen=True)
class GuideConfig:
    """What the model is asked, and how far it is believed.

    Attributes:
        guides: which of "propose", "model" and "evaluate" are asked.
        trust: 0 (ignore) … 1 (believe fully), per guide.
        max_calls: most calls for one decision, questions asked again included.
        limits: how long a prompt may become.
        asking: ``scoring`` or ``reasoning``, see ``asking.py``.
        thought: of reasoning: most characters of the thought before an answer; 0: none.
        chances: of reasoning: whether proposals and predictions are a chance for each option.
        examples: how many solved positions are shown before a question; 0: none.
    """

    guides: tuple[str, ...] = ("propose", "model", "evaluate")
    trust: Mapping[str, float] = field(
        default_factory=lambda: dict.fromkeys((q.value for q in ORDER), DEFAULT_TRUST)
    )
    max_calls: int = 6
    limits: PromptLimits = field(default_factory=PromptLimits)
    asking: str = "scoring"
    thought: int = 200
    chances: bool = False
    examples: int = 0

    def __post_init__(self) -> None:
        """Refuse values that cannot work."""
        if self.asking not in ("scoring", "reasoning"):
            raise LLMConfigError(f"asking is '{self.asking}'; choose scoring or reasoning")
        if self.thought < 0:
            raise LLMConfigError(f"thought is {self.thought}; it must be ≥ 0")
        if self.examples < 0:
            raise LLMConfigError(f"examples is {self.examples}; it must be ≥ 0")
        known = [q.value for q in ORDER]
        for name in (*self.guides, *self.trust):
            if name not in known:
                raise LLMConfigError(f"there is no guide '{name}'; there are {', '.join(known)}")
        for name, trust in self.trust.items():
            if not 0.0 <= trust <= 1.0:
                raise LLMConfigError(f"the trust in '{name}' is {trust}; it must be 0 … 1")
        if self.max_calls < 1:
            raise LLMConfigError(f"max_calls is {self.max_calls}; it must be ≥ 1")


class LLMConsultant:
    """Asks a language model for advice; one may serve several games and threads.

    Args:
        client: who answers.
        config: what is asked.
        prompts: the texts; by default those that come with the package.
        calibration: what is known about the model's liking for letters; grows with use.
        book: of the game, where ``config.examples`` are shown.
    """

    def __init__(
        self,
        client: ChatClient,
        config: GuideConfig | None = None,
        prompts: Prompts | None = None,
        calibration: LetterCalibration | None = None,
        book: ExampleBook | None = None,
    ) -> None:
        self.client = client
        self.config = config or GuideConfig()
        self.prompts = prompts or Prompts()
        self.calibration = calibration or LetterCalibration()
        self._book = book
        if book is not None:  # now, not on the clock of a decision
            for guide in self.config.guides:
                book.solved(Question(guide))
        self.asking: Asking = Scoring(self.calibration)
        if self.config.asking == "reasoning":
            self.asking = Reasoning(self.config.thought, self.config.chances)

    @property
    def ladder(self) -> Ladder:
        """Which ways of answering the endpoint is known to support."""
        return self.asking.ladder

    @property
    def degraded(self) -> int:
        """How often a lesser way of asking had to be taken."""
        return self.ladder.steps

    def examples(self, question: Question, briefing: Briefing) -> tuple[Example, ...]:
        """Return what is shown before a question."""
        if self._book is None or not self.config.examples:
            return ()
        return self._book.most_similar(question, briefing, self.config.examples)

    def consult(self, briefing: Briefing, seed: int) -> LLMConsultation:
        """Send the first question and return at once.  Close what is returned."""
        return LLMConsultation(self, briefing, seed)


@dataclass
class _Asked:
    """The question on its way."""

    lettered: LetteredQuestion
    mode: AnswerMode
    call: Call
    record: dict[str, Any]
    began: float


class LLMConsultation:
    """The questions about one decision, one after another (``search.guide.Consultation``).

    The next question is sent when the earlier one's answer is polled, so that a server with one
    slot always works on the question that matters most.  Used by one thread.

    What it cost and what became of each question is told by ``ledger.Ledger``; ``late`` are
    questions given up by :meth:`close`.
    """

    uncounted = 0.0

    def __init__(self, consultant: LLMConsultant, briefing: Briefing, seed: int) -> None:
        self._owner = consultant
        self._ledger = Ledger(consultant.client.model, consultant.config.max_calls)
        self._briefing = briefing
        # Unless it is sampled, an answer depends on the position alone, and so may be known.
        self._seed = 0 if consultant.client.config.temperature == 0.0 else seed
        self._foothold = Foothold(consultant.ladder)
        self._closed = False
        self._asked: _Asked | None = None
        self._waiting: deque[Question] = deque(
            q
            for q in ORDER
            if q.value in consultant.config.guides
            and len(briefing.opponent if q is Question.MODEL else briefing.own) >= 2
        )
        self._ask_next()

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One entry per call, for the decision log."""
        return self._ledger.transcript

    @property
    def finished(self) -> bool:
        """Whether no answer is still to come."""
        return self._asked is None

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll; sends the next question."""
        arrived = []
        while self._asked is not None and self._asked.call.future.done():
            asked, self._asked = self._asked, None
            advice = self._take(asked)
            if advice is not None:
                arrived.append(advice)
            if self._asked is None:
                self._ask_next()
        return arrived

    def wait(self, seconds: float) -> None:
        """Block until the question on its way has ended, or for ``seconds``."""
        if self._asked is not None:
            wait([self._asked.call.future], timeout=max(0.0, seconds))

    def close(self) -> GuideReport:
        """Abort what is on its way (it counts as late) and return the cost; repeatable."""
        if not self._closed:
            self._closed = True
            for advice in self.poll():  # it arrived, but nobody looked
                self._mark(advice.question, "unread")
            if self._asked is not None:
                asked, self._asked = self._asked, None
                if asked.call.cancel():
                    self._ledger.late(asked.record, asked.call, time.perf_counter() - asked.began)
                else:  # it ended at this very moment
                    self._take(asked)
                    asked.record["status"] = "unread"
            self._ask_no_more()
        return self._ledger.report

    # --- asking -----------------------------------------------------------------------------

    def _ask_no_more(self) -> None:
        while self._waiting:
            self._ledger.not_asked(self._waiting.popleft().value)

    def _ask_next(self) -> None:
        if self._waiting and not self._closed:
            question = self._waiting.popleft()
            owner, wording = self._owner, self._owner.asking.wording(question)
            briefing = self._briefing
            examples = owner.examples(question, briefing)
            lettered = owner.prompts.ask(
                question, briefing, self._seed, owner.config.limits, wording, examples
            )
            self._send(lettered)

    def _send(self, lettered: LetteredQuestion) -> None:
        if self._ledger.left <= 0:
            self._ledger.not_asked(lettered.question.value, "out of calls")
            self._ask_next()
            return
        mode = self._foothold.mode
        owner = self._owner
        request = owner.asking.request(lettered, mode, self._seed % 2**31)
        record = self._ledger.asked(lettered.question.value, mode.value, request, lettered.facts())
        call = owner.client.submit(request)
        self._asked = _Asked(lettered, mode, call, record, time.perf_counter())

    # --- answers ----------------------------------------------------------------------------

    def _take(self, asked: _Asked) -> Advice | None:
        """Turn an ended call into advice, or a failure, or a question asked again."""
        record = asked.record
        try:
            answer = asked.call.future.result()
        except CancelledError:
            self._ledger.late(record, asked.call)
            self._ask_no_more()  # the client was closed, or so it was when this was recorded
            return None
        except LLMError as error:
            self._ledger.failed(record, asked.call, error)
            if isinstance(error, LLMRequestError):
                self._step_down(asked, str(error))
            return None
        self._ledger.answered(record, asked.call, answer)
        reading = self._owner.asking.read(asked.lettered, asked.mode, answer)
        record |= reading.facts
        if not reading.numbers:
            self._ledger.useless(record, reading.trouble)
            self._step_down(asked, reading.trouble)
            return None
        if reading.trouble:
            self._foothold.lower(reading.trouble)
        else:
            self._foothold.worked(asked.mode)
        return self._advice(asked, answer, reading.numbers)

    def _advice(self, asked: _Asked, answer: Answer, numbers: Mapping[str, float]) -> Advice:
        lettered = asked.lettered
        question = lettered.question
        weights = {lettered.action(letter): n for letter, n in numbers.items()}
        if question is not Question.EVALUATE:
            shown, rest = len(lettered.actions), len(lettered.left_out)
            share = shown / (shown + rest)  # what was not shown keeps its even share
            weights = {a: w * share for a, w in weights.items()}
            weights |= dict.fromkeys(lettered.left_out, 1.0 / (shown + rest))
        trust = self._owner.config.trust.get(question.value, DEFAULT_TRUST)
        asked.record |= {"weights": _rounded(weights), "trust": trust}
        return Advice(
            question=question,
            weights=weights,
            trust=trust,
            source=f"llm:{self._owner.client.model}",
            seconds=answer.seconds,
            cached=answer.cached,
        )

    def _step_down(self, asked: _Asked, why: str) -> None:
        """Ask the same question again in a lesser way, if there is one."""
        if not self._closed and self._foothold.lower(why):
            self._send(asked.lettered)

    def _mark(self, question: Question, status: str) -> None:
        for record in self.transcript:
            if record["question"] == question.value and record["status"] == "answered":
                record["status"] = status


def _rounded(numbers: Mapping[Any, float]) -> dict[Any, float]:
    return {key: round(value, 4) for key, value in numbers.items()}
