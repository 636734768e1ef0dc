"""Numbers as the report has them."""


def number(value: float) -> str:
    """Three digits that count, or the whole number where it has more."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
