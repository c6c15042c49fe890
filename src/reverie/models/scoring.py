"""Compiled loops that score and draw from sums of a line and oblivious trees. Plain arrays in and out."""

import numpy as np

from reverie.models.kernels import BLOCK, compiled, exponentials, leaves


@compiled
def _add_four(values, t, leaf, rows, out):
    """Add four trees from `t` on at once, which loads and stores each sum once; leaf is (4, rows)."""
    first, second, third, fourth = values[t], values[t + 1], values[t + 2], values[t + 3]
    for i in range(rows):
        row = out[i]
        a, b, c, d = first[leaf[0, i]], second[leaf[1, i]], third[leaf[2, i]], fourth[leaf[3, i]]
        for j in range(len(row)):
            row[j] += a[j] + b[j] + c[j] + d[j]


@compiled
def _add_line(bins, start, stop, scores, places, weights, out):
    """Add scores[feature, code] * weights[places[feature, code]] over all features that the line knows."""
    for f in range(len(scores)):
        score, place, column = scores[f], places[f], bins[f, start:stop]
        for i in range(stop - start):
            x, weight, row = score[column[i]], weights[place[column[i]]], out[i]
            for c in range(len(row)):
                row[c] += x * weight[c]


@compiled
def _score_block(
    bins, start, stop, base, scores, places, weights, features, tables, cuts, depths, values, leaf, out
):
    """Fill out[0 : stop - start] (., k) with the logits of rows start..stop; `leaf` (4, .) is scratch."""
    rows, trees = stop - start, len(depths)
    for i in range(rows):
        for c in range(len(base)):
            out[i, c] = base[c]
    _add_line(bins, start, stop, scores, places, weights, out)
    whole = trees - trees % 4
    for t in range(0, whole, 4):
        for q in range(4):
            leaves(bins, start, stop, features[t + q], tables[t + q], cuts[t + q], depths[t + q], leaf[q])
        _add_four(values, t, leaf, rows, out)
    for t in range(whole, trees):
        leaves(bins, start, stop, features[t], tables[t], cuts[t], depths[t], leaf[0])
        tree = values[t]
        for i in range(rows):
            row, value = out[i], tree[leaf[0, i]]
            for c in range(len(row)):
                row[c] += value[c]


@compiled
def score(bins, base, scores, places, weights, features, tables, cuts, depths, values, out):
    """Fill `out` (rows, k) with the ensemble's logits (or its mean)."""
    leaf = np.empty((4, BLOCK), np.uint8)
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(
            bins, start, stop, base, scores, places, weights, features, tables, cuts, depths, values, leaf,
            out[start:stop],
        )  # fmt: skip


@compiled
def _pick(weights, allowed, uniform, code):
    """The code at which the allowed weights (k,) pass `uniform` of their sum, that sum, and the sum of all.

    `code` stands if nothing has weight.
    """
    kept, total = np.float32(0.0), np.float32(0.0)
    for c in range(len(weights)):
        total += weights[c]
        weights[c] *= allowed[c]
        kept += weights[c]
    goal, passed = uniform * kept, np.float32(0.0)
    for c in range(len(weights)):
        passed += weights[c]
        if weights[c] > 0:
            code = c
            if passed > goal:
                break
    return code, kept, total


@compiled
def draw_codes(
    bins, base, scores, places, weights, features, tables, cuts, depths, values,
    allowed, fallback, uniform, powers, scale, codes, mass,
):  # fmt: skip
    """Draw a code a row among the `allowed` (k,), 1 or 0, by inversion of `uniform` (rows,).

    Fills `codes` and P(allowed), `mass`; the code `fallback` where nothing allowed has weight.
    """
    k = len(base)
    leaf, out = np.empty((4, BLOCK), np.uint8), np.empty((BLOCK, k), np.float32)
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(
            bins,
            start,
            stop,
            base,
            scores,
            places,
            weights,
            features,
            tables,
            cuts,
            depths,
            values,
            leaf,
            out,
        )
        exponentials(out, stop - start, powers, scale)
        for i in range(stop - start):
            code, kept, total = _pick(out[i], allowed, uniform[start + i], fallback)
            codes[start + i] = code
            mass[start + i] = kept / total


@compiled
def code_log_probability(
    bins, base, scores, places, weights, features, tables, cuts, depths, values, codes, out
):
    """Fill `out` (rows,) with log P(code)."""
    k = len(base)
    leaf, logits = np.empty((4, BLOCK), np.uint8), np.empty((BLOCK, k), np.float32)
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(
            bins, start, stop, base, scores, places, weights, features, tables, cuts, depths, values, leaf,
            logits,
        )  # fmt: skip
        for i in range(stop - start):
            top = logits[i, 0]
            for c in range(1, k):
                top = max(top, logits[i, c])
            total = 0.0
            for c in range(k):
                total += np.exp(logits[i, c] - top)
            out[start + i] = logits[i, codes[start + i]] - top - np.log(total)
