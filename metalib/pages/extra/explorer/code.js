// Code that gives a result of the page again: Python with metalib, R with metafor. The browser tests run both.
(() => {
  "use strict";

  const list = (values) => values.join(", ");

  /** studies: rows of {key, counts: [events_t, n_t, events_c, n_c]}; choice: measure, method, model, tau2, ci. */
  function python(studies, { measure, method, model, tau2, ci }) {
    const more = model === "random" ? `, tau2="${tau2}", ci="${ci}"` : "";
    return `import pandas as pd

import metalib

tables = pd.DataFrame(
    [
${studies.map((s) => `        (${JSON.stringify(s.key)}, ${list(s.counts)}),`).join("\n")}
    ],
    columns=["study", "events_t", "n_t", "events_c", "n_c"],
)
effect = metalib.pool(tables, measure="${measure}", method="${method}", model="${model}"${more})
print(effect.summary())
print(*(effect.natural(x) for x in (effect.estimate, effect.ci_low, effect.ci_high)))
`;
  }

  function r(studies, { measure, method, model, tau2, ci }) {
    const column = (name, i) => `${name} <- c(${list(studies.map((s) => s.counts[i]))})`;
    const lines = ["library(metafor)", "", column("ai", 0), column("n1i", 1), column("ci", 2), column("n2i", 3)];
    const back = measure === "RD" ? "identity" : "exp";
    const tables = `measure = "${measure}", ai = ai, n1i = n1i, ci = ci, n2i = n2i`;
    const show = (estimate, low, high) => `print(${back}(c(${estimate}, ${low}, ${high})), digits = 15)`;
    if (method === "Peto") {
      return [...lines, "fit <- rma.peto(ai = ai, n1i = n1i, ci = ci, n2i = n2i, add = c(0, 0), to = \"none\")", show("coef(fit)", "fit$ci.lb", "fit$ci.ub"), ""].join("\n");
    }
    lines.push("# As RevMan: 0.5 is added where a cell is zero; what has no effect is left out.",
      `es <- escalc(${tables}, add = 1/2, to = "only0", drop00 = ${measure === "RD" ? "FALSE" : "TRUE"})`);
    if (measure === "RD") lines.push("es$yi <- ai / n1i - ci / n2i  # risk differences themselves are not corrected");
    if (measure === "RR") lines.push("es$yi[ai == n1i & ci == n2i] <- 0  # RevMan shows exactly 1 when everybody had the event");
    lines.push("use <- !is.na(es$yi)", "yi <- es$yi[use]; vi <- es$vi[use]", "k <- length(yi)");
    if (method === "MH") {
      // metafor's own variance of the M-H risk difference is another one than RevMan's.
      lines.push(...(measure === "RD"
        ? ["w <- (n1i * n2i / (n1i + n2i))[use]", "mh <- sum(w * yi) / sum(w)", "se <- sqrt(sum(w^2 * vi)) / sum(w)"]
        : [`fit <- rma.mh(${tables}, subset = use, add = c(1/2, 1/2), to = c("only0", "only0"), correct = FALSE)`, "mh <- as.numeric(coef(fit)); se <- fit$se"]));
    }
    if (model === "fixed") {
      if (method === "IV") lines.push("fit <- rma(yi, vi, method = \"FE\")", show("coef(fit)", "fit$ci.lb", "fit$ci.ub"));
      else lines.push(show("mh", "mh - qnorm(0.975) * se", "mh + qnorm(0.975) * se"));
      return [...lines, ""].join("\n");
    }
    if (tau2 === "DL") {
      const centre = method === "MH" ? "mh" : "sum(yi / vi) / sum(1 / vi)";
      lines.push(`Q <- if (k > 1) sum((yi - ${centre})^2 / vi) else 0${method === "MH" ? "  # RevMan takes Q around the M-H estimate" : ""}`,
        "tau2 <- if (k > 1) max(0, (Q - (k - 1)) / (sum(1 / vi) - sum(1 / vi^2) / sum(1 / vi))) else 0");
    } else {
      const control = tau2 === "REML" ? "list(threshold = 1e-12, maxiter = 10000)" : "list(tol = 1e-12, maxiter = 10000)";
      lines.push(`tau2 <- if (k > 1) rma(yi, vi, method = "${tau2}", control = ${control})$tau2 else 0`);
    }
    lines.push("wald <- rma(yi, vi, tau2 = tau2)");
    if (ci === "wald") lines.push(show("coef(wald)", "wald$ci.lb", "wald$ci.ub"));
    else {
      lines.push("hk <- rma(yi, vi, tau2 = tau2, test = \"knha\")");
      if (ci === "hksj_adhoc") lines.push("if (hk$ci.ub - hk$ci.lb < wald$ci.ub - wald$ci.lb) hk <- wald  # never narrower");
      lines.push(show("coef(hk)", "hk$ci.lb", "hk$ci.ub"));
    }
    return [...lines, ""].join("\n");
  }

  window.metalibCode = { python, r };
})();
