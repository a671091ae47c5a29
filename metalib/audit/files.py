"""The files of a review: which there are, what their columns mean, and what may be left out.

Reading a review, ``datapackage.json`` and the data dictionary all rest on :data:`FILES`. Only outcomes and tables must
be there, or in place of tables another of :data:`DATA`; what a review says more about a column stands in its
``package.yaml``.
"""

from __future__ import annotations

from ..arithmetic.options import CI_METHODS, MEANS, MEASURES, METHODS, MODELS, OTHERS, RATES, TAU2_METHODS
from .checked_csv import Column, File

BETTER = ("more", "fewer", "neither")
#: How counts are known: from the study's own report; from a publication about it; computed from percentages that are
#: published; or recovered, with how firmly.
STATUSES = (
    "reported", "published", "derived from published percentages", "identified", "identified up to complement",
    "nearest", "candidate",
)  # fmt: skip
GRADE_DOMAINS = ("risk of bias", "inconsistency", "indirectness", "imprecision", "publication bias", "overall")
_DECISIONS = ("not serious", "serious", "very serious", "high", "moderate", "low", "very low")
#: What an analysis changes.
ANALYSIS_GROUPS = ("model", "measure", "study added", "study left out")

_STUDY = Column("study", "key of the study", "study")
_OUTCOME = Column("outcome", "key of the outcome", "outcome")
_ANALYSIS = Column("analysis", "the set of tables that belong together", optional=True, default="main")
_COUNTS = (
    Column("events_t", "events of the experimental arm", "count"),
    Column("n_t", "patients of the experimental arm", "count"),
    Column("events_c", "events of the control arm", "count"),
    Column("n_c", "patients of the control arm", "count"),
    Column("status", "how the counts are known", choices=STATUSES, optional=True, default="reported"),
)
_STATUS = Column("status", "how the numbers are known", choices=STATUSES, optional=True, default="reported")
#: The files that hold data of studies; each outcome stands in one of them.
DATA = ("tables", "means", "rates", "effects")


def _more(**columns: str) -> tuple[Column, ...]:
    """Return text columns that may be left out, from their descriptions."""
    return tuple(Column(name, description, optional=True) for name, description in columns.items())


_SOURCE = _more(source="where the row comes from")

