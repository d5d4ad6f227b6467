"""peers.py PROGRAM [--sizes N,...] [--kinds KIND,...] [--write FOLDER]

Solves the same matrices by this crate (PROGRAM is the built src/main.rs) and by its peers, checks that
all totals agree, and prints a table: the median time of ours, and how many times as long each peer takes.
With --write also FOLDER/engine.md and FOLDER/images/engine.svg. Everything on one thread.
"""

import argparse
import json
import os
import pathlib
import platform
import statistics
import subprocess
import tempfile
import time

import lap
import numpy
import ortools
import scipy
from ortools.graph.python import linear_sum_assignment
from scipy.optimize import linear_sum_assignment as scipy_dense
from scipy.sparse.csgraph import min_weight_full_bipartite_matching as scipy_sparse

# A solver is not asked again when a larger matrix would take it longer than this, by the cube of the size.
LONGEST = 30.0
# Seconds that are spent on a matrix with one solver, unless once takes longer; and how often at most.
SPENT, MOST = 2.0, 25

KINDS = {
    "random": "uniform in 0..1",
    "integer": "whole numbers below 1,000",
    "suitability": "Waybill's scores of made-up names, 25 by some 500 different",
    "geographic": "distances between points of a square",
    "low-rank": "products of five factors a side, uniform in 0..1",
    "machol": "i·j (Machol & Wien 1976)",
    "sparse": "24 pairs a row, uniform in 0..1",
}


