"""Prompts and the parsing of replies: texts, answer forms, examples, scores of option letters.

Imports ``calls`` only; nothing here sends a request.  What a model reads stands in ``texts/``:

- ``system.txt`` opens every prompt; then comes the question, ``propose.txt`` (which own actions),
  ``model.txt`` (what the opponent does) or ``evaluate_best.txt`` (which option leads to the
  best position), with the variants ``propose_candidates.txt``, ``model_replies.txt``,
  ``evaluate_percent.txt`` (the chance of winning after each option) and ``evaluate_positions.txt``
  (the chance of winning in each of several positions);
- ``answer_letter.txt`` or ``form_*.txt`` say how to answer.

``arena/guidance/language_model.py`` and ``guides/asking.py`` choose among them.
"""
