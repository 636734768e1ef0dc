"""Language codes, and which language a text is in."""

import re
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

UNDETERMINED = "und"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CODE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{1,8})*")
_SAMPLE = 1000  # characters: telling a language does not get better beyond
_MIN_LETTERS = 12
_MIN_LETTERS_WITHOUT_SPACES = 5  # a Chinese or Japanese character says as much as a syllable
_SPACELESS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_MIN_SHARE = 0.4  # on headlines of five corpora: 1 in 6 left open, 1 in 150 wrong

# Dead, constructed, regional and creole languages that short English or Romance text is taken
# for ("pcm" above all). They are believed only where the model has hardly a doubt.
_RARE = _words(
    "ace an ary arz bcl crh eo ext fuv gcf gcr gom grc gug guw hbo kab kik la lij ltg oc pcm sa "
    "sdh se uzs vec vo wa wuu yue"
)
_MIN_SHARE_RARE = 0.9

# ISO 639-2 and 639-3 codes of languages that have an ISO 639-1 code, bibliographic ones too
_TWO_LETTERS = dict(
    pair.split(":")
    for pair in _words(
        "aar:aa abk:ab afr:af aka:ak alb:sq sqi:sq amh:am ara:ar arb:ar arg:an arm:hy hye:hy "
        "asm:as ava:av ave:ae aym:ay aze:az bak:ba bam:bm baq:eu eus:eu bel:be ben:bn bih:bh "
        "bis:bi bos:bs bre:br bul:bg bur:my mya:my cat:ca cha:ch che:ce chi:zh zho:zh cmn:zh "
        "chu:cu chv:cv cor:kw cos:co cre:cr cze:cs ces:cs dan:da div:dv dut:nl nld:nl dzo:dz "
        "eng:en epo:eo est:et ewe:ee fao:fo fij:fj fin:fi fre:fr fra:fr fry:fy ful:ff geo:ka "
        "kat:ka ger:de deu:de gla:gd gle:ga glg:gl glv:gv gre:el ell:el grn:gn guj:gu hat:ht "
        "hau:ha heb:he her:hz hin:hi hmo:ho hrv:hr hun:hu ibo:ig ice:is isl:is ido:io iii:ii "
        "iku:iu ile:ie ina:ia ind:id ipk:ik ita:it jav:jv jpn:ja kal:kl kan:kn kas:ks kau:kr "
        "kaz:kk khm:km kik:ki kin:rw kir:ky kom:kv kon:kg kor:ko kua:kj kur:ku lao:lo lat:la "
        "lav:lv lim:li lin:ln lit:lt ltz:lb lub:lu lug:lg mac:mk mkd:mk mah:mh mal:ml mao:mi "
        "mri:mi mar:mr may:ms msa:ms mlg:mg mlt:mt mon:mn nau:na nav:nv nbl:nr nde:nd ndo:ng "
        "nep:ne nno:nn nob:nb nor:no nya:ny oci:oc oji:oj ori:or orm:om oss:os pan:pa per:fa "
        "fas:fa pli:pi pol:pl por:pt pus:ps que:qu roh:rm rum:ro ron:ro run:rn rus:ru sag:sg "
        "san:sa sin:si slo:sk slk:sk slv:sl sme:se smo:sm sna:sn snd:sd som:so sot:st spa:es "
        "srd:sc srp:sr ssw:ss sun:su swa:sw swh:sw swe:sv tah:ty tam:ta tat:tt tel:te tgk:tg "
        "tgl:tl tha:th tib:bo bod:bo tir:ti ton:to tsn:tn tso:ts tuk:tk tur:tr twi:tw uig:ug "
        "ukr:uk urd:ur uzb:uz ven:ve vie:vi vol:vo wel:cy cym:cy wln:wa wol:wo xho:xh yid:yi "
        "yor:yo zha:za zul:zu iw:he in:id ji:yi jw:jv"
    )
)


def language_code(text: str) -> str:
    """`en` of "en", "EN-us", "eng" or "en_GB"; "und", "mul" and "zxx" give "" (not known).

    Raises:
        ValueError: no language tag, such as "English".
    """
    match = _CODE.fullmatch(text.strip())
    if not match:
        raise ValueError("it is no language code")
    code = match[1].lower()
    return "" if code in {UNDETERMINED, "mul", "zxx", "mis"} else _TWO_LETTERS.get(code, code)


def detect_language(text: str) -> str:
    """The language of `text` as a code, "und" where it is too short or too doubtful to tell."""
    sample = text[:_SAMPLE]
    letters = sum(map(str.isalpha, sample))
    needed = _MIN_LETTERS_WITHOUT_SPACES if _SPACELESS.search(sample) else _MIN_LETTERS
    if letters < needed:
        return UNDETERMINED
    ranked = [
        (code, float(share))
        for code, share in _identifier().rank(sample)
        if code not in _RARE or share >= _MIN_SHARE_RARE
    ]
    code: str
    code, share = ranked[0]
    # what the languages set aside would have had goes to the others
    if code == "zxx" or share < _MIN_SHARE * sum(other for _, other in ranked):
        return UNDETERMINED
    return _TWO_LETTERS.get(code, code)


@cache
def _identifier() -> LanguageIdentifier:
    # loaded at first use: half a second that a rebuild without new articles need not wait
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
