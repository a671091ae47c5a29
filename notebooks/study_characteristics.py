# %% [markdown]
# # Study characteristics
#
# ## What the paper says
#
# Five studies published between 2011 and 2018 were included; Table 1 lists their treatments and calls all of them randomised controlled trials (Results, Characteristics of the studies). The eligibility section admits randomised and semi-randomised trials, its first criterion only randomised ones. Tables are numbered 1 and 3; there is no Table 2 in the text. Numbers of patients are not given by study.

# %% [markdown]
# ## The computation

# %%
import pandas as pd
from scipy.stats import fisher_exact

import metalib
from metalib import figures, text
from metalib.pages import notebook
from metalib.pages.notebook import Raw

review = metalib.read_review("../data")
studies, stages, labels = review.studies, review.stages_of("main"), review.labels()

stages["p"] = [
    fisher_exact(
        [[row.events_t, row.n_t - row.events_t], [row.events_c, row.n_c - row.events_c]]
    ).pvalue
    for row in stages.itertuples()
]
stages.nsmallest(3, "p")[["stage", "study", "events_t", "n_t", "events_c", "n_c", "p"]]

# %% tags=["hide-input"]
printed = studies.sort_values("order_in_table")
notebook.table(
    pd.DataFrame(
        {
            "Study": [
                Raw(f"{row.label} {{cite:p}}`{row.citation_key}`")
                for row in printed.itertuples()
            ],
            "Combination": printed["experimental"],
            "Control": printed["control"],
            "Design as reported": printed["design_reported"],
            "Patients": [f"{row.n_t} + {row.n_c}" for row in printed.itertuples()],
            "Patients are": printed["arms_status"],
        }
    ),
    name="tab-studies",
    caption="After Table 1 of the paper, with references added and the number of patients of each arm, which the paper does not print.",
    align="lllllr"[:4] + "rl",
    note=(
        "3DCRT, three-dimensional conformal radiotherapy; HIFU, high-intensity focused ultrasound; IMRT, intensity-modulated "
        "radiotherapy; RFA, radiofrequency ablation; SBRT, stereotactic body radiotherapy; RCT, randomised controlled trial."
    ),
)
response = studies[studies["arms_status"] != "published"]
notebook.glue(
    total_t=str(int(response["n_t"].sum())),
    total_c=str(int(response["n_c"].sum())),
    printed_total=review.printed_text("stage I", "total experimental"),
    inferred=" and ".join(
        studies.loc[
            studies["arms_status"].str.contains("inferred"), "label"
        ].sort_values()
    ),
    published_label=", ".join(
        studies.loc[studies["arms_status"] == "published", "label"]
    ),
)

# %% [markdown]
# The arms of the four studies behind the response outcomes add up to {glue:text}`total_t:s` and {glue:text}`total_c:s`; the paper prints {glue:text}`printed_total:s` for both arms in its stage analysis, a number that the search never used. Which of two recovered studies is which ({glue:text}`inferred:s`) is inferred, and changes no pooled number. {glue:text}`published_label:s` published its arms itself {cite:p}`wang2018`.
#
# ### Stage at baseline
#
# The stage analysis of the paper, taken apart by study (see [the study-level tables](study_tables)), shows how the arms compared before treatment.

