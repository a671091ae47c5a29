# Computes every block of the golden files: `make golden`, or by hand
#
#   Rscript golden.R FOLDER_OF_TABLES FOLDER_OF_RESULTS
#
# A table is a CSV with one row a study: ai events of n1i people in the treated arm, ci of n2i in the control arm, and
# where known year and subgroup. Each becomes a JSON of the same name with `versions` and `measures`. Needs metafor.

suppressPackageStartupMessages(library(metafor))
# Results keep one entry a row, NA where a study is not used.
options(na.action = "na.pass", warn = 1)

here <- dirname(sub("^--file=", "", grep("^--file=", commandArgs(), value = TRUE)))
for (program in c("json.R", "random_effects.R", "robustness.R", "asymmetry.R", "revman.R")) {
  source(file.path(here, program), encoding = "UTF-8")
}

# What a computation gives, or why there is nothing: list(error = ...).
attempt <- function(expression) {
  tryCatch(suppressWarnings(expression), error = function(e) list(error = conditionMessage(e)))
}

# One entry a row of the table, written as an array even when there is a single row.
rows <- function(x) I(unname(x))

all_blocks <- function(d, measure) {
  es <- study_effects(d, measure)
  list(
    effects = list(yi = rows(as.numeric(es$yi)), sei = rows(sqrt(es$vi))),
    re = sapply(c("DL", "PM", "REML"), function(method) attempt(random_effects(es, method)), simplify = FALSE),
    mh = attempt(mantel_haenszel(d, measure)),
    qprofile = attempt(q_profile(es)),
    bias = asymmetry(d, es, measure),
    trimfill = list(
      ee_l0 = attempt(trim_and_fill(es, "EE", "L0")),
      dl_l0 = attempt(trim_and_fill(es, "DL", "L0")),
      dl_r0 = attempt(trim_and_fill(es, "DL", "R0"))
    ),
    cumulative = cumulative(d, es, measure),
    revman = revman(d, measure)
  )
}

main <- function(tables, results) {
  versions <- list(R = R.version.string, metafor = as.character(packageVersion("metafor")))
  for (path in list.files(tables, "[.]csv$", full.names = TRUE)) {
    d <- read.csv(path, encoding = "UTF-8", colClasses = "character", na.strings = "")
    # Numeric, not integer: products of counts near a million do not fit into 32 bits.
    numbers <- setdiff(names(d), "subgroup")
    d[numbers] <- lapply(d[numbers], as.numeric)
    measures <- sapply(c("OR", "RR", "RD"), function(measure) all_blocks(d, measure), simplify = FALSE)
    file <- file(file.path(results, sub("[.]csv$", ".json", basename(path))), "w", encoding = "UTF-8")
    writeLines(to_json(list(versions = versions, measures = measures)), file)
    close(file)
  }
}

do.call(main, as.list(commandArgs(trailingOnly = TRUE)))
