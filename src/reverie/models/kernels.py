"""Compiled loops of boosted oblivious trees: growing, fitting, scoring and drawing. Plain arrays in and out.

An oblivious tree asks the same question at every node of a level, so a row's leaf is a number whose bits are
the answers: scoring has no branches and runs at a few nanoseconds a tree. A question is a table of 256 bits over
the bins of one feature, which serves ordered and unordered features alike.

Sources: Prokhorenkova et al. 2018 (oblivious trees); Iosipoi & Vakhrushev 2022 (sketched splits for vectors).
"""

import numba as nb
import numpy as np

BLOCK = 512
_compile = nb.njit(nogil=True, cache=True, fastmath=True, error_model="numpy")


@_compile
def softmax_gradient(logits, target, train, direction, proba, gradient):
    """Fill `proba` (rows, k) and `gradient` (rows,): (one-hot - proba) along `direction`; sum of held-out losses."""
    rows, k = logits.shape
    loss = 0.0
    for i in range(rows):
        top = logits[i, 0]
        for c in range(1, k):
            top = max(top, logits[i, c])
        total = np.float32(0.0)
        for c in range(k):
            proba[i, c] = np.exp(logits[i, c] - top)
            total += proba[i, c]
        if not train[i]:
            loss += np.log(total) + top - logits[i, target[i]]
        mean = np.float32(0.0)
        for c in range(k):
            proba[i, c] /= total
            mean += proba[i, c] * direction[c]
        gradient[i] = direction[target[i]] - mean
    return loss


@_compile
def squared_gradient(fit, target, train, gradient):
    """Fill `gradient` (rows,) with target - fit; sum of held-out squared errors."""
    loss = 0.0
    for i in range(len(target)):
        gradient[i] = target[i] - fit[i, 0]
        if not train[i]:
            loss += gradient[i] * gradient[i]
    return loss


@_compile
def _rank_bins(bins, rows, gradient, sizes, ordered, rank):
    """Place of each bin of each feature on a line: its own for ordered features, by mean gradient for others."""
    total, count = np.zeros(256), np.zeros(256)
    for f in range(bins.shape[0]):
        k = sizes[f]
        if ordered[f]:
            for b in range(k):
                rank[f, b] = b
            continue
        total[:k], count[:k] = 0.0, 0.0
        for i in rows:
            total[bins[f, i]] += gradient[i]
            count[bins[f, i]] += 1.0
        line = np.argsort(total[:k] / (count[:k] + 10.0))
        for place in range(k):
            rank[f, line[place]] = place


@_compile
def _best_cut(sums, counts, node_sum, node_count, offset, size, ridge, least):
    """Gain and place of the best cut of one feature over all nodes of a level."""
    gains = np.zeros(size)
    for v in range(len(node_sum)):
        if node_count[v] < 2 * least:
            continue
        left_sum, left_count = 0.0, 0.0
        base = node_sum[v] * node_sum[v] / (node_count[v] + ridge)
        for b in range(size - 1):
            left_sum += sums[v, offset + b]
            left_count += counts[v, offset + b]
            right_count = node_count[v] - left_count
            if left_count >= least and right_count >= least:
                right_sum = node_sum[v] - left_sum
                gains[b] += (
                    left_sum * left_sum / (left_count + ridge) + right_sum * right_sum / (right_count + ridge) - base
                )
    place = np.argmax(gains)
    return gains[place], place


@_compile
def grow(bins, rows, gradient, sizes, ordered, used, depth, ridge, least, features, tables):
    """Grow one tree on `rows`; fill the questions `features` (depth,) and `tables` (depth, 256); return its depth.

    `bins` is (features, all rows) uint8; `used` (features,) bool says which features may ask.
    """
    p = bins.shape[0]
    offset = np.zeros(p + 1, np.int64)
    offset[1:] = np.cumsum(sizes)
    rank = np.zeros((p, 256), np.uint8)
    _rank_bins(bins, rows, gradient, sizes, ordered, rank)
    node = np.zeros(len(rows), np.int32)
    for level in range(depth):
        nodes = 1 << level
        sums, counts = np.zeros((nodes, offset[p]), np.float32), np.zeros((nodes, offset[p]), np.float32)
        node_sum, node_count = np.zeros(nodes), np.zeros(nodes)
        for q in range(len(rows)):
            node_sum[node[q]] += gradient[rows[q]]
            node_count[node[q]] += 1.0
        best, feature, cut = 1e-9, -1, 0
        for f in range(p):
            if not used[f]:
                continue
            for q in range(len(rows)):
                b = offset[f] + rank[f, bins[f, rows[q]]]
                sums[node[q], b] += gradient[rows[q]]
                counts[node[q], b] += np.float32(1.0)
            gain, place = _best_cut(sums, counts, node_sum, node_count, offset[f], sizes[f], ridge, least)
            if gain > best:
                best, feature, cut = gain, f, place
        if feature < 0:
            return level
        features[level] = feature
        for b in range(sizes[feature]):
            tables[level, b] = rank[feature, b] > cut
        for q in range(len(rows)):
            node[q] |= np.int32(tables[level, bins[feature, rows[q]]]) << level
    return depth


