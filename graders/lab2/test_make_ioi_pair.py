"""Grader of `make_ioi_pair`."""

import pytest

STORE = "{A} and {B} went to the store. {S} gave a bottle to"
WHEN = "When {A} and {B} went to the park, {S} handed a ball to"
#: The giver opens a line: no space stands before the name.
LINE = "Then {A} and {B} went to the park.\n{S} handed a ball to"
#: How sentences go on in which two people were named.
GIVES = (
    "{S} handed a ball to",
    "{S} gave a bottle to",
    "{S} showed the map to",
    "{S} wrote a letter to",
    "{S} brought a book to",
    "{S} told a story to",
)
MAY = "It may rain. "
LATER = "On Monday {A} saw {B} at the school. Later, {S} showed the map to"


def two_names(bench, seed):
    """Two different names that are single tokens, at the start of a sentence and within."""
    from interp.words import NAMES

    both = [form for name in NAMES for form in (name, " " + name)]
    lengths = [len(ids) for ids in bench.model.tokenizer(both, add_special_tokens=False)["input_ids"]]
    single = [name for place, name in enumerate(NAMES) if lengths[2 * place] == lengths[2 * place + 1] == 1]
    first, gap = bench.integers(0, len(single), (1,), seed=seed), bench.integers(1, len(single), (1,), seed=seed + 1)
    return single[int(first)], single[int(first + gap) % len(single)]


def where_they_differ(bench, pair):
    """The lengths of the two prompts, and the positions at which their tokens differ."""
    texts = [pair.get(kind) for kind in ("clean", "corrupted")] if isinstance(pair, dict) else [None]
    if not all(isinstance(text, str) for text in texts):
        return None
    clean, corrupted = (bench.tokens(text)[0].tolist() for text in texts)
    pairs = enumerate(zip(clean, corrupted, strict=False))
    return {"lengths": [len(clean), len(corrupted)], "differ_at": [at for at, (one, other) in pairs if one != other]}


def on_two_names(exercise, bench, *, template, order, seed):
    io, subject = two_names(bench, seed)
    pair = exercise.make_ioi_pair(bench.model, template, io, subject, order)
    return {"pair": pair, "tokens": where_they_differ(bench, pair)}


def on_the_names_exchanged(exercise, bench, *, template, seed):
    """The corrupted prompt of one pair is the clean prompt of another: with the roles and the order exchanged."""
    io, subject = two_names(bench, seed)
    return {
        "pair": exercise.make_ioi_pair(bench.model, template, io, subject, "ABBA"),
        "exchanged": exercise.make_ioi_pair(bench.model, template, subject, io, "BABA"),
    }


def only_after_a_space(bench):
    """A word that is a single token after a space, and more of them without."""
    from interp.words import NAMES

    words = [*NAMES, "honey", "market", "pasta", "museum"]
    alone, after = (
        [len(ids) for ids in bench.model.tokenizer(forms, add_special_tokens=False)["input_ids"]]
        for forms in (words, [" " + word for word in words])
    )
    return next((word for place, word in enumerate(words) if after[place] == 1 < alone[place]), "Zebediah")


def attempt(exercise, bench, template, io, subject, order):
    """A pair, or the kind of error. An empty name stands for one that is a single token, "_" for one after a space only."""
    usual = two_names(bench, 0)
    io, subject = (
        only_after_a_space(bench) if name == "_" else name or usual[place] for place, name in enumerate((io, subject))
    )
    template = template.replace("{IO}", io).replace("{SUBJECT}", subject)
    try:
        return "nothing", exercise.make_ioi_pair(bench.model, template, io, subject, order)
    except ValueError:
        return "ValueError", None
    except NotImplementedError:
        raise
    except Exception as error:
        return type(error).__name__, None


def on_unusable_names(exercise, bench, *, cases):
    """What is raised for some templates, names and orders; several of each kind, so that it is seen which goes through."""
    return {", ".join(map(repr, case)): attempt(exercise, bench, *case)[0] for case in cases}


def on_a_name_too_many(exercise, bench, *, templates, order):
    """Templates that hold a name already."""
    return {template: attempt(exercise, bench, template, "", "", order)[0] for template in templates}


def on_small_words(exercise, bench, *, templates, order):
    """Templates that hold "may", for the name May."""
    return {template: attempt(exercise, bench, template, "May", "", order)[0] for template in templates}


def on_ends(exercise, bench, *, templates, order):
    """Where prompts end that end in another way."""
    return {template: attempt(exercise, bench, template, "", "", order) for template in templates}


def on_unusual_names(exercise, bench, *, template, io, subject, order):
    raised, pair = attempt(exercise, bench, template, io, subject, order)
    return {"raised": raised, "pair": pair}


