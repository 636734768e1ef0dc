"""Models of the hub: whether they can be fetched, and what a library says of one that fails."""

from pathlib import Path

_SECONDS = 5.0


def only_here(model: str) -> bool:
    """Whether `model` must be found on this machine, because it is a folder or no hub answers.

    The libraries would try each file of it six times, for a minute and more.
    """
    return Path(model).is_dir() or not _hub_answers()


def first_line(error: Exception) -> str:
    """Of what a library says of a model, as a sentence: the rest tells of its own insides."""
    said = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return said if said.endswith((".", "!", "?")) else f"{said}."


def _hub_answers() -> bool:
    # imported here: it comes with sentence-transformers, which is imported where a model is loaded
    from huggingface_hub import constants, get_session  # noqa: PLC0415

    try:
        # the session of the library: proxies and certificates are as they will be for the files
        get_session().head(constants.ENDPOINT, timeout=_SECONDS)
    except Exception:  # noqa: BLE001 - which errors there are depends on the client it is built on
        return False
    return True
