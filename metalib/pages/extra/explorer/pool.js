// Pools 2x2 tables in the page, for counts that readers bring. A second implementation of the arithmetic of metalib
// (RevMan's rules; metalib/arithmetic), written from the formulas and held against metalib in the browser tests:
// tests/browser/steps/pool.mjs. No dependencies; ratios are held on the log scale, as in metalib.
(() => {
  "use strict";

  // ---- Distributions ----------------------------------------------------------------------------------------------

  const TINY = 1e-300;
  const EPSILON = 2 ** -52;
  const HALF_LOG_TAU = 0.91893853320467274178;

  /** log of gamma(x), x > 0: Stirling's series, after moving x to where it is exact. */
  function logGamma(x) {
    let shift = 0;
    let y = x;
    if (y < 15) {
      let product = 1;
      while (y < 15) { product *= y; y += 1; }
      shift = Math.log(product);
    }
    const s = 1 / (y * y);
    const series = (1 / 12 - s * (1 / 360 - s * (1 / 1260 - s * (1 / 1680 - s * (1 / 1188 - s * (691 / 360360 - s / 156)))))) / y;
    return (y - 0.5) * Math.log(y) - y + HALF_LOG_TAU + series - shift;
  }

  /** Evaluate b0 + a1/(b1 + a2/(b2 + ...)) by the method of Lentz; `step(i)` gives [a, b]. */
  function continuedFraction(first, step) {
    let f = first || TINY;
    let c = f;
    let d = 0;
    for (let i = 1; i < 10000; i += 1) {
      const [a, b] = step(i);
      d = 1 / (b + a * d || TINY);
      c = b + a / c || TINY;
      const change = c * d;
      f *= change;
      if (Math.abs(change - 1) < EPSILON) break;
    }
    return f;
  }

  /** Upper tail of the regularised incomplete gamma function. */
  function gammaUpper(a, x) {
    if (!(x > 0)) return 1;
    const front = Math.exp(a * Math.log(x) - x - logGamma(a));
    if (x < a + 1) {
      let term = 1 / a;
      let sum = term;
      for (let n = a + 1; Math.abs(term) > Math.abs(sum) * EPSILON / 4; n += 1) { term *= x / n; sum += term; }
      return 1 - front * sum;
    }
    return front / continuedFraction(x + 1 - a, (i) => [-i * (i - a), x + 1 - a + 2 * i]);
  }

  /** Regularised incomplete beta function at x, with y = 1 - x given apart so that no digit is lost. */
  function betaLower(a, b, x, y) {
    if (x <= 0) return 0;
    if (y <= 0) return 1;
    if (x > (a + 1) / (a + b + 2)) return 1 - betaLower(b, a, y, x);
    const front = Math.exp(a * Math.log(x) + b * Math.log(y) + logGamma(a + b) - logGamma(a) - logGamma(b)) / a;
    const fraction = continuedFraction(1, (i) => {
      if (i === 1) return [(-(a + b) * x) / (a + 1), 1];
      const m = Math.floor(i / 2);
      return i % 2 ? [(-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1)), 1] : [(m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m)), 1];
    });
    return front / fraction;
  }

  /** Two-sided P of a standard normal, of t, and the upper tail of chi-square. */
  const normalP = (z) => gammaUpper(0.5, (z * z) / 2);
  const tP = (t, df) => (Number.isNaN(t) ? NaN : Number.isFinite(t) ? betaLower(df / 2, 0.5, df / (df + t * t), (t * t) / (df + t * t)) : 0);
  const chiSquareP = (q, df) => gammaUpper(df / 2, q / 2);

  /** The value whose two-sided P is `p`; P falls as it grows. */
  function quantile(twoSided, p) {
    let low = 0;
    let high = 1;
    while (twoSided(high) > p) { low = high; high *= 2; }
    for (let i = 0; i < 200; i += 1) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) break;
      if (twoSided(middle) > p) low = middle; else high = middle;
    }
    return (low + high) / 2;
  }
  const normalQuantile = (level) => quantile(normalP, 1 - level);
  const tQuantile = (level, df) => quantile((t) => tP(t, df), 1 - level);

  // ---- Studies ----------------------------------------------------------------------------------------------------

  /** Cells of one table; capitals carry RevMan's 0.5, which goes to all four cells of a table that has a zero cell. */
  function cells({ events_t: a, n_t: n1, events_c: c, n_c: n2 }) {
    const corrected = a === 0 || c === 0 || a === n1 || c === n2;
    const add = corrected ? 0.5 : 0;
    return {
      a, n1, c, n2, corrected, none: a === 0 && c === 0, all: a === n1 && c === n2,
      A: a + add, B: n1 - a + add, C: c + add, D: n2 - c + add, N1: n1 + 2 * add, N2: n2 + 2 * add, N: n1 + n2 + 4 * add,
    };
  }

  /** Effect and variance of one study; `reason` where there is none. */
  function effect(t, measure, method) {
    if (method === "Peto") {
      const total = t.n1 + t.n2;
      const events = t.a + t.c;
      const v = (t.n1 / total) * (t.n2 / total) * events * ((total - events) / Math.max(total - 1, 1));
      if (!(v > 0)) return { estimable: false, reason: t.none ? "no events in either arm" : "every patient had the event" };
      return { estimable: true, yi: (t.a - events * (t.n1 / total)) / v, vi: 1 / v };
    }
    if (measure === "RD") {
      return { estimable: true, yi: t.a / t.n1 - t.c / t.n2, vi: (t.A * t.B) / t.N1 ** 3 + (t.C * t.D) / t.N2 ** 3, corrected: t.corrected };
    }
    if (t.none) return { estimable: false, reason: "no events in either arm" };
    if (measure === "OR") {
      if (t.all) return { estimable: false, reason: "every patient of both arms had the event" };
      return { estimable: true, yi: Math.log((t.A * t.D) / (t.B * t.C)), vi: 1 / t.A + 1 / t.B + 1 / t.C + 1 / t.D, corrected: t.corrected };
    }
    return {
      estimable: true, yi: t.all ? 0 : Math.log((t.A / t.N1) * (t.N2 / t.C)),
      vi: t.B / (t.A * t.N1) + t.D / (t.C * t.N2), corrected: t.corrected,
    };
  }

  // ---- Pooling ----------------------------------------------------------------------------------------------------

  const sum = (list, of) => list.reduce((total, one) => total + of(one), 0);

  /** Mantel-Haenszel: estimate, standard error, and the weight of each study. */
  function mantelHaenszel(studies, measure) {
    if (measure === "RD") {
      const weights = studies.map(({ t }) => (t.n1 * t.n2) / (t.n1 + t.n2));
      const total = weights.reduce((a, b) => a + b, 0);
      let estimate = 0;
      let variance = 0;
      studies.forEach((s, i) => { estimate += weights[i] * s.yi; variance += weights[i] ** 2 * s.vi; });
      return { estimate: estimate / total, se: Math.sqrt(variance) / total, weights };
    }
    if (measure === "OR") {
      const parts = studies.map(({ t }) => ({ r: (t.A * t.D) / t.N, s: (t.B * t.C) / t.N, p: (t.A + t.D) / t.N, q: (t.B + t.C) / t.N }));
      const [r, s] = [sum(parts, (x) => x.r), sum(parts, (x) => x.s)];
      const variance = 0.5 * (sum(parts, (x) => x.p * x.r) / r ** 2 + sum(parts, (x) => x.p * x.s + x.q * x.r) / (r * s) + sum(parts, (x) => x.q * x.s) / s ** 2);
      return { estimate: Math.log(r / s), se: Math.sqrt(variance), weights: parts.map((x) => x.s) };
    }
    const parts = studies.map(({ t }) => {
      const r = (t.A * t.N2) / t.N;
      const s = (t.C * t.N1) / t.N;
      return { r, s, shown: t.all ? s : r, d: (t.N1 * t.N2 * (t.A + t.C) - t.A * t.C * t.N) / t.N ** 2 };
    });
    const [r, s] = [sum(parts, (x) => x.shown), sum(parts, (x) => x.s)];
    return { estimate: Math.log(r / s), se: Math.sqrt(sum(parts, (x) => x.d) / (sum(parts, (x) => x.r) * s)), weights: parts.map((x) => x.s) };
  }

  function inverseVariance(studies, tau2 = 0) {
    const weights = studies.map((s) => 1 / (s.vi + tau2));
    const total = weights.reduce((a, b) => a + b, 0);
    let estimate = 0;
    studies.forEach((s, i) => { estimate += weights[i] * s.yi; });
    return { estimate: estimate / total, se: 1 / Math.sqrt(total), weights, total };
  }

  /**
   * Pool tables {events_t, n_t, events_c, n_c}; see metalib.pool for what each choice means. Estimates and limits on the
   * log scale for OR and RR; what does not exist is null.
   */
  function pool(tables, { measure = "OR", method = "MH", model = "fixed", ci = "wald", level = 0.95 } = {}) {
    const all = tables.map((row) => { const t = cells(row); return { t, ...effect(t, measure, method) }; });
    const studies = all.filter((s) => s.estimable);
    const k = studies.length;
    const nothing = Object.fromEntries(["estimate", "se", "low", "high", "statistic", "p", "tau2", "Q", "pQ", "I2", "predictionLow", "predictionHigh"].map((name) => [name, null]));
    const found = { ...nothing, k, df: Math.max(k - 1, 0), usesT: false, weights: all.map(() => null), studies: all };
    if (!k) return found;
    let fit = method === "MH" ? mantelHaenszel(studies, measure) : inverseVariance(studies);
    const df = k - 1;
    const Q = k > 1 ? sum(studies, (s) => (s.yi - fit.estimate) ** 2 / s.vi) : 0;
    let tau2 = null;
    if (model === "random") {
      const [w, w2] = [sum(studies, (s) => 1 / s.vi), sum(studies, (s) => 1 / s.vi ** 2)];
      const scale = w - w2 / w;
      tau2 = df > 0 ? Math.max(0, Q - df) / (scale > 0 ? scale : 1) : 0;
      fit = inverseVariance(studies, tau2);
    }
    let { se } = fit;
    let width = normalQuantile(level);
    const usesT = ci === "hksj";
    if (usesT) {
      const spread = sum(studies.map((s, i) => fit.weights[i] * (s.yi - fit.estimate) ** 2), (x) => x);
      se = df > 0 ? Math.sqrt(spread / (df * fit.total)) : NaN;
      width = df > 0 ? tQuantile(level, df) : NaN;
    }
    const statistic = fit.estimate / se;
    const total = fit.weights.reduce((a, b) => a + b, 0);
    let next = 0;
    const half = model === "random" && k > 2 ? tQuantile(level, k - 2) * Math.sqrt(tau2 + se ** 2) : NaN;
    const known = (x) => (Number.isNaN(x) ? null : x);
    return {
      ...found, estimate: fit.estimate, se: known(se), low: known(fit.estimate - width * se), high: known(fit.estimate + width * se),
      statistic: known(statistic), usesT, p: known(usesT ? tP(statistic, df) : normalP(statistic)), tau2, Q,
      pQ: df > 0 ? chiSquareP(Q, df) : null, I2: Q > 0 ? (100 * Math.max(0, Q - df)) / Q : 0,
      predictionLow: known(fit.estimate - half), predictionHigh: known(fit.estimate + half),
      weights: all.map((s) => (s.estimable ? (100 * fit.weights[next++]) / total : null)),
    };
  }

  globalThis.metalibPool = { pool, normalP, tP, chiSquareP, normalQuantile, tQuantile, logGamma };
})();
