# Pools tables of counts with metafor and times itself.
#
#   Rscript metafor.R COUNTS.csv mh|iv|loo REPEATS RESULTS.csv SECONDS.csv

suppressPackageStartupMessages(library(metafor))
arguments <- commandArgs(trailingOnly = TRUE)
counts <- split(read.csv(arguments[1]), ~analysis)
repeats <- as.integer(arguments[3])

mh <- function(x) rma.mh(ai = a, n1i = n, ci = c, n2i = m, data = x, measure = "OR")

one <- switch(arguments[2],
  mh = function(x) {
    fit <- mh(x)
    data.frame(mh = c(fit$beta), mh_se = fit$se)
  },
  iv = function(x) {
    effects <- escalc(measure = "OR", ai = a, n1i = n, ci = c, n2i = m, data = x)
    fixed <- rma.uni(yi, vi, data = effects, method = "FE")
    random <- rma.uni(yi, vi, data = effects, method = "DL")
    data.frame(
      fixed = c(fixed$beta), fixed_se = fixed$se, q = fixed$QE,
      tau2 = random$tau2, random = c(random$beta), random_se = random$se
    )
  },
  loo = function(x) {
    left <- leave1out(mh(x))
    data.frame(mh = left$estimate, mh_se = left$se)
  }
)

seconds <- numeric(0)
# The first run warms up and is not counted.
for (i in 0:repeats) {
  start <- proc.time()[["elapsed"]]
  found <- lapply(counts, one)
  if (i > 0) seconds <- c(seconds, proc.time()[["elapsed"]] - start)
}
found <- do.call(rbind, found[as.character(sort(as.integer(names(found))))])
write.csv(format(found, digits = 17), arguments[4], row.names = FALSE, quote = FALSE)
writeLines(format(seconds, digits = 6), arguments[5])