def matrix(kind, n):
    random = numpy.random.default_rng([n, list(KINDS).index(kind)])
    if kind == "random":
        return random.random((n, n))
    if kind == "integer":
        return random.integers(0, 1000, (n, n)).astype(float)
    if kind == "geographic":
        here, there = random.random((n, 2)), random.random((n, 2))
        return numpy.hypot(*(here[:, None] - there[None]).transpose(2, 0, 1))
    if kind == "low-rank":
        return random.random((n, 5)) @ random.random((5, n))
    if kind == "machol":
        return numpy.outer(numpy.arange(1.0, n + 1), numpy.arange(1.0, n + 1))
    if kind == "suitability":
        length = 6 + random.integers(0, 9, (3, n)).sum(0)
        vowels = 2 + random.integers(0, 4, (2, n)).sum(0)
        consonants = 5 + random.integers(0, 5, (2, n)).sum(0)
        name = vowels + consonants + 1 + random.integers(0, 2, n)
        base = numpy.where((length % 2 == 0)[:, None], 6 * vowels[None], 4 * consonants[None])
        common = numpy.gcd(length[:, None], name[None]) > 1
        return -numpy.where(common, base * 3 // 2, base).astype(float)
    # Sparse: any pairs, and those of one permutation, so that there is an assignment.
    columns = random.integers(0, n, (n, 24))
    columns[:, 0] = random.permutation(n)
    rows = numpy.repeat(numpy.arange(n), 24)
    costs = random.random(n * 24) + 1e-9
    pairs = scipy.sparse.coo_array((costs, (rows, columns.ravel())), (n, n)).tocsr()
    pairs.sum_duplicates()
    return pairs


def ours(program, solver, number, n, path):
    # Large arrays in large pages, as NumPy asks for with its own.
    env = {**os.environ, "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}

    def run(times):
        words = [program, solver, number, str(n), str(times), path]
        said = json.loads(subprocess.run(words, env=env, check=True, capture_output=True).stdout)
        return said["total"], said["ms"]

    return run


def here(solve, total):
    def run(times):
        took = []
        for _ in range(times):
            begun = time.perf_counter()
            answer = solve()
            took.append((time.perf_counter() - begun) * 1e3)
        return total(answer), took

    return run


def or_tools(costs):
    n = len(costs)
    solver = linear_sum_assignment.SimpleLinearSumAssignment()
    ends = numpy.divmod(numpy.arange(n * n), n)
    solver.add_arcs_with_cost(*(end.astype(numpy.int32) for end in ends), costs.astype(numpy.int64).ravel())
    return here(solver.solve, lambda _: solver.optimal_cost())


def solvers(program, kind, n, costs, path):
    """Name and how to run it so many times; ours first."""
    if kind == "sparse":
        lists = costs.data, costs.indptr.astype(numpy.int32), costs.indices.astype(numpy.int32)
        yield "ours f64", ours(program, "sparse", "f64", n, path)
        yield "SciPy", here(lambda: scipy_sparse(costs), lambda pairs: costs[pairs].sum())
        yield "lapmod", here(lambda: lap.lapmod(n, *lists), lambda answer: answer[0])
        return
    whole = kind in ("integer", "machol", "suitability")
    for number in ("f64", "f32", "i32"):
        if number != "i32" or whole:
            yield f"ours {number}", ours(program, "ours", number, n, path)
    yield "SciPy", here(lambda: scipy_dense(costs), lambda pairs: costs[pairs].sum())
    for name in ("lapjv", "lapjvx", "lapjvs"):
        yield name, here(lambda solve=getattr(lap, name): solve(costs), lambda answer: answer[0])
    if whole:
        yield "OR-Tools", lambda times: or_tools(costs)(times)
        yield "pathfinding", ours(program, "pathfinding", "i64", n, path)
    yield "lapjv (Rust)", ours(program, "lapjv", "f64", n, path)


def measure(program, kind, n, slow):
    """Milliseconds of each solver that is fast enough."""
    costs = matrix(kind, n)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "matrix")
        with open(path, "wb") as file:
            if kind == "sparse":
                file.write(costs.indptr.astype("<u8").tobytes() + costs.indices.astype("<u8").tobytes())
                file.write(costs.data.astype("<f8").tobytes())
            else:
                file.write(costs.astype("<f8").tobytes())
        took, right = {}, None
        for name, run in solvers(program, kind, n, costs, path):
            known = slow.get((kind, name))
            if known and known[1] * (n / known[0]) ** 3 > LONGEST * 1e3:
                continue
            total, first = run(1)
            again = min(MOST, int(SPENT * 1e3 / max(first[0], 1e-3)))
            if again > 1:
                # The first time warms up.
                total, first = run(again)
            right = total if right is None else right
            close = 1e-6 if name.endswith("f32") else 1e-9
            if abs(total - right) > close * max(1.0, abs(right)):
                raise SystemExit(f"{kind} {n}: {name} says {total!r}, ours {right!r}")
            took[name] = first
            slow[kind, name] = n, statistics.median(first)
    return took


def spread(took):
    """Half of the middle half of the times, as a part of the median."""
    if len(took) < 4:
        return (max(took) - min(took)) / 2 / statistics.median(took)
    low, _, high = statistics.quantiles(took, n=4)
    return (high - low) / 2 / statistics.median(took)


def figure(number):
    """Three digits, and no power of ten."""
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


PEERS = ["SciPy", "lapjv", "lapjvx", "lapjvs", "lapmod", "OR-Tools", "lapjv (Rust)", "pathfinding"]


def line(kind, n, took):
    base = statistics.median(took["ours f64"])
    cells = [kind, f"{n:,}", f"{figure(base)} ±{100 * spread(took['ours f64']):.0f} %"]
    for name in ("ours f32", "ours i32"):
        cells.append(figure(statistics.median(took[name])) if name in took else "")
    for name in PEERS:
        cells.append(figure(statistics.median(took[name]) / base) if name in took else "")
    return "| " + " | ".join(cells) + " |"


def best_peer(took):
    """How many times as long the fastest peer takes: in the middle, and with both at their best and worst."""
    peers = {name: took[name] for name in PEERS if name in took}
    if not peers:
        return None
    peer, own = min(peers.values(), key=statistics.median), took["ours f64"]
    return statistics.median(peer) / statistics.median(own), min(peer) / max(own), max(peer) / min(own)


def picture(results):
    """The fastest peer's time as a multiple of ours, on a logarithmic scale."""
    ratios = {key: best_peer(took) for key, took in results.items()}
    ratios = {key: ratio for key, ratio in ratios.items() if ratio}
    most = max(ratio[0] for ratio in ratios.values())
    decades = int(numpy.ceil(numpy.log10(most)))
    left, width, step = 150, 560, 18
    kinds = list(dict.fromkeys(kind for kind, _ in ratios))
    height = 60 + sum(step * sum(kind == k for k, _ in ratios) + 14 for kind in kinds)

    def x(ratio):
        return left + width * (numpy.log10(ratio) + 1) / (decades + 1)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 60} {height}" font-family="sans-serif" font-size="12">',
        "<title>Time of the fastest peer as a multiple of this crate's</title>",
        "<style>text{fill:#57606a}.axis{stroke:#8c959f55}.one{stroke:#8c959f}.dot{fill:#0a7d6e}.range{stroke:#0a7d6e;stroke-width:2;opacity:.35}"
        "@media(prefers-color-scheme:dark){text{fill:#9da7b3}.dot{fill:#3fb8a5}.range{stroke:#3fb8a5}}</style>",
    ]
    for decade in range(-1, decades + 1):
        at = x(10.0**decade)
        parts.append(f'<line class="{"axis" if decade else "one"}" x1="{at:.1f}" x2="{at:.1f}" y1="24" y2="{height - 20}"/>')
        parts.append(f'<text x="{at:.1f}" y="16" text-anchor="middle">{10.0**decade:,g}×</text>')
    y = 40
    for kind in kinds:
        parts.append(f'<text x="8" y="{y + 4}" font-weight="600">{kind}</text>')
        for (of, n), (middle, low, high) in ratios.items():
            if of == kind:
                parts.append(f'<text x="{left - 12}" y="{y + 4}" text-anchor="end">{n:,}</text>')
                parts.append(f'<line class="range" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y}" y2="{y}"/>')
                parts.append(f'<circle class="dot" cx="{x(middle):.1f}" cy="{y}" r="4"/>')
                parts.append(f'<text x="{x(max(middle, high)) + 10:.1f}" y="{y + 4}">{figure(middle)}</text>')
                y += step
        y += 14
    return "\n".join([*parts, "</svg>", ""])


