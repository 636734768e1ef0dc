"""What the paper of these tests has published."""

from datetime import UTC, datetime, timedelta

from recommender.articles.article import Article

STORIES = {
    "bridge": (
        "city",
        (
            "Bridge closes for repairs after rust is found in its cables",
            "Council argues over the cost of the bridge repairs",
            "Ferry carries commuters while the bridge is closed",
            "Engineers say the bridge will open again in spring",
            "Shopkeepers by the closed bridge ask for help",
        ),
    ),
    "football": (
        "sport",
        (
            "Town football club wins the cup after penalties",
            "Football coach praises the young goalkeeper",
            "Thousands celebrate the cup at the football ground",
            "Striker leaves the football club for the capital",
            "Football club plans a larger stadium",
        ),
    ),
    "hospital": (
        "health",
        (
            "Hospital opens a new children's ward",
            "Nurses at the hospital call for more staff",
            "Hospital waiting times fall for the first time in years",
            "Doctors at the hospital test a vaccine against influenza",
            "Donations pay for a scanner at the hospital",
        ),
    ),
    "school": (
        "city",
        (
            "School cook wins a prize for her soup",
            "Pupils plant trees behind the old school",
            "School roof leaks and lessons move to the library",
            "Teachers and parents debate telephones at school",
            "School choir sings in the cathedral",
        ),
    ),
}
LATEST = datetime(2020, 6, 1, 12, tzinfo=UTC)


def articles() -> list[Article]:
    """Twenty articles of four running stories, a day apart."""
    made: list[Article] = []
    for topic, (section, titles) in STORIES.items():
        for number, title in enumerate(titles):
            made.append(
                Article(
                    id=f"{topic}-{number}",
                    url=f"https://paper.example/{topic}/{number}",
                    title=title,
                    teaser=f"{title}.",
                    body=f"{title}. More about the {topic} was said on day {number}.",
                    section=section,
                    language="en",
                    published_at=LATEST - timedelta(days=len(made)),
                    editors_choice=number == 0,
                )
            )
    # an id as publishers have them, with a slash in it
    made.append(
        Article(
            id="2020/06/late",
            title="Bridge cables: what the engineers found",
            body="Rust in the cables of the bridge, the engineers said.",
            section="city",
            language="en",
            published_at=LATEST,
        )
    )
    return made