def assert_aligned(found):
    lengths, differ_at = found["tokens"]["lengths"], found["tokens"]["differ_at"]
    assert lengths[0] == lengths[1], f"the two prompts should have equally many tokens, and have {lengths}"
    second = found["pair"]["positions"]["S2"]
    assert differ_at == [second], f"the tokens should differ at S2 = {second} alone, and differ at {differ_at}"
    assert found["pair"]["positions"]["END"] == lengths[0] - 1, "END is the position of the last token"


@pytest.mark.points(3)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_abba(compare, seed):
    """Prompts that name the indirect object first, in three templates; in one of them a name opens the sentence."""
    for template in (STORE, WHEN, LATER):
        assert_aligned(compare(on_two_names, template=template, order="ABBA", seed=seed))


@pytest.mark.points(3)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_baba(compare, seed):
    """The same with the subject named first."""
    for template in (STORE, WHEN, LATER):
        assert_aligned(compare(on_two_names, template=template, order="BABA", seed=seed + 2))


@pytest.mark.points(2)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_roles_exchanged(compare, seed):
    """With the roles and the order exchanged, clean and corrupted change places, and so do the answers."""
    found = compare(on_the_names_exchanged, template=WHEN, seed=seed + 4)
    pair, exchanged = found["pair"], found["exchanged"]
    assert pair["clean"] == exchanged["corrupted"], "the clean prompt of one should be the corrupted one of the other"
    assert pair["answer"] == exchanged["wrong"], "the answer of one should be the wrong answer of the other"


@pytest.mark.points(2)
@pytest.mark.needs(single_tokens=["Mary", " Mary", "John", " John"])
def test_clear_errors(compare):
    """Equal names, a name of several tokens, a template with a name in it, an unknown order: a ValueError. All else works."""
    # The last token is END, a colon too.
    ends = ("wrote a letter to:", "said to her friend at the door:", "met a cat, and in the end it was too late.")
    compare(on_ends, templates=[f"When {{A}} met {{B}}, {{S}} {end}" for end in ends], order="BABA")
    # A name needs to be a single token only where it stands.
    inside = [("When {A} met {B}, " + rest, order) for rest in GIVES for order in ("ABBA", "BABA")]
    compare(on_unusable_names, cases=[(template, "_", "", order) for template, order in inside])
    compare(on_unusual_names, template=WHEN, io="_", subject="", order="ABBA")
    compare(on_unusual_names, template=WHEN, io="", subject="_", order="ABBA")
    # "may" is another word than the name May.
    compare(on_small_words, templates=[MAY + "Then {A} met {B}, and " + rest for rest in GIVES], order="ABBA")
    compare(on_unusual_names, template=MAY + WHEN, io="May", subject="", order="ABBA")
    compare(
        on_unusable_names,
        cases=[
            *((STORE, name, name, order) for name in ("Mary", "John", "Anna") for order in ("ABBA", "BABA")),
            *((template, "Zebediah", "", "ABBA") for template in (WHEN, LATER, LINE)),
            *((template, "Zebediah", "", "BABA") for template in (WHEN, LATER, LINE)),
            *((template, "", "Zebediah", "ABBA") for template in (WHEN, LATER, LINE)),
            *((template, "", "Zebediah", "BABA") for template in (WHEN, LATER, LINE)),
            # A letter is a token; after a space it is two, where the vocabulary does not happen to have it.
            *(("{A} met {B}, and " + rest, "x", "", "ABBA") for rest in GIVES[:3]),
            # The name at the very beginning, in the clean prompt, and at the beginning of a line in one of the two.
            *(("{A} met {B}, and " + rest, "_", "", "ABBA") for rest in GIVES[:3]),
            *(("{A} met {B}, and " + rest, "", "_", "BABA") for rest in GIVES[:3]),
            *(("Then {A} met {B}.\n" + rest, "_", "", "ABBA") for rest in GIVES),
            *(("Then {A} met {B}.\n" + rest, "", "_", "BABA") for rest in GIVES),
            # Without a space before it in both prompts, the letter is a single token in all its places; as an answer it is two.
            *(("{A} met {B} at the park.\n" + rest, "x", "", "ABBA") for rest in GIVES),
            *(("{A} met {B} at the park.\n" + rest, "", "x", "BABA") for rest in GIVES),
            *((STORE, "", "", order) for order in ("ABAB", "BAAB", "AABB", "", "AB", "ABBABA")),
            *((STORE, "", "", order) for order in ("abba", "baba", "Abba", "Baba", "ABBa", "bABA")),
        ],
    )
    templates = [
        template.replace("WHO", who)
        for who in ("{IO}", "{SUBJECT}")
        for template in (
            "WHO was late. " + WHEN,
            "When {A} and WHO and {B} met, {S} handed a ball to",
            "WHO's ball was lost. " + WHEN,
            "At last, WHO, w" + WHEN.removeprefix("W"),
            STORE + " WHO and",
            STORE + " the friend of WHO and",
            WHEN + " him, and WHO saw",
        )
    ]
    compare(on_a_name_too_many, templates=templates, order="BABA")
