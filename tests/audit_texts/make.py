# ruff: noqa: E501
"""Write texts.json: one text a template below, its numbers computed from random tables and rounded as it prints them.

    python tests/audit_texts/make.py

In a template a name in braces is a printed number, which a reader has to find: e (the effect), lo, hi, p, z, q, df, pq,
i2, t2 and k. p and pq carry their sign ("= 0.003", "< 0.001"), written {p_} without it. All else is a distractor.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd

import metalib

STATISTICS = {"lo": "CI low", "hi": "CI high", "p": "P", "z": "Z", "q": "Chi2", "df": "df", "pq": "P(Q)", "i2": "I2",
              "t2": "Tau2", "k": "k"}  # fmt: skip
#: Measure, style (comma, dot raised, no leading zero; hyphen or minus) and text.
TEMPLATES = [
    ("OR", "", "OR {e}, 95% CI {lo}-{hi}, P{p}, I²={i2}%"),
    ("OR", "", "The odds of response were higher (OR={e}, 95% CI: {lo}–{hi}, P{p}) (figure 3A)."),
    ("OR", "", "OR {e} (95% CI {lo} to {hi}); 5 studies, 1,234 participants; I² = {i2}%; moderate-certainty evidence"),
    ("RR", "", "Risk ratio (RR) {e}, 95% confidence interval (CI) {lo} to {hi}; participants = 812; studies = 7; I2 = {i2}%"),
    ("RR", "raised", "relative risk {e} [95% CI {lo}–{hi}]; p{p}"),
    ("RR", "raised", "Mortality fell (RR {e}, 95% CI {lo}–{hi}; p{p}; I²={i2}%) between 1998 and 2014."),
    ("OR", "nozero", "The intervention reduced relapse (odds ratio, {e}; 95% CI, {lo}-{hi}; P {p})."),
    ("RR", "nozero", "(RR, {e} [95% CI, {lo} to {hi}]; P {p}; I2 = {i2}%)"),
    ("OR", "comma", "OR {e} (IC 95% {lo}–{hi}; p {p})"),
    ("OR", "comma", "Das Odds-Ratio betrug {e} (95%-KI {lo} bis {hi}; p {p}), Alter 54,2 Jahre."),
    ("RR", "comma", "RR = {e}; IC95% [{lo}; {hi}]; p {p}; I² = {i2} %"),
    ("RR", "comma", "RR {e} (95 % CI {lo}-{hi}), I2 {i2}%, Chi2 = {q}; df = {df}; p {pq}"),
    ("MD", "", "MD {e} (95% CI {lo} to {hi}; P {p})"),
    ("MD", "minus", "Pain at 12 weeks: mean difference {e} points, 95% CI {lo} to {hi}, p {p}"),
    ("MD", "minus", "MD {e} ({lo} to {hi})"),
    ("WMD", "minus", "weighted mean difference (WMD) = {e}, 95% CI ({lo}, {hi}), P {p}"),
    ("SMD", "minus", "SMD = {e} [{lo}, {hi}], Z = {z}, P {p}"),
    ("SMD", "", "standardised mean difference {e}, 95% CI {lo} to {hi}; I^2 = {i2}%"),
    ("RD", "minus", "RD {e} (95% CI {lo} to {hi})"),
    ("RD", "", "risk difference: {e} (95% CI: {lo}, {hi}; p{p})"),
    ("HR", "", "HR = {e}; 95% CI = {lo} - {hi}; P {p}"),
    ("HR", "raised", "hazard ratio {e} (95% CI {lo}–{hi}, p{p}) in 312 of 640 patients aged 18–75 years"),
    ("HR", "nozero", "hazard ratio for death, {e}; 95% CI, {lo} to {hi}; P{p}"),
    ("OR", "", "χ² = {q}, df = {df} (P {pq}); I² = {i2}%"),
    ("OR", "", "Heterogeneity: Tau² = {t2}; Chi² = {q}, df = {df} (P {pq}); I² = {i2}%"),
    ("OR", "", "Heterogeneity: Chi² = {q}, df = {df} (P {pq}); I² = {i2}%\nTest for overall effect: Z = {z} (P {p})"),
    ("RR", "", "Total (95% CI)  171  171  100.0%  RR {e} [{lo}, {hi}]\nHeterogeneity: Tau² = {t2}; Chi² = {q}, df = {df} (P {pq}); I² = {i2}%\nTest for overall effect: Z = {z} (P {p})"),
    ("OR", "", "Cochran's Q = {q} (df = {df}, p {pq}), I² = {i2}%"),
    ("OR", "", "Q({df}) = {q}, p {pq}, I2 = {i2}%"),
    ("OR", "nozero", "χ2({df}) = {q}, p {pq}"),
    ("OR", "", "chi-square = {q}, d.f. = {df}, P {pq}"),
    ("OR", "", "The chi-squared statistic was {q} with {df} degrees of freedom (p {pq})."),
    ("OR", "", "no heterogeneity was observed (I² = {i2}%, P {pq}) (figure 3B)"),
    ("OR", "", "Heterogeneity was low (P {pq}, I² = {i2}%)."),
    ("OR", "", "heterogeneity: P {pq}; I2={i2}%; effect: OR {e}, 95%CI {lo}-{hi}"),
    ("OR", "", "(OR = {e}, 95%CI: {lo}–{hi}, $P {p}$), with no heterogeneity ($I^2 = {i2}\\%$, $P {pq}$)"),
    ("OR", "", "$OR = {e}$, $95\\%$ CI $[{lo}, {hi}]$, $p {p}$, $\\chi^2 = {q}$, $I^{{2}} = {i2}\\%$"),
    ("OR", "", "$\\tau^2 = {t2}$, $\\chi^2 = {q}$ ($df = {df}$, $p {pq}$)"),
    ("OR", "", "<b>OR</b> {e} (95% CI {lo}&ndash;{hi}; <i>P</i> {p}; I<sup>2</sup> = {i2}%)"),
    ("RR", "", "Chi<sup>2</sup> = {q}, df = {df} (P {pq}); I<sup>2</sup> = {i2}%"),
    ("RR", "", "**RR {e}** (95% CI {lo} to {hi}; *p* {p})"),
    ("RR", "", "RR\u00a0=\u00a0{e} (95%\u00a0CI\u2009{lo}\u2013{hi}; P\u2009{p})"),
    ("RR", "", "RR\u202f{e}\u202f[{lo};\u202f{hi}],\u202fP\u202f{p}"),
    ("RR", "", "RR＝{e}（95%CI：{lo}～{hi}，P{p}）"),
    ("OR", "", "OR {e} (90% CI {lo}-{hi})"),
    ("OR", "", "odds ratio {e} (99% confidence interval {lo} to {hi}, P {p})"),
    ("OR", "", "pooled OR for death was {e} (95% CI {lo}, {hi})"),
    ("OR", "", "The pooled odds ratio was {e} with a 95% CI of {lo} to {hi} (P {p})."),
    ("RR", "", "The risk ratio for stroke in the 4 trials from 2003 to 2011 was {e} (95% CI {lo} to {hi}, P {p})."),
    ("RR", "", "RR (95% CI): {e} ({lo}, {hi}); p-value {p}"),
    ("RR", "", "RR [95% CI] {e} [{lo}, {hi}]"),
    ("RR", "", "RR (M-H, Random, 95% CI) {e} [{lo}, {hi}], P {p}"),
    ("OR", "", "OR: {e}, CI95: {lo}-{hi}, p-value: {p_}"),
    ("OR", "", "OR of {e} (95% CI of {lo} to {hi}) and a P value of {p_}"),
    ("OR", "", "with an OR of {e} (95% CI: {lo}–{hi}; P {p}), 55/171 and 82/171 patients having had the event"),
    ("OR", "", "the difference was significant (Z = {z}, P {p})"),
    ("OR", "", "overall effect z={z}, p{p}; OR={e}; CI {lo}..{hi}"),
    ("RR", "", "RR={e} 95%CI={lo}-{hi} p{p} I2={i2}%"),
    ("RR", "", "RR: {e}; 95% CI: {lo}, {hi}; p {p}; k = {k}; Q = {q}; pQ {pq}"),
    ("RR", "", "k = {k}, I² = {i2}%, P for heterogeneity {pq}"),
    ("RR", "", "P-heterogeneity {pq}; I-squared = {i2}%"),
    ("RR", "", "(I2: {i2}%; Pheterogeneity {pq})"),
    ("RR", "", "I² statistic = {i2}%, p {pq} for heterogeneity"),
    ("RR", "", "the I2 statistic was {i2}% (τ2 = {t2})"),
    ("RR", "", "I² {i2}% (95% CI 0% to 72%), RR {e} (95% CI {lo} to {hi})"),
    ("RR", "", "tau-squared = {t2}, I-squared = {i2}%, Q = {q}, df = {df}, p {pq}"),
    ("OR", "", "outcome,OR,95% CI,P,I2\ndeath,{e},{lo}-{hi},{p_},{i2}"),
    ("OR", "", "Outcome,Studies,OR (95% CI),P value\n\"Death, any cause\",6,\"{e} ({lo}, {hi})\",{p_}"),
    ("OR", "comma", "Endpunkt;OR [95% KI];p\nTod;{e} [{lo}; {hi}];{p_}"),
    ("OR", "", "Exclusion\tOR [95%CI]\tChi²\tDf (P)\tI² (%)\tz(P)\nZhou 2015\t{e} [{lo}, {hi}]\t{q}\t{df}({pq_})\t{i2}\t{z}({p_})"),
    ("RR", "", "| Outcome | RR | 95% CI | P | I² |\n|---|---|---|---|---|\n| Relapse | {e} | {lo} to {hi} | {p_} | {i2}% |"),
    ("RR", "", "study\tRR\tCI 95%\tp-value\nall trials\t{e}\t{lo}–{hi}\t{p_}"),
    ("OR", "", "Five studies (n = 1,265) were published from 2011 to 2018. OR {e}, 95% CI {lo} to {hi}; mean age 54.2 (SD 8.1)"),
    ("OR", "", "In 2 of 5 trials (40%) patients were 18-75 years old; P {p} for the pooled OR of {e} (95% CI {lo} to {hi})"),
    ("RR", "", "Response was 67.3% versus 52.1% (RR {e}, 95% CI {lo} to {hi}). Median follow-up was 14.2 [3.1, 28.7] months."),
    ("RR", "", "RR {e} (95% CI {lo} to {hi}), number needed to treat 12"),
    ("RR", "", "RRs were {e} (95% CI {lo} to {hi}) at 12 months (24 trials)"),
    ("OR", "", "OR, {e}; 95% CI, {lo} to {hi}; P {p}; heterogeneity, P {pq}"),
    ("OR", "", "OR {e}; 95 per cent c.i. {lo} to {hi}; P {p}"),
    ("OR", "", "(odds ratio [OR] {e} [95% confidence interval {lo}-{hi}], p {p})"),
    ("OR", "", "odds ratio = {e}, 95% confidence limits {lo} and {hi}"),
    ("OR", "", "Peto OR {e}, 95% CI {lo} to {hi}, P {p}, I² {i2}%"),
    ("OR", "", "aOR {e} (95% CI {lo}–{hi})"),
    ("OR", "", "adjusted odds ratio {e} (95% CI {lo}/{hi}), p {p}"),
    ("HR", "", "HR {e} (CI 95% {lo}–{hi}), P {p}"),
    ("HR", "", "HR {e}, 95% CrI {lo}–{hi}"),
    ("RR", "", "RR, {e} (95% CI, from {lo} to {hi})"),
    ("RR", "", "relative risk [RR] = {e}, 95% CI between {lo} and {hi}, P {p}"),
    ("RR", "", "{e} (95% CI {lo} to {hi}) was the risk ratio"),
    ("RR", "", "Subtotal: RR {e} [{lo}, {hi}]; Heterogeneity: Chi² = {q}, df = {df} (P {pq}); I² = {i2}%; Test for overall effect: Z = {z} (P {p})"),
    ("OR", "", "OR {e} (95% CI {lo}-{hi}, P {p}); Egger's test did not suggest bias in the 11 trials."),
    ("OR", "", "OR {e} [95% CI {lo}, {hi}], P {p}, REML, tau^2 = {t2}, I^2 = {i2}%"),
    ("OR", "", "OR = {e} (95% CI = {lo}, {hi}), z = {z}, p {p}, k = {k}"),
    ("RR", "", "Q = {q}, df = {df}, P {pq}, I² = {i2}%. RR = {e}, 95% CI: {lo} to {hi}, P {p}."),
    ("RR", "", "Significance was set at 5%. The RR was {e} (95% CI {lo} to {hi})."),
    ("MD", "", "mean difference = {e} mmHg; 95% CI, {lo} to {hi} mmHg; P {p}; I2 = {i2}%"),
    ("MD", "comma", "MD {e} (IC95% {lo} a {hi}); p {p}"),
    ("RD", "minus", "RD {e}; 95% CI: [{lo}; {hi}]; p {p}; I² {i2}%; 1,234/5,678 patients"),
    ("OR", "nozero", "OR={e} (95% CI={lo}, {hi}), χ2({df})={q}, p{pq}"),
    ("OR", "", "Summary OR: {e}; 95% CI: {lo}—{hi}; p: {p_}; I²: {i2}%; Z: {z}"),
]  # fmt: skip


def numbers(measure: str, level: float, random: np.random.Generator) -> dict[str, tuple[float, int]]:
    """Return the statistics of a random meta-analysis, each with the decimals it is printed with."""
    while True:
        k = int(random.integers(3, 8))
        n = random.integers(30, 200, (2, k))
        base = random.uniform(0.15, 0.5)
        events = random.binomial(n, np.array([[base * random.uniform(0.4, 1.5)], [base]]).clip(0.02, 0.9))
        tables = pd.DataFrame({"study": [f"s{i}" for i in range(k)], "events_t": events[0], "n_t": n[0],
                               "events_c": events[1], "n_c": n[1]})  # fmt: skip
        pooled = measure if measure in ("OR", "RR", "RD") else "RD" if measure in ("MD", "SMD", "WMD") else "RR"
        model = "random" if random.random() < 0.5 else "fixed"
        r = metalib.pool(tables, pooled, method="IV", model=model, level=level)
        scale = 20.0 if pooled == "RD" and measure != "RD" else 1.0
        values = [scale * x if scale > 1 else r.natural(x) for x in (r.estimate, r.ci_low, r.ci_high)]
        if min(abs(v) for v in values) > 0.02 and (measure not in ("OR", "RR", "HR") or values[1] > 0.1):
            break
    t2 = r.tau2 if r.tau2 is not None else 0.0
    one = dict(zip(("e", "lo", "hi"), [(v, 2) for v in values], strict=True))
    return one | {"p": (r.p, 3), "z": (abs(r.statistic), 2), "q": (r.Q, 2), "df": (r.df, 0), "pq": (r.p_Q, 2),
                  "i2": (r.I2, 0), "t2": (t2, 2), "k": (r.k, 0)}  # fmt: skip


def make(seed: int = 14) -> list[dict[str, object]]:
    """Return the texts with what is to be read in each, in order."""
    random = np.random.default_rng(seed)
    texts = []
    for measure, style, template in TEMPLATES:
        level = 0.9 if "90%" in template else 0.99 if "99%" in template else 0.95
        found = numbers(measure, level, random)
        expected: list[list[str]] = []

        def fill(match: re.Match[str], found=found, expected=expected, style=style, measure=measure) -> str:
            name, bare = match[1].removesuffix("_"), match[1].endswith("_")
            value, digits = found[name]
            shown, sign = f"{value:.{digits}f}", "" if bare or name not in ("p", "pq") else "= "
            if name in ("p", "pq") and value < 10.0**-digits:
                shown, sign = f"{10.0**-digits:.{digits}f}", "<" if bare else "< "
            expected.append([STATISTICS.get(name, measure), sign.strip().replace("=", "") + shown])
            if style == "comma":
                shown = shown.replace(".", ",")
            elif style == "raised":
                shown = shown.replace(".", "·")
            elif style == "nozero":
                shown = re.sub(r"^(-?)0\.", r"\1.", shown)
            elif style == "minus":
                shown = shown.replace("-", "−")
            return sign + shown

        # Doubled braces are the template's own.
        text = re.sub(r"(?<!\{)\{(\w+)\}(?!\})", fill, template).replace("{{", "{").replace("}}", "}")
        texts.append({"text": text, "expected": expected})
    return texts


if __name__ == "__main__":
    path = Path(__file__).parent / "texts.json"
    path.write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
