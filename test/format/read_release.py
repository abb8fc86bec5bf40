"""Reads the golden files by what docs/release-format.md says, and shares no code with src/format. Prints what they say as JSON.

    python3 read_release.py FOLDER
"""
import hashlib
import json
import struct
import sys
from pathlib import Path


def u32s(data):
    return list(struct.unpack(f"<{len(data) // 4}I", data))


def slices(offsets, data):
    return [data[a:b] for a, b in zip(offsets, offsets[1:])]


def read_index(data):
    assert data[:8] == b"EVERVECI"
    version, minimum, header, size, count = struct.unpack_from("<HHIII", data, 8)
    assert (version, minimum, size) == (1, 1, len(data))
    records, chunks, dimensions, strings, lists = struct.unpack_from("<5I", data, 24)
    table, end = {}, header
    for at in range(64, 64 + 16 * count, 16):
        tag, offset, length, zero = struct.unpack_from("<4sIII", data, at)
        assert offset == -(-end // 64) * 64 and zero == 0 and not any(data[end:offset])
        end = offset + length
        table[tag.decode()] = data[offset:end]
    assert end == size
    text = [s.decode() for s in slices(u32s(table["STRO"]), table["STRB"])]
    assert len(text) == strings and [t.encode() for t in text] == sorted({t.encode() for t in text})
    tags = [[text[n] for n in ns] for ns in slices(u32s(table["TAGO"]), u32s(table["TAGS"]))]
    assert len(tags) == lists
    some = lambda n: None if n == 0 else text[n - 1]
    column = {t: u32s(table[t]) for t in table if t[0] in "RC" and t != "RCHK"}
    width = -(-dimensions // 16) * 16
    body = slices(u32s(table["TXTO"]), table["TXTB"])
    scales = struct.unpack(f"<{chunks}f", table["SCAL"])

    def chunk(c):
        row = struct.unpack_from(f"<{width}b", table["VECT"], c * width)
        return {
            "index": column["CIDX"][c], "text": body[c].decode(), "start": column["CSTA"][c], "end": column["CEND"][c],
            "section": some(column["CSEC"][c]), "page": column["CPAG"][c] or None, "row": list(row), "scale": scales[c],
        }

    def record(r):
        first, last = u32s(table["RCHK"])[r:r + 2]
        columns = some(column["RCOL"][r])
        return {
            "key": text[column["RKEY"][r]], "title": some(column["RTIT"][r]), "url": some(column["RURL"][r]),
            "publishedAt": some(column["RPUB"][r]), "tags": tags[column["RTAG"][r]],
            "columns": None if columns is None else json.loads(columns), "chunks": [chunk(c) for c in range(first, last)],
        }

    return {"about": json.loads(table["ABOU"]), "dimensions": dimensions, "records": [record(r) for r in range(records)]}


def apply_delta(base_bytes, data):
    assert data[:8] == b"EVERVECD"
    version, minimum, header, size, base_size, result_size, gone, chunks = struct.unpack_from("<HHIIIIII", data, 8)
    assert (version, minimum, header, size, base_size) == (1, 1, 128, len(data), len(base_bytes))
    assert data[64:96] == hashlib.sha256(base_bytes).digest()
    texts_at = -(-(128 + 4 * gone) // 64) * 64
    rows_at = -(-(texts_at + 4 * chunks) // 64) * 64
    patch_at = -(-(rows_at + 4 * chunks) // 64) * 64
    removed = u32s(data[128:128 + 4 * gone])
    text_from = u32s(data[texts_at:texts_at + 4 * chunks])
    row_from = u32s(data[rows_at:rows_at + 4 * chunks])
    base, patch = read_index(base_bytes), read_index(data[patch_at:])
    old = [c for r in base["records"] for c in r["chunks"]]
    for at, c in enumerate(c for r in patch["records"] for c in r["chunks"]):
        if text_from[at]:
            c["text"] = old[text_from[at] - 1]["text"]
        if row_from[at]:
            c["row"], c["scale"] = (old[row_from[at] - 1][k] for k in ("row", "scale"))
    new_keys = {r["key"] for r in patch["records"]}
    kept = [r for n, r in enumerate(base["records"]) if n not in removed and r["key"] not in new_keys]
    patch["records"] = sorted(kept + patch["records"], key=lambda r: r["key"].encode())
    return patch, data[96:128].hex()


def read_document(data):
    """What was signed, the bytes that the signatures are of, and the signatures. No float and no key beyond ASCII is in a document."""
    envelope = json.loads(data)
    canonical = lambda value: json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert canonical(envelope) == data
    message = b"evervec release document 1\n" + canonical(envelope["signed"])
    return {"signed": envelope["signed"], "message": message.hex(), "signatures": envelope["signatures"]}


folder = Path(sys.argv[1])
files = {name: (folder / name).read_bytes() for name in ("before.idx", "after.idx", "before-after.delta")}
merged, result_hash = apply_delta(files["before.idx"], files["before-after.delta"])
assert result_hash == hashlib.sha256(files["after.idx"]).hexdigest()
documents = {name: read_document((folder / name).read_bytes()) for name in ("root.1.json", "release.json", "channel.json")}
keys = [k for s in documents["root.1.json"]["signed"]["roles"]["root"]["signers"] for k in s]
print(json.dumps({
    "before": read_index(files["before.idx"]),
    "after": read_index(files["after.idx"]),
    "merged": merged,
    "documents": documents,
    "keyIds": {hashlib.sha256(k.encode()).hexdigest(): k for k in keys},
    "bucket": int(hashlib.sha256(b"2026-11:install-1").hexdigest()[:8], 16) % 10000,
}))
