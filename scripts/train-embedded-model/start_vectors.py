"""Where the training starts from: PPMI of neighbouring words, its left singular vectors, drawn together by WordNet."""
import numpy as np
import scipy.sparse as sp

WINDOW = 8
FEWEST_COUNTS = 0.5
CONTEXT_EXPONENT = 0.75
OVERSAMPLING = 32
POWER_ROUNDS = 3
RETROFIT_ROUNDS = 8


def start_vectors(corpus, dimensions, random):
    return retrofit(singular_vectors(ppmi(corpus), dimensions, random), corpus)


def ppmi(corpus):
    size = len(corpus.idf)
    counts = sp.csr_matrix((size, size), dtype=np.float32)
    for source in corpus.sources:
        section = np.repeat(np.arange(len(source.starts) - 1), np.diff(source.starts))
        for k in range(1, WINDOW + 1):
            near = section[:-k] == section[k:]
            a, b = source.words[:-k][near], source.words[k:][near]
            weight = np.full(len(a), 1 / (1 + 0.25 * (k - 1)), dtype=np.float32)
            counts = counts + sp.coo_matrix((weight, (a, b)), shape=(size, size)).tocsr()
    counts = (counts + counts.T).tocoo()
    kept = counts.data >= FEWEST_COUNTS
    row, column, data = counts.row[kept], counts.col[kept], counts.data[kept].astype(np.float64)
    words = np.bincount(row, data, size)
    contexts = np.bincount(column, data, size) ** CONTEXT_EXPONENT
    contexts /= contexts.sum()
    value = np.log(data / (np.maximum(words[row], 1e-9) * np.maximum(contexts[column], 1e-12)))
    positive = value > 0
    shape = (size, size)
    return sp.csr_matrix((value[positive].astype(np.float32), (row[positive], column[positive])), shape)


def singular_vectors(matrix, dimensions, random):
    """Randomised (Halko, Martinsson and Tropp, 2011), with a basis made orthogonal in each round."""
    basis = random.standard_normal((matrix.shape[1], dimensions + OVERSAMPLING)).astype(np.float32)
    basis = np.linalg.qr(matrix @ basis)[0]
    for _ in range(POWER_ROUNDS):
        basis = np.linalg.qr(matrix.T @ basis)[0]
        basis = np.linalg.qr(matrix @ basis)[0]
    small = (matrix.T @ basis).T
    left = np.linalg.svd(small @ small.T)[0]
    return unit((basis @ left)[:, :dimensions])


def retrofit(vectors, corpus):
    """Faruqui et al., 2015: a word is drawn to its synonyms, and less to what it is a kind of."""
    size = len(vectors)
    rows, columns, weights = [], [], []

    def link(a, b, weight):
        rows.append(a)
        columns.append(b)
        weights.append(weight)

    for synset in corpus.synsets:
        single = [(w[0], s) for w, s in zip(synset["words"], synset["senses"]) if len(w) == 1]
        for a, sense_a in single:
            for b, sense_b in single:
                if a != b:
                    link(a, b, 1 / max(sense_a, sense_b))
            for kind in synset["kindsOf"]:
                for b in (w[0] for w in corpus.synsets[kind]["words"] if len(w) == 1):
                    if a != b:
                        link(a, b, 0.3 / sense_a)
                        link(b, a, 0.1 / sense_a)
    for a, b in corpus.irregular:
        link(a, b, 2)
        link(b, a, 1)
    links = sp.csr_matrix((weights, (rows, columns)), (size, size), dtype=np.float32)
    total = np.asarray(links.sum(axis=1)).ravel()
    links = sp.diags(1 / np.maximum(total, 1e-9)) @ links
    linked = total > 0
    start, now = vectors, vectors
    for _ in range(RETROFIT_ROUNDS):
        mean = links @ now
        now = np.where(linked[:, None], unit((start + mean) / 2), start)
    return now.astype(np.float32)


def unit(rows):
    return (rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)).astype(np.float32)