FILES: dict[str, File] = {
    "studies": File(
        (
            Column("study", "key used in all files"),
            *_more(
                label="name to show",
                authors="first author",
                citation_key="key in the list of references",
                experimental="treatment of the experimental arm",
                control="treatment of the control arm",
                design_reported="design of the study as reported",
                arms_status="whether the arms are reported, recovered or published",
                arms_source="what the arms are known from",
            ),
            Column("year", "year of publication", "count", optional=True),
            Column("reference", "number in the reference list of the paper", "count", optional=True),
            Column("order_in_table", "row of the paper's table of studies", "count", optional=True),
            Column("n_t", "patients of the experimental arm, if the same in every outcome", "count", optional=True),
            Column("n_c", "patients of the control arm, if the same in every outcome", "count", optional=True),
            *_SOURCE,
        ),
        ("study",),
        "One study a row",
        open=True,
    ),
    "search": File(
        (
            Column("database", "database searched"),
            Column("query", "the query", optional=True),
            Column("records", "records as printed", "count"),
            *_SOURCE,
        ),
        ("database", "query"),
        "One printed count a row",
    ),
    "flow": File(
        (
            Column("stage", "part of the flow (PRISMA 2020)", choices=("identification", "screening", "included")),
            Column("step", "the step"),
            Column("count", "its count, if it is printed", "count", blank=True),
            Column("status", "whether the count is printed", choices=("printed", "not reported")),
            Column("prisma2020", "its row in the template of the R package PRISMA2020, if it has one", blank=True),
            *_SOURCE,
        ),
        ("step",),
        "One step of the flow of records a row",
    ),
    "outcomes": File(
        (
            Column("outcome", "key of the outcome"),
            *_more(label="name to show", event="what an event is"),
            Column("better", "whether more or fewer events are better", choices=BETTER, optional=True),
            Column(
                "measure",
                "measure of effect",
                choices=(*MEASURES, *MEANS, *RATES, *OTHERS),
                optional=True,
                default="OR",
            ),
            Column("method", "how studies are weighted; MH for 2x2 tables, else IV", choices=METHODS, optional=True),
            Column("model_printed", "the model that the printed result needs", choices=MODELS, optional=True),
            *_more(model_note="the model that the note of its figure names"),
            Column("studies_printed", "number of studies that the text counts, if it does", "count", blank=True),
            *_SOURCE,
        ),
        ("outcome",),
        "One outcome a row",
        optional=False,
    ),
    "tables": File(
        (_ANALYSIS, _OUTCOME, _STUDY, *_COUNTS, *_SOURCE),
        ("analysis", "outcome", "study"),
        "One 2x2 table a row",
        optional=False,
        open=True,
    ),
    "means": File(
        (
            *(_ANALYSIS, _OUTCOME, _STUDY),
            *(
                column
                for short, arm in (("t", "experimental"), ("c", "control"))
                for column in (
                    Column(f"mean_{short}", f"mean of the {arm} arm", "real"),
                    Column(f"sd_{short}", f"standard deviation of the {arm} arm", "number"),
                    Column(f"n_{short}", f"patients of the {arm} arm", "count"),
                )
            ),
            *(_STATUS, *_SOURCE),
        ),
        ("analysis", "outcome", "study"),
        "Means of one outcome in one study a row",
        open=True,
    ),
    "rates": File(
        (
            *(_ANALYSIS, _OUTCOME, _STUDY),
            Column("events_t", "events of the experimental arm", "count"),
            Column("time_t", "person-time of the experimental arm", "number"),
            Column("events_c", "events of the control arm", "count"),
            Column("time_c", "person-time of the control arm", "number"),
            *(_STATUS, *_SOURCE),
        ),
        ("analysis", "outcome", "study"),
        "Events and person-time of one outcome in one study a row",
        open=True,
    ),
    "effects": File(
        (
            *(_ANALYSIS, _OUTCOME, _STUDY),
            Column("effect", "effect, on the log scale for ratios", "real"),
            Column("se", "its standard error", "number"),
            *(_STATUS, *_SOURCE),
        ),
        ("analysis", "outcome", "study"),
        "Effect of one study a row",
        open=True,
    ),
    "stages": File(
        (_ANALYSIS, Column("stage", "stage of disease at baseline"), _STUDY, *_COUNTS, *_SOURCE),
        ("analysis", "stage", "study"),
        "One stage of one study a row",
    ),
    "recovery": File(
        (
            Column("puzzle", "file that the search was given"),
            Column("max_difference", "by how many patients the two arms of a study may differ", "count"),
            Column("step", "the step", "count"),
            Column("results", "printed results that the step uses"),
            Column("studies", "studies that they cover", "studies"),
            Column("candidates", "combinations possible before any printed number of the step is used", "count"),
            Column("after", "combinations that agree with every printed number of the step", "count"),
            Column("kept", "those that the other outcomes leave", "count"),
        ),
        ("puzzle", "max_difference", "step"),
        "One step of a search a row",
    ),
    "risk_of_bias": File(
        (
            Column("assessor", "who judged", choices=("paper", "book"), optional=True, default="book"),
            Column("study", "key of the study, or all", "study or all"),
            Column("domain", "domain of the tool"),
            Column("judgement", "the judgement", choices=("low", "unclear", "high", "not given per study")),
            *_more(support="why it was made"),
            *_SOURCE,
        ),
        ("assessor", "study", "domain"),
        "One judgement a row",
    ),
    "grade": File(
        (
            _OUTCOME,
            Column("domain", "GRADE domain or overall", choices=GRADE_DOMAINS),
            Column("decision", "the judgement; overall is a judgement too, not a sum", choices=_DECISIONS),
            *_more(reason="why it was made"),
        ),
        ("outcome", "domain"),
        "One decision on the certainty of evidence a row",
    ),
    "analyses": File(
        (
            Column("analysis", "name of the analysis"),
            Column("group", "what it changes", choices=ANALYSIS_GROUPS),
            Column("measure", "measure of effect (empty: OR)", choices=MEASURES, blank=True),
            Column("method", "how studies are weighted (empty: MH)", choices=METHODS, blank=True),
            Column("model", "fixed or random effects (empty: fixed)", choices=MODELS, blank=True),
            Column("tau2", "estimator of the variance between studies (empty: DL)", choices=TAU2_METHODS, blank=True),
            Column("ci", "kind of confidence interval (empty: wald)", choices=CI_METHODS, blank=True),
            Column("add", "analysis set whose tables are added", blank=True),
            Column("leave_out", "each: every study in turn; or one study", "study or each", blank=True),
        ),
        ("analysis",),
        "One named analysis that claims are held against a row",
    ),
    "claims": File(
        (
            Column("claim", "key of the claim"),
            Column("place", "where the paper makes it"),
            Column("text", "quotation, omissions in brackets"),
            Column("outcomes", "outcomes that test it, separated by blanks", "outcomes", blank=True),
            Column(
                "says",
                "what it says of them: a significant difference to the better, or none",
                choices=("difference", "no difference"),
                blank=True,
            ),
            Column("group", "the analyses that test it (empty: all)", choices=ANALYSIS_GROUPS, blank=True),
            Column("chapter", "where it is examined"),
            Column("remark", "what else bears on it", blank=True),
        ),
        ("claim",),
        "One claim of the paper a row",
    ),
    "prisma": File(
        (
            Column("item", "item of PRISMA 2020"),
            Column("section", "section of the checklist"),
            Column("topic", "what the item asks for, in other words than the checklist"),
            Column("article", "whether the paper reports it", choices=("reported", "partly", "not reported")),
            Column("place", "where it does", blank=True),
            Column("remark", "what there is or is missing", blank=True),
            Column("book", "whether this report answers the item", choices=("yes", "partly", "no"), blank=True),
            Column("book_place", "where it does, or why not", blank=True),
        ),
        ("item",),
        "One item of a checklist a row",
    ),
    "amstar2": File(
        (
            Column("item", "item of AMSTAR 2", "count"),
            Column("critical", "whether the item is critical", choices=("yes", "no")),
            Column("topic", "what the item asks for, in other words than the tool"),
            Column("answer", "the judgement", choices=("yes", "partial yes", "no", "no meta-analysis")),
            Column("place", "what it rests on", blank=True),
            Column("reason", "why it was made"),
        ),
        ("item",),
        "One item of the appraisal a row",
    ),
    "passed_over": File(
        (
            Column("place", "where the paper says it"),
            Column("printed", "quotation, omissions in brackets"),
            Column("remark", "what is to be known beside it"),
        ),
        ("place", "printed"),
        "One statement that no other file takes up a row",
    ),
    "cited": File(
        (
            Column("reference", "number in the paper's list of references", "count"),
            Column("work", "first author and year"),
            Column("subject", "what it is about, by its title"),
            Column("place", "where it is cited", blank=True),
            Column("cited_for", "what it is cited for", blank=True),
            Column("remark", "what is to be known beside it", blank=True),
        ),
        ("reference",),
        "One work of the paper's list of references a row",
    ),
    "published": File(
        (
            Column("id", "key of the number"),
            Column("place", "where it is printed", optional=True, default="Results"),
            Column("outcome", "key of the outcome, or what else the number is about"),
            Column("excluded", "studies left out of that analysis, separated by blanks", "studies", blank=True),
            Column("model", "the model that the number needs (empty: unknown or none)", choices=MODELS, blank=True),
            Column(
                "statistic", "OR, CI low, CI high, P, Z, Chi2, df, P(Q) (of heterogeneity), I2 (percent) or another"
            ),
            Column("text", "as printed, digits kept"),
            Column("read_as", "how the text is read where it is not a plain number", blank=True),
            Column("unit", "place value of the last digit that carries information", "number"),
            Column("note", "remarks", blank=True),
        ),
        ("id",),
        "One printed number a row",
    ),
}
