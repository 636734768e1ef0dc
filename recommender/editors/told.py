"""A rule in words."""

from recommender.editors.rule import Rule


def told(rule: Rule) -> str:
    """Such as "pin article hp-0017 to position 1 on the page of hp-0042, in related"."""
    words = [rule.action.replace("_", " "), str(rule.target)]
    if rule.action == "ignore_section":
        words = ["ignore", str(rule.target), "as a signal"]
    if rule.position is not None:
        words.append(f"to position {rule.position}")
    if rule.factor is not None:
        words.append(f"x{rule.factor:g}")
    if rule.share is not None:
        words.append(f"to {rule.share:.0%} of the slot")
    if rule.page is not None:
        words.append(f"on the page of {rule.page}")
    if rule.slot is not None:
        words.append(f"in {rule.slot}")
    if rule.valid_from is not None:
        words.append(f"from {rule.valid_from:%Y-%m-%d %H:%M}")
    if rule.valid_to is not None:
        words.append(f"to {rule.valid_to:%Y-%m-%d %H:%M}")
    return " ".join(words)
