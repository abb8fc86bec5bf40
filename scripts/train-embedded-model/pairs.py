"""Batches of pairs of texts that mean the same, or of which one is about the other. Each is two lists of (row, word)."""
import numpy as np

BATCH = 1024
WINDOW = 100
SHORTEST_SPAN, LONGEST_SPAN = 4, 12
DELETED = 0.3
#: Shares of the kinds of batches.
SHARES = {"span": 0.45, "gloss": 0.17, "synonym": 0.12, "kind": 0.06, "heading": 0.08, "rewritten": 0.12}


class Pairs:
    def __init__(self, corpus, random, shares=SHARES):
        self.corpus, self.random = corpus, random
        self.makers = [getattr(self, f"{name}_pairs") for name in shares]
        self.shares = np.array(list(shares.values())) / sum(shares.values())
        sizes = np.array([len(s.words) for s in corpus.sources], dtype=float)
        self.source_shares = sizes**0.75 / (sizes**0.75).sum()
        self.flat = flatten(corpus)
        self.substitutes = substitutes(corpus)

    def next(self):
        return self.random.choice(self.makers, p=self.shares)()

    def source(self):
        return self.corpus.sources[self.random.choice(len(self.corpus.sources), p=self.source_shares)]

    def windows(self):
        """Windows of a source's text that are long enough: from (n), to (n), of its words."""
        source = self.source()
        at = self.random.integers(0, len(source.words), 3 * BATCH)
        section = np.searchsorted(source.starts, at, side="right") - 1
        first = np.maximum(source.starts[section], at - self.random.integers(0, WINDOW, len(at)))
        last = np.minimum(source.starts[section + 1], first + WINDOW)
        good = np.flatnonzero(last - first >= 2 * SHORTEST_SPAN)[:BATCH]
        return source, first[good], last[good]

    def span_pairs(self):
        """A few words against the rest of their window."""
        source, first, last = self.windows()
        length = np.minimum(self.random.integers(SHORTEST_SPAN, LONGEST_SPAN + 1, len(first)), (last - first) // 2)
        start = first + (self.random.random(len(first)) * (last - first - length + 1)).astype(int)
        query = ranges(start, start + length)
        before, after = ranges(first, start), ranges(start + length, last)
        passage = (np.concatenate([before[0], after[0]]), np.concatenate([before[1], after[1]]))
        query = (query[0], source.words[query[1]])
        passage = (passage[0], source.words[passage[1]])
        return query, self.without_shared(query, passage)

    def without_shared(self, query, passage):
        """From some passages, the words that the query has too: so that the rest has to say it."""
        size = len(self.corpus.idf)
        chosen = self.random.random(BATCH) < DELETED
        shared = np.isin(passage[0] * size + passage[1], query[0] * size + query[1]) & chosen[passage[0]]
        return passage[0][~shared], passage[1][~shared]

    def gloss_pairs(self):
        at = self.random.choice(self.flat["word_synset"].shape[0], BATCH, replace=False)
        synset = self.flat["word_synset"][at]
        return take(self.flat["words"], at), take(self.flat["glosses"], synset)

    def synonym_pairs(self):
        at = self.random.choice(len(self.flat["synonyms"]), BATCH, replace=False)
        a, b = self.flat["synonyms"][at].T
        return take(self.flat["words"], a), take(self.flat["words"], b)

    def kind_pairs(self):
        at = self.random.choice(len(self.flat["kinds"]), BATCH, replace=False)
        a, b = self.flat["kinds"][at].T
        return take(self.flat["words"], a), take(self.flat["words"], b)

    def heading_pairs(self):
        source = self.source()
        sections = self.random.permutation(len(source.headings))[: 2 * BATCH]
        good = [s for s in sections if len(source.headings[s]) and source.starts[s + 1] - source.starts[s] > 3][:BATCH]
        query = lists([source.headings[s] for s in good])
        passage = lists([source.words[source.starts[s] : min(source.starts[s + 1], source.starts[s] + WINDOW)] for s in good])
        return query, self.without_shared(query, passage)

    def rewritten_pairs(self):
        """A span, against itself in other words."""
        source, first, last = self.windows()
        length = np.minimum(self.random.integers(3, 10, len(first)), last - first)
        row, at = ranges(first, first + length)
        words = source.words[at]
        starts, others = self.substitutes
        number = starts[words + 1] - starts[words]
        has = (number > 0) & (self.random.random(len(words)) < 0.7)
        pick = starts[words] + (self.random.random(len(words)) * np.maximum(number, 1)).astype(int)
        other = np.where(has, others[np.minimum(pick, len(others) - 1)], words)
        kept = has | (self.random.random(len(words)) < 0.7)
        return (row, words), (row[kept], other[kept])


def flatten(corpus):
    words, word_synset, synonyms, kinds, first = [], [], [], [], []
    for s, synset in enumerate(corpus.synsets):
        first.append(len(words))
        for word in synset["words"]:
            words.append(word)
            word_synset.append(s)
    first.append(len(words))
    for s, synset in enumerate(corpus.synsets):
        own = range(first[s], first[s + 1])
        synonyms += [(a, b) for a in own for b in own if a < b and words[a] != words[b]]
        for kind in synset["kindsOf"]:
            kinds += [(a, b) for a in own for b in range(first[kind], first[kind + 1]) if words[a] != words[b]]
    for a, b in corpus.irregular:
        words += [[a], [b]]
        synonyms.append((len(words) - 2, len(words) - 1))
    glosses = [synset["gloss"] for synset in corpus.synsets]
    return {
        "words": as_rows(words),
        "word_synset": np.array(word_synset),
        "glosses": as_rows(glosses),
        "synonyms": np.array(synonyms),
        "kinds": np.array(kinds),
    }


def substitutes(corpus):
    """For each word, others that may stand for it, the commoner senses more often."""
    found = [[] for _ in corpus.idf]
    for synset in corpus.synsets:
        single = [(w[0], s) for w, s in zip(synset["words"], synset["senses"]) if len(w) == 1]
        near = [w[0] for k in synset["kindsOf"] for w in corpus.synsets[k]["words"] if len(w) == 1]
        for a, sense in single:
            times = max(1, round(6 / sense))
            if sense > 4:
                continue
            for b, sense_b in single:
                if b != a and sense_b <= 4:
                    found[a] += [b] * times
            if sense <= 2:
                found[a] += [b for b in near[:2] if b != a]
    starts = np.concatenate([[0], np.cumsum([len(f) for f in found])])
    return starts, np.array([b for f in found for b in f], dtype=int)


def as_rows(texts):
    return np.concatenate([[0], np.cumsum([len(t) for t in texts])]), np.array([w for t in texts for w in t], dtype=int)


def take(rows, chosen):
    starts, words = rows
    row, at = ranges(starts[chosen], starts[chosen + 1])
    return row, words[at]


def lists(texts):
    rows = as_rows(texts)
    return take(rows, np.arange(len(texts)))


def ranges(first, last):
    """All whole numbers from first (n) up to last (n), each with its row."""
    lengths = last - first
    row = np.repeat(np.arange(len(first)), lengths)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return row, np.repeat(first, lengths) + offset