# %% tags=["hide-input"]
worst = stages.nsmallest(2, "p")
assert set(worst["study"]) == {"ke2011"}
assert worst["p"].max() < 1e-6
assert stages.loc[stages["study"] != "ke2011", "p"].min() > 0.05
notebook.glue(
    worst_study=labels[worst["study"].iloc[0]],
    **{
        f"worst_{i}": (
            f"stage {row.stage}: {text.events(row.events_t, row.n_t)} against {text.events(row.events_c, row.n_c)}, "
            f"P = {text.scientific(row.p, 1)}"
        )
        for i, row in enumerate(worst.itertuples(), 1)
    },
    others_p=text.p_value(
        stages.loc[stages["study"] != worst["study"].iloc[0], "p"].min()
    ),
)
notebook.table(
    pd.DataFrame(
        {
            "Study": stages["study"].map(labels),
            "Stage": stages["stage"],
            "Combination": [
                text.events(a, n)
                for a, n in zip(stages["events_t"], stages["n_t"], strict=True)
            ],
            "Single treatment": [
                text.events(c, n)
                for c, n in zip(stages["events_c"], stages["n_c"], strict=True)
            ],
            "P (Fisher)": [text.p_value(p) for p in stages["p"]],
            "Counts are": stages["status"],
            "Data": [
                notebook.link(f"stages.csv, row {i}", f"data_lines.html#stages-{i}")
                for row in stages.itertuples()
                for i in 1
                + review.stages.index[
                    (review.stages["analysis"] == "main")
                    & (review.stages["stage"] == row.stage)
                    & (review.stages["study"] == row.study)
                ]
            ],
        }
    ).sort_values(
        ["Study", "Stage"],
        key=lambda c: (
            c.map({"I": 0, "II or IV": 1, "III": 2}) if c.name == "Stage" else c
        ),
    ),
    name="tab-stages-baseline",
    caption="Recovered number of patients in each stage at baseline, by study and arm, with Fisher's exact test.",
    align="llrrrll",
)

# %% tags=["hide-input"]
share = pd.concat(
    [
        stages.assign(
            arm="combination", share=100 * stages["events_t"] / stages["n_t"]
        ),
        stages.assign(
            arm="single treatment", share=100 * stages["events_c"] / stages["n_c"]
        ),
    ]
)
share["arm"] = share["study"].map(labels) + ", " + share["arm"]
grid = share.pivot(index="arm", columns="stage", values="share")[
    ["I", "II or IV", "III"]
]
notebook.figure(
    figures.share_map(
        grid.rename_axis(columns="stage at baseline"),
        label="patients of the arm (%)",
    ),
    name="fig-stages-baseline",
    caption=(
        "Share of each arm in each stage at baseline (recovered counts, percent of the arm). Rows of one study should look "
        "alike if allocation was random."
    ),
    alt=(
        f"Heat map of the share of patients in each stage, by study and arm. {labels[worst['study'].iloc[0]]}: "
        + "; ".join(
            f"stage {row.stage} {text.percent(100 * row.events_t / row.n_t)} under combination and "
            f"{text.percent(100 * row.events_c / row.n_c)} under single treatment"
            for row in worst.itertuples()
        )
        + f". In the other studies P is at least {text.p_value(stages.loc[stages['study'] != worst['study'].iloc[0], 'p'].min())}."
    ),
    data=grid.reset_index(),
)

# %% [markdown]
# ## What follows
#
# * **Designs.** Table 1 calls every study an RCT. Two entries need a note. The abstract of Wang 2018 compares patients who were treated with one or the other and mentions no randomisation {cite:p}`wang2018`. The recovered stages of {glue:text}`worst_study:s` differ between the arms more than chance explains ({glue:text}`worst_1:s`; {glue:text}`worst_2:s`): either allocation was hardly random, or the stage data were entered wrongly. In the other studies no stage differs by more than chance would allow (smallest P {glue:text}`others_p:s`).
# * **Details of Table 1.** It gives 3DCRT with HIFU as the combination of Wang 2018, whose title in the reference list says stereotactic body radiotherapy. It gives "Li et al." for a reference with a single author.
# * **Comparisons.** The control of Ke 2011 is surgical resection, that of the other four radiotherapy. Pooling them answers two questions at once. The exclusion criterion "studies investigating multiple combination therapies" is printed without saying which combinations it means, although the experimental treatment is itself a combination.
# * **How sure:** the stage tables are identified from the printed subgroup results under the recovered arms; the names of two studies are inferred.
