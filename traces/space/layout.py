"""Where the nodes of a graph are drawn: in columns by rank, ordered so that few edges cross.

Knows ranks and edges as numbers, nothing of what they stand for.
"""

TALLEST = 14  # nodes in a column; a fuller rank takes several
SWEEPS = 6


def layered(ranks: list[int], edges: list[tuple[int, int]]) -> list[tuple[int, float]]:
    """Column and row of every node; rows are centred around 0."""
    columns = _columns(ranks)
    near: list[list[int]] = [[] for _ in ranks]
    for source, target in edges:
        if source != target:
            near[source].append(target)
            near[target].append(source)
    place = [0.0] * len(ranks)
    _place(columns, place)
    for sweep in range(SWEEPS):
        for column in columns if sweep % 2 == 0 else reversed(columns):
            centre = {node: _mean([place[other] for other in near[node]], place[node]) for node in column}
            column.sort(key=lambda node: (centre[node], node))
            _place([column], place)
    column_of = {node: number for number, column in enumerate(columns) for node in column}
    return [(column_of[node], place[node]) for node in range(len(ranks))]


def _columns(ranks: list[int]) -> list[list[int]]:
    by_rank: dict[int, list[int]] = {}
    for node, rank in enumerate(ranks):
        by_rank.setdefault(rank, []).append(node)
    found = []
    for _, nodes in sorted(by_rank.items()):
        parts = -(-len(nodes) // TALLEST)
        height = -(-len(nodes) // parts)
        found += [nodes[start : start + height] for start in range(0, len(nodes), height)]
    return found


def _place(columns: list[list[int]], place: list[float]) -> None:
    for column in columns:
        for row, node in enumerate(column):
            place[node] = row - (len(column) - 1) / 2


def _mean(numbers: list[float], otherwise: float) -> float:
    return sum(numbers) / len(numbers) if numbers else otherwise
