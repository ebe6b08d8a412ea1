"""A bar chart as SVG: one group per metric, our bar above the peer's, the spread as a line."""

import html
import statistics

WIDTH, LEFT, RIGHT = 900, 330, 170
BAR, GAP, GROUP = 14, 3, 16
OURS, PEER, INK, FAINT, PAPER = "#1f6f8b", "#b8b8b8", "#202020", "#606060", "#ffffff"


def bars(title: str, metrics: list) -> str:
    """The picture of all metrics; each group has its own scale, so units may differ."""
    parts = [text(16, 26, f"{title}: ours above, peer below", size=16)]
    y = 48
    for metric in metrics:
        # A change may be negative, and then it is no length.
        if min(metric["ours"] + metric["peer"]) < 0:
            continue
        parts += group(y, metric)
        y += 2 * BAR + GAP + GROUP
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 8}" '
        f'font-family="sans-serif"><rect width="100%" height="100%" fill="{PAPER}"/>'
    )
    return head + "".join(parts) + "</svg>\n"


def group(y: int, metric: dict) -> list:
    top = max(max(metric["ours"]), max(metric["peer"])) or 1
    ratio = f" · {metric['ratio_median']:.2f} x" if metric["ratio_median"] is not None else ""
    parts = [
        text(LEFT - 10, y + 11, metric["name"], anchor="end"),
        text(LEFT - 10, y + BAR + GAP + 11, f"{metric['peer_name']}{ratio}", FAINT, "end", 10),
    ]
    for row, (values, colour) in enumerate([(metric["ours"], OURS), (metric["peer"], PEER)]):
        parts += bar(y + row * (BAR + GAP), values, top, metric["unit"], colour)
    return parts


def bar(y: int, values: list, top: float, unit: str, colour: str) -> list:
    def place(value):
        return LEFT + value / top * (WIDTH - LEFT - RIGHT)

    low, middle, high = min(values), statistics.median(values), max(values)
    centre = y + BAR / 2
    return [
        f'<rect x="{LEFT}" y="{y}" width="{place(middle) - LEFT:.1f}" height="{BAR}" fill="{colour}"/>',
        f'<path d="M{place(low):.1f} {centre}H{place(high):.1f}" stroke="{INK}" stroke-width="2"/>',
        text(place(high) + 8, y + 11, f"{middle:,.4g} {unit}"),
    ]


def text(x: float, y: float, words: str, colour: str = INK, anchor: str = "start", size: int = 12) -> str:
    return (
        f'<text x="{x:.1f}" y="{y}" fill="{colour}" text-anchor="{anchor}" '
        f'font-size="{size}">{html.escape(words)}</text>'
    )
