"""Cost of a language model's advice, in words for terminals."""

from __future__ import annotations

from plywise.search.guide.protocol import GuideCounts, GuideReport


def llm_short(report: GuideReport) -> str:
    """Return calls and the last latency in few characters, what went wrong only if it did."""
    words = [f"{report.calls} calls"]
    if report.latencies:
        words.append(f"{report.latencies[-1]:.1f} s")
    for count, name in (
        (report.late, "late"),
        (report.failed, "failed"),
        (report.over_budget, "over budget"),
    ):
        if count:
            words.append(f"{count} {name}")
    return ", ".join(words)


def llm_long(report: GuideCounts) -> str:
    """Return all costs of the guidance; latencies only where they are known."""
    words = (
        f"{report.calls} calls, {report.cached} cached, {report.late} late, {report.failed} failed"
    )
    if report.over_budget:
        words += f", {report.over_budget} not asked (out of budget)"
    if report.spared:
        words += f", {report.spared} decisions sure without it"
    if isinstance(report, GuideReport) and report.latencies:
        mean = sum(report.latencies) / len(report.latencies)
        words += f"; {mean:.2f} s mean, {max(report.latencies):.2f} s longest"
    words += f"; tokens {report.prompt_tokens} in, {report.completion_tokens} out"
    if report.cost:
        words += f", ${report.cost:.4f}"
    if report.unmetered:
        words += f" (of {report.unmetered} calls not known)"
    return words


def asked(report: GuideCounts) -> bool:
    """Return whether a model was asked at all, or would have been."""
    counts = report.calls, report.cached, report.failed, report.late, report.over_budget
    return any(counts) or report.spared > 0
