"""Trains the embedded model's word vectors. `train.ts` runs it: train.py <folder of the corpus> <file to write>."""
import json
import os
import sys
import time

import numpy as np
import scipy.sparse as sp

from corpus import read_corpus
from pairs import BATCH, Pairs, SHARES
from start_vectors import start_vectors

SETTINGS = {
    "seed": 1,
    "dimensions": 384,
    "words": 20_000,
    "steps": 1_700,
    "rate": 0.001,
    "temperature": 0.05,
    "idf_exponent": 1.25,
    "shares": SHARES,
}


def main(folder, out):
    # Another setting, for a trial: TRAIN_SETTINGS='{"seed": 2}'. What ships is made without.
    settings = {**SETTINGS, **json.loads(os.environ.get("TRAIN_SETTINGS", "{}"))}
    random = np.random.default_rng(settings["seed"])
    corpus = read_corpus(folder)
    log(f"{len(corpus.idf)} words, {sum(len(s.words) for s in corpus.sources)} of them in the texts")
    vectors = start_vectors(corpus, settings["dimensions"], random)
    log("start vectors")
    weight = corpus.idf ** settings["idf_exponent"]
    rows = vectors * (weight / weight.mean())[:, None].astype(np.float32)
    contrast(rows, Pairs(corpus, random, settings["shares"]), settings)
    write(out, corpus.stems[: settings["words"]], rows[: settings["words"]])


def contrast(rows, pairs, settings):
    """Symmetric InfoNCE over batches of pairs; Adam with one second moment for each row. Changes `rows`."""
    mean, square = np.zeros_like(rows), np.zeros(len(rows), dtype=np.float32)
    times = np.zeros(len(rows), dtype=np.float32)
    steps = settings["steps"]
    recent = []
    for step in range(steps):
        query, passage = pairs.next()
        words = np.unique(np.concatenate([query[1], passage[1]]))
        loss, gradient = gradient_of(rows[words], local(query, words), local(passage, words), settings["temperature"])
        recent.append(loss)
        rate = settings["rate"] * (1 - step / steps)
        times[words] += 1
        mean[words] = 0.9 * mean[words] + 0.1 * gradient
        square[words] = 0.99 * square[words] + 0.01 * (gradient**2).mean(axis=1)
        first = mean[words] / (1 - 0.9 ** times[words])[:, None]
        second = np.sqrt(square[words] / (1 - 0.99 ** times[words])) + 1e-9
        rows[words] -= rate * first / second[:, None]
        if (step + 1) % 100 == 0:
            log(f"step {step + 1}, loss {np.mean(recent):.3f}")
            recent = []


def local(text, words):
    """Rows of log(1 + count) over the words of this batch."""
    shape = (BATCH, len(words))
    matrix = sp.csr_matrix((np.ones(len(text[0]), dtype=np.float32), (text[0], np.searchsorted(words, text[1]))), shape)
    matrix.sum_duplicates()
    matrix.data = np.log1p(matrix.data)
    return matrix


def gradient_of(rows, queries, passages, temperature):
    a, length_a = normalised(queries @ rows)
    b, length_b = normalised(passages @ rows)
    real = (length_a > 0) & (length_b > 0)
    scores = np.where(real[:, None] & real[None, :], (a @ b.T) / temperature, -1e9)
    forth, back = softmax(scores), softmax(scores.T).T
    here = np.arange(len(a))
    loss = -np.log(np.maximum(forth[here, here], 1e-9)) - np.log(np.maximum(back[here, here], 1e-9))
    change = forth + back
    change[here, here] -= 2
    change *= (real[:, None] & real[None, :]) / (temperature * 2 * max(1, real.sum()))
    slope_a, slope_b = change @ b, change.T @ a
    return float(loss[real].mean() / 2), queries.T @ through(slope_a, a, length_a) + passages.T @ through(slope_b, b, length_b)


def normalised(sums):
    length = np.linalg.norm(sums, axis=1)
    return sums / np.maximum(length, 1e-9)[:, None], length


def through(slope, unit, length):
    """The slope before the division by the length."""
    inner = (slope * unit).sum(axis=1, keepdims=True)
    return np.where(length[:, None] > 0, (slope - inner * unit) / np.maximum(length, 1e-9)[:, None], 0).astype(np.float32)


def softmax(scores):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def write(out, stems, rows):
    """What export-model.ts packs: the stems, one a line, and their rows as little-endian float32."""
    open(f"{out}.stems", "w", encoding="utf8").write("\n".join(stems))
    rows.astype("<f4").tofile(f"{out}.rows")
    lengths = np.linalg.norm(rows, axis=1)
    log(f"{len(stems)} rows, length {lengths.mean():.3f}, from {lengths.min():.3f} to {lengths.max():.3f}")


def log(text):
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
