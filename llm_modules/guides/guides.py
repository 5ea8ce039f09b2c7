"""The three guides: advice of a language model to a search.

They are the *proposer* (the player's action), the *opponent model* (the opponent's action) and the
*evaluator* (the value of the position after each of the player's actions).  Each is one chat
completion about lettered options, by scoring or by reasoning (``asking.py``).  The evaluator gets
all positions in one prompt, as the facts of each option.  A further guide begins with a member of
``Question`` in ``search/guide/protocol.py``, whose docstring lists the other places.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from concurrent.futures import wait
from dataclasses import dataclass, field
from typing import Any

from plywise.games.base import Briefing
from plywise.llm_modules.calls.chat import Answer, Call, ChatClient
from plywise.llm_modules.calls.errors import LLMConfigError
from plywise.llm_modules.guides.asking import Reasoning, Scoring
from plywise.llm_modules.guides.call_log import CallLog
from plywise.llm_modules.guides.format_fallback import FormatFallback
from plywise.llm_modules.prompts.examples import Example, ExampleStore, options_of
from plywise.llm_modules.prompts.forms import AnswerMode
from plywise.llm_modules.prompts.prompting import LetteredQuestion, PromptLimits, Prompts
from plywise.llm_modules.prompts.scoring import LetterCalibration
from plywise.search.guide.protocol import Advice, Consultation, GuideReport, Question

#: Order of the questions: the most useful first, since time may run out.
ORDER = (Question.PROPOSE, Question.MODEL, Question.EVALUATE)

#: Trust in a model that was not measured (``plywise llm calibrate``).
DEFAULT_TRUST = 0.1


@dataclass(frozen=True)
class GuideConfig:
    """Settings of the guides.

    Attributes:
        guides: guides that are asked, by the values of ``Question``.
        trust: trust in guides, from 0 (ignored) to 1 (believed fully); others: DEFAULT_TRUST.
        max_calls: maximum number of calls for one decision, repeated questions included.
        limits: limits of a prompt's parts.
        asking: ``scoring`` or ``reasoning``, see ``asking.py``.
        thought: maximum characters of the thought before an answer when reasoning; 0: no thought.
        chances: whether reasoning answers proposals and predictions with a probability for each
            option.
        examples: solved examples before a question, from 0 (none).
    """

    guides: tuple[str, ...] = tuple(question.value for question in Question)
    trust: Mapping[str, float] = field(default_factory=dict)
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
        for name, least in (("thought", 0), ("examples", 0), ("max_calls", 1)):
            if getattr(self, name) < least:
                raise LLMConfigError(f"{name} is {getattr(self, name)}; it must be ≥ {least}")
        known = [q.value for q in ORDER]
        for name in (*self.guides, *self.trust):
            if name not in known:
                raise LLMConfigError(f"there is no guide '{name}'; there are {', '.join(known)}")
        for name, trust in self.trust.items():
            if not 0.0 <= trust <= 1.0:
                raise LLMConfigError(f"the trust in '{name}' is {trust}; it must be 0 … 1")


class LLMConsultant:
    """Source of advice by a language model; may be shared by games and threads.

    Args:
        config: settings.
        calibration: calibration of the model's letter bias, which learns from answers; None: a new
            one.
        example_store: solved examples of the game; None: no examples are shown.
    """

    def __init__(
        self,
        client: ChatClient,
        config: GuideConfig | None = None,
        calibration: LetterCalibration | None = None,
        example_store: ExampleStore | None = None,
    ) -> None:
        self.client = client
        self.config = config or GuideConfig()
        self.prompts = Prompts()
        self._example_store = example_store
        if example_store is not None:  # loaded now, not during a decision
            for guide in self.config.guides:
                example_store.solved(Question(guide))
        self.asking: Scoring | Reasoning = Scoring(calibration or LetterCalibration())
        if self.config.asking == "reasoning":
            self.asking = Reasoning(self.config.thought, self.config.chances)

    def examples(self, question: Question, briefing: Briefing) -> tuple[Example, ...]:
        """Return the solved examples for a question."""
        if self._example_store is None or not self.config.examples:
            return ()
        return self._example_store.most_similar(question, briefing, self.config.examples)

    def consult(self, briefing: Briefing, seed: int) -> LLMConsultation:
        """Send the first question and return the consultation at once; the caller closes it."""
        return LLMConsultation(self, briefing, seed)


@dataclass
class _Asked:
    """Question whose answer is awaited."""

    lettered: LetteredQuestion
    mode: AnswerMode
    call: Call
    record: dict[str, Any]
    began: float


class LLMConsultation(Consultation):
    """Questions for one decision, one after another (``search.guide.Consultation``).

    The next question is sent when the previous answer is polled, so a server with one slot always
    works on the most useful question.  Used by one thread.  Questions that :meth:`close` cancels
    count as late.
    """

    def __init__(self, consultant: LLMConsultant, briefing: Briefing, seed: int) -> None:
        self._owner = consultant
        self._call_log = CallLog(consultant.client.model, consultant.config.max_calls)
        self._briefing = briefing
        # At temperature 0 an answer depends on the position only, so it can be cached.
        self._seed = 0 if consultant.client.config.temperature == 0.0 else seed
        self._fallback = FormatFallback(consultant.asking.endpoint_mode)
        self._closed = False
        self._asked: _Asked | None = None
        self._waiting = deque(
            question
            for question in ORDER
            if question.value in consultant.config.guides
            and len(options_of(question, briefing)) >= 2
        )
        self._ask_next()

    @property
    def transcript(self) -> list[dict[str, Any]]:
        """One entry per call for the decision log."""
        return self._call_log.transcript

    @property
    def finished(self) -> bool:
        """Whether no more answers will arrive."""
        return self._asked is None

    def poll(self) -> list[Advice]:
        """Return the answers that arrived since the last poll, and send the next question."""
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
        """Block until the current question ends, at most ``seconds``."""
        if self._asked is not None:
            wait([self._asked.call.future], timeout=max(0.0, seconds))

    def close(self) -> GuideReport:
        """Cancel the current question (it counts as late) and return the cost; safe to repeat."""
        if not self._closed:
            self._closed = True
            unread = [advice.question.value for advice in self.poll()]  # since the last poll
            for record in self.transcript:
                if record["question"] in unread and record["status"] == "answered":
                    record["status"] = "unread"
            if self._asked is not None:
                asked, self._asked = self._asked, None
                cancelled = asked.call.cancel()
                self._take(asked)
                if cancelled:
                    asked.record["seconds"] = round(time.perf_counter() - asked.began, 3)
                else:  # it ended at this moment
                    asked.record["status"] = "unread"
            self._skip_waiting()
        return self._call_log.report

    def _skip_waiting(self) -> None:
        while self._waiting:
            self._call_log.not_asked(self._waiting.popleft().value)

    def _ask_next(self) -> None:
        if self._waiting and not self._closed:
            question = self._waiting.popleft()
            owner, briefing = self._owner, self._briefing
            lettered = owner.prompts.ask(
                question,
                briefing,
                self._seed,
                limits=owner.config.limits,
                wording=owner.asking.wordings.get(question),
                examples=owner.examples(question, briefing),
            )
            self._send(lettered)

    def _send(self, lettered: LetteredQuestion) -> None:
        if self._call_log.left <= 0:
            self._call_log.not_asked(lettered.question.value, "out of calls")
            self._ask_next()
            return
        mode = self._fallback.mode
        owner = self._owner
        request = owner.asking.request(lettered, mode, self._seed % 2**31)
        record = self._call_log.asked(
            lettered.question.value, mode.value, request, lettered.facts()
        )
        call = owner.client.submit(request)
        self._asked = _Asked(lettered, mode, call, record, time.perf_counter())

    def _take(self, asked: _Asked) -> Advice | None:
        """Return the advice of an ended call; None if it failed or is asked again."""
        record = asked.record
        answer, problem = self._call_log.ended(record, asked.call)
        if answer is None:
            if asked.call.future.cancelled():
                self._skip_waiting()  # the client was closed, now or in the recording
            if problem:
                self._ask_lower(asked, problem)
            return None
        scores = self._owner.asking.read(asked.lettered, asked.mode, answer)
        record |= scores.facts
        if not scores.numbers:
            self._call_log.unusable(record, scores.problem)
            self._ask_lower(asked, scores.problem)
            return None
        if scores.problem:
            self._fallback.fall_back(scores.problem)
        else:
            self._fallback.succeeded(asked.mode)
        return self._advice(asked, answer, scores.numbers)

    def _advice(self, asked: _Asked, answer: Answer, numbers: Mapping[str, float]) -> Advice:
        lettered = asked.lettered
        question = lettered.question
        weights = {lettered.action(letter): n for letter, n in numbers.items()}
        if question is not Question.EVALUATE:
            shown = len(lettered.actions)
            options = shown + len(lettered.left_out)
            # Options that were not shown keep their uniform probability.
            weights = {a: w * (shown / options) for a, w in weights.items()}
            weights |= dict.fromkeys(lettered.left_out, 1.0 / options)
        trust = self._owner.config.trust.get(question.value, DEFAULT_TRUST)
        rounded = {action: round(weight, 4) for action, weight in weights.items()}
        asked.record |= {"weights": rounded, "trust": trust}
        return Advice(
            question=question,
            weights=weights,
            trust=trust,
            source=f"llm:{self._owner.client.model}",
            seconds=answer.seconds,
            cached=answer.cached,
        )

    def _ask_lower(self, asked: _Asked, reason: str) -> None:
        """Ask the same question again in a lower mode, if there is one."""
        if not self._closed and self._fallback.fall_back(reason):
            self._send(asked.lettered)
