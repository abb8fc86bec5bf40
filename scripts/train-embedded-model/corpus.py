"""Reads what write-corpus.ts wrote, chooses the vocabulary, and gives texts as numbers of its words."""
import json
from dataclasses import dataclass

import numpy as np

TRAINED_WORDS = 28_000
FEWEST_SECTIONS = 3
WORDNET = 0


@dataclass
class Source:
    """All sections of one package, end to end: words (n), and where each section starts (sections + 1)."""

    words: np.ndarray
    starts: np.ndarray
    headings: list


@dataclass
class Corpus:
    stems: list  # of the vocabulary, best first
    idf: np.ndarray  # (vocabulary)
    sources: list
    synsets: list
    irregular: list


def read_corpus(folder):
    stems = open(f"{folder}/stems.txt", encoding="utf8").read().split("\n")
    functions = set(open(f"{folder}/function-words.txt", encoding="utf8").read().split("\n"))
    wordnet = json.load(open(f"{folder}/wordnet.json", encoding="utf8"))
    raw = {WORDNET: [([w for word in s["words"] for w in word], s["gloss"]) for s in wordnet["synsets"]]}
    read_sections(f"{folder}/sections.i32", raw)
    number, idf = choose_vocabulary(stems, functions, raw, wordnet["synsets"])
    keep = lambda words: [n for n in (number[w] for w in words) if n >= 0]
    for synset in wordnet["synsets"]:
        # A word of which a part is unknown is not that word any more: `ad valorem` is not `valorem`.
        known = [(keep(w), s) for w, s in zip(synset["words"], synset["senses"])]
        synset["words"] = [w for w, _ in known if w]
        synset["senses"] = [s for w, s in known if w]
        synset["gloss"] = keep(synset["gloss"])
    irregular = [(keep(a), keep(b)) for a, b in wordnet["irregular"]]
    return Corpus(
        stems=[stems[i] for i in np.argsort(np.where(number < 0, len(stems), number))[: len(idf)]],
        idf=idf,
        sources=[to_source(raw[s], number) for s in sorted(raw)],
        synsets=wordnet["synsets"],
        irregular=[(a[0], b[0]) for a, b in irregular if len(a) == 1 and len(b) == 1 and a != b],
    )


def read_sections(file, raw):
    numbers = np.fromfile(file, dtype="<i4")
    at = 0
    while at < len(numbers):
        source, heading, text = numbers[at : at + 3]
        body = at + 3 + heading
        raw.setdefault(int(source), []).append((numbers[at + 3 : body], numbers[body : body + text]))
        at = body + text


def choose_vocabulary(stems, functions, raw, synsets):
    """Words of several sources before words of one, however often that one says them."""
    size = len(stems)
    score, total, present = np.zeros(size), np.zeros(size), np.zeros(size, dtype=int)
    for source, sections in raw.items():
        df = np.zeros(size)
        for heading, text in sections:
            df[np.unique(np.concatenate([heading, text]).astype(int))] += 1
        score += np.log1p(df)
        total += df
        if source != WORDNET:
            present += df > 0
    in_wordnet = np.zeros(size, dtype=bool)
    for synset in synsets:
        for word in synset["words"]:
            in_wordnet[word] = True
        in_wordnet[synset["gloss"]] = True
    score += 1.5 * in_wordnet - 2 * np.array([not s.isalpha() for s in stems])
    allowed = (total >= FEWEST_SECTIONS) & (in_wordnet | (present >= 2))
    allowed &= np.array([s not in functions and len(s) > 1 for s in stems])
    order = np.argsort(-np.where(allowed, score, -np.inf), kind="stable")
    order = order[: min(TRAINED_WORDS, int(allowed.sum()))]
    number = np.full(size, -1)
    number[order] = np.arange(len(order))
    sections = sum(len(s) for s in raw.values())
    return number, np.log(sections / (1 + total[order]))


def to_source(sections, number):
    known = lambda words: (lambda n: n[n >= 0])(number[np.asarray(words, dtype=int)])
    texts = [known(text) for _, text in sections]
    starts = np.concatenate([[0], np.cumsum([len(t) for t in texts])])
    return Source(np.concatenate(texts), starts, [known(heading) for heading, _ in sections])