@_compile
def _leaves(bins, start, stop, features, tables, depth, leaf):
    """Fill leaf[0 : stop - start] with the leaves of rows start..stop."""
    for i in range(stop - start):
        leaf[i] = 0
    for level in range(depth):
        feature, table = features[level], tables[level]
        for i in range(stop - start):
            leaf[i] |= np.int32(table[bins[feature, start + i]]) << level


@_compile
def add_softmax_tree(bins, target, train, proba, features, tables, depth, rate, ridge, values, logits):
    """Newton steps of all classes in each leaf, from the training rows; added to `logits` of all rows."""
    rows, k = proba.shape
    leaf = np.empty(rows, np.int32)
    _leaves(bins, 0, rows, features, tables, depth, leaf)
    slope, bend = np.zeros(values.shape), np.zeros(values.shape)
    for i in range(rows):
        if train[i]:
            for c in range(k):
                slope[leaf[i], c] -= proba[i, c]
                bend[leaf[i], c] += proba[i, c] * (1 - proba[i, c])
            slope[leaf[i], target[i]] += 1
    for v in range(values.shape[0]):
        for c in range(k):
            values[v, c] = min(max(rate * slope[v, c] / (bend[v, c] + ridge), -3.0), 3.0)
    for i in range(rows):
        for c in range(k):
            logits[i, c] += values[leaf[i], c]


@_compile
def add_mean_tree(bins, train, gradient, features, tables, depth, rate, ridge, values, fit):
    """Shrunken means of the training rows' residuals in each leaf; added to `fit` of all rows."""
    rows = len(gradient)
    leaf = np.empty(rows, np.int32)
    _leaves(bins, 0, rows, features, tables, depth, leaf)
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for i in range(rows):
        if train[i]:
            total[leaf[i]] += gradient[i]
            count[leaf[i]] += 1.0
    for v in range(len(values)):
        values[v, 0] = rate * total[v] / (count[v] + ridge)
    for i in range(rows):
        fit[i, 0] += values[leaf[i], 0]


@_compile
def _score_block(bins, start, stop, base, features, tables, depths, values, leaf, out):
    """Fill out[0 : stop - start] (., k) with the logits of rows start..stop."""
    k = len(base)
    for i in range(stop - start):
        for c in range(k):
            out[i, c] = base[c]
    for t in range(len(depths)):
        _leaves(bins, start, stop, features[t], tables[t], depths[t], leaf)
        for i in range(stop - start):
            value = values[t, leaf[i]]
            for c in range(k):
                out[i, c] += value[c]


@_compile
def score(bins, base, features, tables, depths, values, out):
    """Fill `out` (rows, k) with the ensemble's logits (or its mean)."""
    leaf = np.empty(BLOCK, np.int32)
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(bins, start, stop, base, features, tables, depths, values, leaf, out[start:stop])


@_compile
def _weigh(logits, allowed, proba):
    """Fill `proba` (k,) with unnormalised probabilities, 0 where not allowed; their sum and the sum of all."""
    top = logits[0]
    for c in range(1, len(logits)):
        top = max(top, logits[c])
    kept, total = np.float32(0.0), np.float32(0.0)
    for c in range(len(logits)):
        weight = np.exp(logits[c] - top)
        total += weight
        proba[c] = weight if allowed[c] else np.float32(0.0)
        kept += proba[c]
    return kept, total


@_compile
def draw_codes(bins, base, features, tables, depths, values, allowed, uniform, codes, mass):
    """Draw a code a row among the `allowed` (k,) bool by inversion of `uniform` (rows,); fill codes and P(allowed)."""
    k = len(base)
    leaf, out, proba = np.empty(BLOCK, np.int32), np.empty((BLOCK, k), np.float32), np.empty(k, np.float32)
    fallback = np.argmax(np.where(allowed, base, -np.inf))
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(bins, start, stop, base, features, tables, depths, values, leaf, out)
        for i in range(stop - start):
            kept, total = _weigh(out[i], allowed, proba)
            goal, passed, code = uniform[start + i] * kept, np.float32(0.0), fallback
            for c in range(k):
                if proba[c] > 0:
                    code = c
                    passed += proba[c]
                    if passed > goal:
                        break
            codes[start + i] = code
            mass[start + i] = kept / total


@_compile
def code_log_probability(bins, base, features, tables, depths, values, codes, out):
    """Fill `out` (rows,) with log P(code)."""
    k = len(base)
    leaf, logits = np.empty(BLOCK, np.int32), np.empty((BLOCK, k), np.float32)
    for start in range(0, bins.shape[1], BLOCK):
        stop = min(start + BLOCK, bins.shape[1])
        _score_block(bins, start, stop, base, features, tables, depths, values, leaf, logits)
        for i in range(stop - start):
            top = logits[i, 0]
            for c in range(1, k):
                top = max(top, logits[i, c])
            total = 0.0
            for c in range(k):
                total += np.exp(logits[i, c] - top)
            out[start + i] = logits[i, codes[start + i]] - top - np.log(total)
