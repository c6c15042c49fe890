"""Compiled loops of boosted oblivious trees: growing and fitting. Plain arrays in and out.

An oblivious tree asks the same question at every node of a level, so a row's leaf is a number whose bits are
the answers: scoring has no branches and runs at a few nanoseconds a tree. A question is a table of 256 bits
over the bins of one feature, which serves ordered and unordered features alike.

Loops are written out, and arrays made by the caller where that is possible: numba compiles a loop in a tenth
of the time that it takes for a slice, a sort or a broadcast, and the first fit on a machine waits for it.

Sources: Prokhorenkova et al. 2018 (oblivious trees); Iosipoi & Vakhrushev 2022 (sketched splits for vectors).
"""

import numba as nb
import numpy as np

BLOCK = 256
compiled = nb.njit(nogil=True, cache=True, fastmath=True, error_model="numpy")


def room(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Memory for a block of `k` logits a row, as whole numbers and as floats."""
    powers = np.empty((BLOCK, k), np.int32)
    return powers, powers.view(np.float32)


@compiled
def exponentials(logits, rows, powers, scale):
    """Replace the first `rows` logits (., k) float32 by exp(logit - the row's largest), within 1e-6 of it.

    `powers` (BLOCK, k) int32 and `scale`, the same memory as float32, are room to work in: 2**n is put
    together from its bits, so that the loop is free of calls and the compiler can turn it into vector
    instructions.
    """
    k = logits.shape[1]
    for i in range(rows):
        top = logits[i, 0]
        for c in range(1, k):
            top = max(top, logits[i, c])
        for c in range(k):
            x = max((logits[i, c] - top) * np.float32(1.44269504), np.float32(-126.0))
            whole = np.floor(x)
            r = x - whole
            powers[i, c] = (np.int32(whole) + np.int32(127)) << np.int32(23)
            p = np.float32(1.8775767e-3)
            p = p * r + np.float32(8.9893397e-3)
            p = p * r + np.float32(5.5826318e-2)
            p = p * r + np.float32(2.4015361e-1)
            p = p * r + np.float32(6.9315308e-1)
            logits[i, c] = p * r + np.float32(9.9999994e-1)
        for c in range(k):
            logits[i, c] *= scale[i, c]


@compiled
def softmax_gradient(logits, target, train, direction, powers, scale, proba, gradient):
    """Fill `proba` (rows, k) and `gradient` (rows,), (one-hot - proba) along `direction`.

    Returns the sum of the held-out losses.
    """
    rows, k = logits.shape
    loss = 0.0
    for start in range(0, rows, BLOCK):
        stop = min(start + BLOCK, rows)
        for i in range(start, stop):
            for c in range(k):
                proba[i, c] = logits[i, c]
        exponentials(proba[start:stop], stop - start, powers, scale)
        for i in range(start, stop):
            row, total, along = proba[i], np.float32(0.0), np.float32(0.0)
            for c in range(k):
                total += row[c]
                along += row[c] * direction[c]
            for c in range(k):
                row[c] /= total
            gradient[i] = direction[target[i]] - along / total
            if not train[i]:
                loss -= np.log(max(row[target[i]], np.float32(1e-30)))
    return loss


@compiled
def squared_gradient(fit, target, train, gradient):
    """Fill `gradient` (rows,) with target - fit; sum of held-out squared errors."""
    loss = 0.0
    for i in range(len(target)):
        gradient[i] = target[i] - fit[i, 0]
        if not train[i]:
            loss += gradient[i] * gradient[i]
    return loss


@compiled
def _rank(values, k, rank):
    """Fill the first k places of `rank` with the ranks of `values`, by insertion."""
    line = np.empty(256, np.int64)
    for b in range(k):
        place = b
        while place > 0 and values[line[place - 1]] > values[b]:
            line[place] = line[place - 1]
            place -= 1
        line[place] = b
    for place in range(k):
        rank[line[place]] = place


@compiled
def _rank_bins(bins, rows, gradient, sizes, ordered, rank):
    """Place of each bin of each feature on a line: its own if ordered, else by mean gradient."""
    total, count = np.zeros(256), np.zeros(256)
    for f in range(bins.shape[0]):
        k = sizes[f]
        if ordered[f]:
            for b in range(k):
                rank[f, b] = b
            continue
        for b in range(k):
            total[b], count[b] = 0.0, 10.0
        for q in range(len(rows)):
            b = bins[f, rows[q]]
            total[b] += gradient[rows[q]]
            count[b] += 1.0
        for b in range(k):
            total[b] /= count[b]
        _rank(total, k, rank[f])


@compiled
def _best_cut(sums, whole, offset, size, shrunk, least):
    """Gain and place of the best cut of one feature over all nodes of a level.

    `sums` (nodes, bins, 2) and `whole` (nodes, 2) hold gradients and counts; `shrunk[n]` is 1 / (n + ridge),
    as a division would cost more than all the rest.
    """
    gains = np.zeros(size, np.float32)
    for v in range(len(whole)):
        total, count = whole[v, 0], np.int32(whole[v, 1])
        if count < 2 * least:
            continue
        left, left_count, gain = np.float32(0.0), np.int32(0), np.float32(0.0)
        base = total * total * shrunk[count]
        for b in range(size - 1):
            here = sums[v, offset + b]
            if here[1] > 0:
                left += here[0]
                left_count += np.int32(here[1])
                right, rest = total - left, count - left_count
                gain = left * left * shrunk[left_count] + right * right * shrunk[rest] - base
                gain = gain if left_count >= least and rest >= least else np.float32(0.0)
            gains[b] += gain
    place = 0
    for b in range(size - 1):
        if gains[b] > gains[place]:
            place = b
    return gains[place], place


@compiled
def _add_rows(sums, places, gradient, node, bit):
    """Add the rows whose node has `bit` (all, if 0) to the sums of their nodes, feature by feature."""
    for f in range(places.shape[0]):
        column = places[f]
        for q in range(len(gradient)):
            if node[q] & bit == bit:
                here = sums[node[q], column[q]]
                here[0] += gradient[q]
                here[1] += np.float32(1.0)


@compiled
def _take_away(sums, nodes):
    """Take the sums of each node's rows that answered yes from those of all its rows."""
    for v in range(nodes):
        for b in range(sums.shape[1]):
            sums[v, b, 0] -= sums[nodes + v, b, 0]
            sums[v, b, 1] -= sums[nodes + v, b, 1]


@compiled
def grow(bins, rows, gradient, sizes, ordered, used, depth, ridge, least, features, tables, cuts):
    """Grow one tree on `rows`; fill its questions, `features`, `cuts` (depth,) and `tables` (depth, 256).

    Returns its depth. `bins` is (features, all rows) uint8; the indices `used` (some,) say which features may
    ask. At each level only the rows that answered yes are added up; those that answered no are what is left
    of their parent.
    """
    if not len(used):
        return 0
    rank = np.zeros((bins.shape[0], 256), np.uint8)
    _rank_bins(bins, rows, gradient, sizes, ordered, rank)
    offset = np.zeros(len(used) + 1, np.int64)
    places, slope = np.empty((len(used), len(rows)), np.int32), np.empty(len(rows), np.float32)
    for q in range(len(rows)):
        slope[q] = gradient[rows[q]]
    for u in range(len(used)):
        line, column = rank[used[u]], bins[used[u]]
        offset[u + 1] = offset[u] + sizes[used[u]]
        for q in range(len(rows)):
            places[u, q] = offset[u] + line[column[rows[q]]]
    node = np.zeros(len(rows), np.uint8)
    sums = np.zeros((1 << (depth - 1), offset[-1], 2), np.float32)
    _add_rows(sums, places, slope, node, np.uint8(0))
    shrunk = np.empty(len(rows) + 1, np.float32)
    for count in range(len(rows) + 1):
        shrunk[count] = 1.0 / (count + ridge)
    for level in range(depth):
        nodes = 1 << level
        whole = np.zeros((nodes, 2), np.float32)
        for v in range(nodes):
            for b in range(offset[1]):
                whole[v, 0] += sums[v, b, 0]
                whole[v, 1] += sums[v, b, 1]
        best, chosen, cut = 1e-9, -1, 0
        for u in range(len(used)):
            gain, place = _best_cut(sums, whole, offset[u], sizes[used[u]], shrunk, least)
            if gain > best:
                best, chosen, cut = gain, u, place
        if chosen < 0:
            return level
        feature = used[chosen]
        features[level], cuts[level] = feature, cut if ordered[feature] else -1
        for b in range(256):
            tables[level, b] = rank[feature, b] > cut if b < sizes[feature] else ordered[feature]
        for q in range(len(rows)):
            node[q] |= np.uint8(places[chosen, q] > offset[chosen] + cut) << np.uint8(level)
        if level + 1 < depth:
            _add_rows(sums, places, slope, node, np.uint8(nodes))
            _take_away(sums, nodes)
    return depth


@compiled
def leaves(bins, start, stop, features, tables, cuts, depth, leaf):
    """Fill leaf[0 : stop - start], uint8, with the leaves of rows start..stop.

    A question that is a plain cut is a comparison, which the compiler turns into vector instructions.
    """
    rows = stop - start
    for i in range(rows):
        leaf[i] = 0
    for level in range(depth):
        column, table, bit = bins[features[level], start:stop], tables[level], np.uint8(1 << level)
        if cuts[level] >= 0:
            cut = np.uint8(cuts[level])
            for i in range(rows):
                leaf[i] |= bit if column[i] > cut else np.uint8(0)
        else:
            for i in range(rows):
                leaf[i] |= table[column[i]] * bit


@compiled
def add_softmax_tree(bins, target, train, proba, features, tables, cuts, depth, rate, ridge, values, logits):
    """Newton steps of all classes in each leaf, from the training rows; added to `logits` of all rows."""
    rows, k = proba.shape
    leaf = np.empty(rows, np.uint8)
    leaves(bins, 0, rows, features, tables, cuts, depth, leaf)
    slope, bend = np.zeros(values.shape), np.zeros(values.shape)
    for i in range(rows):
        if train[i]:
            row, down, curve = proba[i], slope[leaf[i]], bend[leaf[i]]
            for c in range(k):
                down[c] -= row[c]
                curve[c] += row[c] * (1 - row[c])
            down[target[i]] += 1
    for v in range(values.shape[0]):
        for c in range(k):
            values[v, c] = min(max(rate * slope[v, c] / (bend[v, c] + ridge), -3.0), 3.0)
    for i in range(rows):
        row, value = logits[i], values[leaf[i]]
        for c in range(k):
            row[c] += value[c]


@compiled
def add_mean_tree(bins, train, gradient, features, tables, cuts, depth, rate, ridge, values, fit):
    """Shrunken means of the training rows' residuals in each leaf; added to `fit` of all rows."""
    rows = len(gradient)
    leaf = np.empty(rows, np.uint8)
    leaves(bins, 0, rows, features, tables, cuts, depth, leaf)
    total, count = np.zeros(len(values)), np.zeros(len(values))
    for i in range(rows):
        if train[i]:
            total[leaf[i]] += gradient[i]
            count[leaf[i]] += 1.0
    for v in range(len(values)):
        values[v, 0] = rate * total[v] / (count[v] + ridge)
    for i in range(rows):
        fit[i, 0] += values[leaf[i], 0]