# What is aimed at: kind, size, peers, and how many times as long the fastest of them should take.
AIMS = [
    ("random", 2000, ["lapjv"], 10),
    ("random", 2000, ["SciPy"], 15),
    ("random", 2000, ["lapjvs"], 7),
    ("random", 5000, ["lapjv"], 30),
    ("random", 5000, ["SciPy"], 30),
    ("geographic", 2000, ["SciPy"], 5),
    ("suitability", 2000, PEERS, 10),
]


def aims(results):
    """What was aimed at and what was reached."""
    lines = ["| aim | reached |", "|---|---|"]
    for kind, n, peers, times in AIMS:
        took = results.get((kind, n), {})
        peers_took = [statistics.median(took[peer]) for peer in peers if peer in took]
        if peers_took:
            ratio = min(peers_took) / statistics.median(took["ours f64"])
            who = peers[0] if len(peers) == 1 else "the fastest peer"
            said = f"yes, {figure(ratio)}" if ratio >= times else f"no, {figure(ratio)}"
            lines.append(f"| {kind} {n:,}: {times} times as fast as {who} | {said} |")
    large = [ratio[0] for (_, n), took in results.items() if n >= 500 and (ratio := best_peer(took))]
    if large:
        said = f"yes, {figure(min(large))} at the least" if min(large) >= 1 else f"no, {figure(min(large))}"
        lines.append(f"| from 500 on never slower than the fastest peer | {said} |")
    return lines


def processor():
    try:
        lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [text.split(":", 1)[1].strip() for text in lines if text.startswith("model name")]
    return f"{len(names)} × {names[0]}" if names else platform.machine()


def page(lines, aimed):
    versions = f"SciPy {scipy.__version__}, lapx {lap.__version__}, OR-Tools {ortools.__version__}, the crates lapjv 0.3.0 and pathfinding 4.16"
    kinds = "\n".join(f"- **{kind}**: {text}" for kind, text in KINDS.items())
    return f"""# The engine beside others

Times of `assignment::dense` (and, where pairs are few, `assignment::sparse`) and, for each peer, how many times as long it takes on the
same matrix of `f64`. Above 1 the peer is slower. Medians; ± is half of the middle half of the times. All totals agree. One thread each.

![The fastest peer's time as a multiple of ours](images/engine.svg)

{chr(10).join(lines)}

{chr(10).join(aimed)}

Matrices:

{kinds}

The columns f32 and i32 are ours too, in ms. Empty: not run, as it would take longer than {LONGEST:.0f} s, or is not for these numbers; at
10,000 no peer is run but on sparse. Peers: {versions}; OR-Tools without the time that it takes to hand it
the pairs. Made by `scripts/peers --write docs`, on {processor()}.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[1])
    parser.add_argument("program")
    parser.add_argument("--sizes", default="100,500,1000,2000,5000,10000")
    parser.add_argument("--kinds", default=",".join(KINDS))
    parser.add_argument("--write", metavar="FOLDER", type=pathlib.Path)
    asked = parser.parse_args()
    head = ["kind", "n", "ours, ms", "f32", "i32", *PEERS]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    print(*lines, sep="\n", flush=True)
    results, slow = {}, {}
    for kind in asked.kinds.split(","):
        for n in map(int, asked.sizes.split(",")):
            if n >= 10_000 and kind != "sparse":
                slow |= {(kind, name): (1, 1e9) for name in PEERS}
            results[kind, n] = measure(asked.program, kind, n, slow)
            lines.append(line(kind, n, results[kind, n]))
            print(lines[-1], flush=True)
    if asked.write:
        (asked.write / "images").mkdir(parents=True, exist_ok=True)
        (asked.write / "engine.md").write_text(page(lines, aims(results)))
        (asked.write / "images" / "engine.svg").write_text(picture(results))


if __name__ == "__main__":
    main()
