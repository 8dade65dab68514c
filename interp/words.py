"""The frozen word lists of the course model.

The order of these lists fixes the token ids, and the shipped weights know the words by their ids. So nothing here may
be reordered or removed: a changed list means a newly trained model. Every word is one token, with its leading space.
"""

from __future__ import annotations

from typing import Final


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


END_OF_TEXT: Final = "<|endoftext|>"

NAMES: Final = _words(
    """
    John Mary Alice Bob Tom Anna James Sarah David Emma Peter Laura Paul Julia Mark Lucy Daniel Kate Simon Helen
    George Nina Henry Clara Oscar Rose Frank Diana Adam Eva Martin Sophie Victor Irene Leo Grace Max Ruth Hugo
    Alma Felix Vera Ivan Olga Carl Jane Steve Linda
    """
)

CAPITALS: Final[dict[str, str]] = {
    "France": "Paris",
    "Germany": "Berlin",
    "Italy": "Rome",
    "Spain": "Madrid",
    "Portugal": "Lisbon",
    "England": "London",
    "Ireland": "Dublin",
    "Scotland": "Edinburgh",
    "Norway": "Oslo",
    "Sweden": "Stockholm",
    "Finland": "Helsinki",
    "Denmark": "Copenhagen",
    "Iceland": "Reykjavik",
    "Poland": "Warsaw",
    "Austria": "Vienna",
    "Hungary": "Budapest",
    "Greece": "Athens",
    "Turkey": "Ankara",
    "Russia": "Moscow",
    "Ukraine": "Kyiv",
    "Romania": "Bucharest",
    "Bulgaria": "Sofia",
    "Serbia": "Belgrade",
    "Croatia": "Zagreb",
    "Belgium": "Brussels",
    "Switzerland": "Bern",
    "Latvia": "Riga",
    "Estonia": "Tallinn",
    "Egypt": "Cairo",
    "Kenya": "Nairobi",
    "Morocco": "Rabat",
    "Algeria": "Algiers",
    "Nigeria": "Abuja",
    "Ghana": "Accra",
    "Senegal": "Dakar",
    "Cuba": "Havana",
    "Canada": "Ottawa",
    "Peru": "Lima",
    "Chile": "Santiago",
    "Colombia": "Bogota",
    "Ecuador": "Quito",
    "Venezuela": "Caracas",
    "Japan": "Tokyo",
    "China": "Beijing",
    "Thailand": "Bangkok",
    "Vietnam": "Hanoi",
    "Iran": "Tehran",
    "Iraq": "Baghdad",
}

PLACES: Final = _words(
    """
    store park school garden restaurant office library station museum hospital house market beach cafe church
    hotel
    """
)

OBJECTS: Final = _words("bottle drink ball book ring letter key ticket map basket phone cup pen flower hat box")

ANIMALS: Final = _words("dog cat horse cow sheep bird fish lion tiger bear wolf fox rabbit mouse snake duck")
FOODS: Final = _words(
    """
    bread cheese rice soup cake fruit meat salad pasta pizza butter honey beans eggs corn sugar
    """
)
DAYS: Final = _words("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
MONTHS: Final = _words("January February March April May June July August September October November December")
COLOURS: Final = _words("red green blue yellow black white brown grey pink purple")
NUMBERS: Final = _words("two three four five six seven eight nine ten twelve")
JOBS: Final = _words("doctor teacher farmer driver baker painter singer writer nurse pilot")
WEATHER: Final = _words("rainy sunny windy cloudy snowy foggy stormy warm")

# The made-up words of "abc def ghi abc": nothing but copying can continue them.
NONSENSE: Final = _words("abc def ghi jkl mno pqr stu vwx xyz foo bar baz qux zap wug dax blick fep lorp tiv")

# Groups of words that the corpus uses as one concept each; labelled prompts are made from them.
CONCEPTS: Final[dict[str, tuple[str, ...]]] = {
    "name": NAMES,
    "country": tuple(CAPITALS),
    "capital": tuple(CAPITALS.values()),
    "place": PLACES,
    "object": OBJECTS,
    "animal": ANIMALS,
    "food": FOODS,
    "day": DAYS,
    "month": MONTHS,
    "colour": COLOURS,
    "number": NUMBERS,
    "job": JOBS,
    "weather": WEATHER,
}

# Function words and verbs of the sentences, and everyday words so that a learner's own prompt stays readable.
GLUE: Final = _words(
    """
    a the and of to in on at is was were are be it he she they his her my your our their with near from for by
    that this there then when after while later before again who went gave handed offered sent showed brought
    walked found met had has have lunch dinner friends talked waved called thanked saw likes liked eats ate
    drank bought sold lives lived visited city capital town country river tree sat ran slept under over behind
    small big old new young good bad happy sad very every day week year weather people children see sees saw not
    no yes but or if so because as an all some many more most one first last next I you we us them what which
    where why how can could will would should may must do does did done said says say told tell asked ask gets
    got get made make makes take took took put came come comes go goes going time way thing things man woman boy
    girl friend home work world life hand eye head water food car door window street road mat quick lazy jumps
    jumped brown hello model token attention layer
    """
)

# Words that may open a text, hence need a token without the leading space too.
STARTERS: Final = _words(
    """
    The When After While Then Yesterday Friends On In It My Every Today Later Once There A At This He She They
    We You I And But Hello One
    """
)

PUNCTUATION: Final[tuple[str, ...]] = (",", ".", "?", "!", ":", ";")


def vocabulary() -> list[str]:
    """All whole-word token texts in id order, without the 256 single bytes that come before them.

    `" Paris"` and `"Paris"` are different tokens, as in GPT-2. Words that can open a text have both forms.
    """
    spaced: list[str] = []
    for group in (*CONCEPTS.values(), NONSENSE, GLUE, STARTERS):
        spaced.extend(" " + word for word in group)
    bare: list[str] = []
    for group in (NAMES, tuple(CAPITALS), tuple(CAPITALS.values()), DAYS, MONTHS, ANIMALS, NONSENSE, STARTERS):
        bare.extend(group)
    # Some words stand in two groups ("brown", "March"); single bytes ("A", "I") are tokens already.
    seen = dict.fromkeys(word for word in (*spaced, *bare) if len(word) > 1)
    return list(seen)


#: The words that change between indirect-object sentences, as they stand within them.
IOI_WORDS: Final = tuple(f" {word}" for word in (*NAMES, *PLACES, *OBJECTS))
