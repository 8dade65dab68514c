"""Right and wrong ways to make a pair of IOI prompts."""

import re

from mechgrade.authoring.variants import accepted, misconception


def fill(template, io, subject, order, giver):
    """The template with its three slots filled."""
    first, second = (io, subject) if order == "ABBA" else (subject, io)
    return template.format(A=first, B=second, S=giver)


def places(model, text, name):
    """All positions at which a name is a token of the text."""
    return [position for position, token in enumerate(model.to_str_tokens(text)) if token.strip() == name]


def single_token(model, text):
    """The id of a text that is one token."""
    ids = model.to_tokens(text, prepend_bos=False)[0].tolist()
    if len(ids) != 1:
        raise ValueError(f"{text!r} is {len(ids)} tokens")
    return ids[0]


def check_prompts(model, template, io, subject, order):
    """Refuse what must be refused in the prompts."""
    if io == subject or order not in ("ABBA", "BABA"):
        raise ValueError("two different names, and one of the two orders")
    for giver, other in ((subject, io), (io, subject)):
        text = fill(template, io, subject, order, giver)
        if len(places(model, text, giver)) != 2 or len(places(model, text, other)) != 1:
            raise ValueError("a name is not a single token, or too often there")


def check(model, template, io, subject, order):
    """Refuse what must be refused in the prompts, and in the answers."""
    check_prompts(model, template, io, subject, order)
    for name in (io, subject):
        single_token(model, " " + name)


def right_pair(model, template, io, subject, order, **replaced):
    """The right answer, with some of its entries replaced by wrong ones; it refuses what should be refused."""
    check(model, template, io, subject, order)
    clean = fill(template, io, subject, order, subject)
    pair = {
        "clean": clean,
        "corrupted": fill(template, io, subject, order, io),
        "answer": single_token(model, " " + io),
        "wrong": single_token(model, " " + subject),
        "positions": {
            "IO": places(model, clean, io)[0],
            "S1": places(model, clean, subject)[0],
            "S2": places(model, clean, subject)[1],
            "END": len(model.to_str_tokens(clean)) - 1,
        },
    }
    return {name: replaced.get(name, value) for name, value in pair.items()}


def unless(excused, model, template, io, subject, order):
    """The right pair, where it is one; where it is refused for a reason that is not looked at, only its text."""
    try:
        return right_pair(model, template, io, subject, order)
    except ValueError:
        if excused:
            return {"clean": template}
        raise


@accepted
def by_prefixes(model, template, io, subject, order):
    """A name's position is the number of tokens up to and with it, in the text cut off after it."""
    if io == subject or order not in ("ABBA", "BABA"):
        raise ValueError("two different names, and one of the two orders")
    clean = fill(template, io, subject, order, subject)
    corrupted = fill(template, io, subject, order, io)
    positions = {}
    for name, labels in ((io, ["IO"]), (subject, ["S1", "S2"])):
        spots = list(re.finditer(rf"\b{re.escape(name)}\b", clean))
        if len(spots) != len(labels):
            raise ValueError(f"{name} is there {len(spots)} times")
        for label, spot in zip(labels, spots, strict=True):
            before = model.to_tokens(clean[: spot.start()].rstrip()).shape[1]
            positions[label] = model.to_tokens(clean[: spot.end()]).shape[1] - 1
            if positions[label] != before:
                raise ValueError(f"{name} is not a single token")
    if model.to_tokens(clean).shape != model.to_tokens(corrupted).shape:
        raise ValueError("the prompts are of different length")
    positions["END"] = model.to_tokens(clean).shape[1] - 1
    answers = {"answer": single_token(model, " " + io), "wrong": single_token(model, " " + subject)}
    return {"clean": clean, "corrupted": corrupted, "positions": positions, **answers}


@accepted
def by_token_ids(model, template, io, subject, order):
    """Ids alone: S2 is where the two prompts differ, the others are looked up with and without their space."""
    if io == subject or order not in ("ABBA", "BABA"):
        raise ValueError("two different names, and one of the two orders")
    clean = fill(template, io, subject, order, subject)
    corrupted = fill(template, io, subject, order, io)
    tokens, others = model.to_tokens(clean)[0], model.to_tokens(corrupted)[0]
    try:
        answer, wrong = model.to_single_token(" " + io), model.to_single_token(" " + subject)
    except AssertionError as error:
        raise ValueError(str(error)) from error
    if len(tokens) != len(others):
        raise ValueError("the prompts are of different length")
    forms = {name: model.to_tokens(name, prepend_bos=False)[0].tolist() for name in (io, subject)}

    def find(name, with_space):
        ids = [with_space] + (forms[name] if len(forms[name]) == 1 else [])
        return [position for position, token in enumerate(tokens.tolist()) if token in ids]

    at_io, at_subject = find(io, answer), find(subject, wrong)
    if len(at_io) != 1 or len(at_subject) != 2:
        raise ValueError("a name is too often there, or not a single token")
    second = int((tokens != others).nonzero()[0])
    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": int(answer),
        "wrong": int(wrong),
        "positions": {"IO": at_io[0], "S1": at_subject[0], "S2": second, "END": len(tokens) - 1},
    }


@misconception(
    "Your two answers are exchanged. Read the clean prompt aloud: the subject gives, so the one who receives is the "
    "*other* person, whose name has appeared only once. That name is `answer`; `wrong` is the giver's."
)
def answers_exchanged(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "answer": pair["wrong"], "wrong": pair["answer"]}


@misconception(
    'Your answers are the tokens of the names without a space. After "gave a bottle to" the next token begins with '
    "a space, and a name with its space is another token than the same name at the start of a text."
)
def answers_without_space(model, template, io, subject, order):
    answers = {"answer": single_token(model, io), "wrong": single_token(model, subject)}
    return right_pair(model, template, io, subject, order, **answers)


@misconception(
    "In your corrupted prompt the two names are exchanged everywhere, so it differs from the clean one in three places "
    "instead of one. Keep the names at the beginning as they are, and let only the giver change."
)
def names_exchanged_everywhere(model, template, io, subject, order):
    corrupted = fill(template, subject, io, order, io)
    return right_pair(model, template, io, subject, order, corrupted=corrupted)


@misconception(
    "Your corrupted prompt changes the subject's *first* appearance (S1) and leaves the giver. `replace` with a count "
    "of 1 takes the first one that it meets. The word to change is the giver, at S2."
)
def first_mention_replaced(model, template, io, subject, order):
    clean = fill(template, io, subject, order, subject)
    return right_pair(model, template, io, subject, order, corrupted=clean.replace(subject, io, 1))


@misconception(
    "Your corrupted prompt has only one person left in it: both appearances of the subject were replaced. Then nobody "
    "can be the answer. Change the giver alone."
)
def every_mention_replaced(model, template, io, subject, order):
    clean = fill(template, io, subject, order, subject)
    return right_pair(model, template, io, subject, order, corrupted=clean.replace(subject, io))


@misconception(
    "Your positions are all one too small: you count from the first word of the text. `model.to_tokens` puts BOS in "
    "front, at position 0, and the model's activations have a place for it."
)
def bos_not_counted(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {name: position - 1 for name, position in pair["positions"].items()}}


@misconception(
    "You count words, but positions are tokens. A full stop or a comma is a token of its own, so everything behind it "
    "is further to the right than the words tell. Look at `model.to_str_tokens(text)`."
)
def words_counted(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    words = ["BOS", *(word.strip(".,") for word in pair["clean"].split())]
    at = [position for position, word in enumerate(words) if word == subject]
    positions = {"IO": words.index(io), "S1": at[0], "S2": at[1], "END": len(words) - 1}
    return {**pair, "positions": positions}


@misconception(
    "Your S2 is where S1 is. `index` finds the first appearance of a name, and the subject appears twice: S2 is the "
    "later one."
)
def first_appearance_for_both(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {**pair["positions"], "S2": pair["positions"]["S1"]}}


@misconception(
    "Your END is the number of tokens, one past the last position. Positions start at 0, so the last token stands one "
    "before that."
)
def end_past_the_end(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {**pair["positions"], "END": pair["positions"]["END"] + 1}}


@misconception(
    "The order makes no difference in your prompts: BABA comes out as ABBA. In ABBA the indirect object is named "
    "first, in BABA the subject."
)
def order_ignored(model, template, io, subject, order):
    if order not in ("ABBA", "BABA"):
        raise ValueError("an unknown order")
    return right_pair(model, template, io, subject, "ABBA")


@misconception(
    "ABBA and BABA are exchanged: you name the subject first where the indirect object should be. Spell the pattern "
    "out: in ABBA the name that comes once (A at first, and then as the answer) opens the sentence."
)
def orders_exchanged(model, template, io, subject, order):
    if order not in ("ABBA", "BABA"):
        raise ValueError("an unknown order")
    return right_pair(model, template, io, subject, "BABA" if order == "ABBA" else "ABBA")


@misconception(
    "For BABA you exchange the two *people*, not the order in which they are named: the indirect object gives, and "
    "gets the answer wrong. Who gives and who receives is the same in both orders."
)
def roles_follow_the_order(model, template, io, subject, order):
    if order not in ("ABBA", "BABA"):
        raise ValueError("an unknown order")
    return right_pair(model, template, *((io, subject) if order == "ABBA" else (subject, io)), "ABBA")


@misconception(
    "A name of several tokens goes through, and you keep only its first token. Then the answer is a fragment that many "
    "names share, and the two prompts may differ in length. The docstring asks for a `ValueError` there."
)
def first_piece_of_a_name(model, template, io, subject, order):
    if io == subject or order not in ("ABBA", "BABA"):
        raise ValueError("two different names, and one of the two orders")
    clean = fill(template, io, subject, order, subject)
    pieces = {name: model.to_str_tokens(" " + name, prepend_bos=False) for name in (io, subject)}
    if all(len(found) == 1 for found in pieces.values()):
        return right_pair(model, template, io, subject, order)
    ids = {name: model.to_tokens(" " + name, prepend_bos=False)[0].tolist() for name in (io, subject)}
    return {"clean": clean, "answer": ids[io][0], "wrong": ids[subject][0]}


@misconception(
    "Your pairs are right, but two equal names go through without a word, and then there is no indirect object. The "
    "docstring's section *Raises* asks for a `ValueError` there."
)
def same_person_twice(model, template, io, subject, order):
    if io == subject:
        return {"clean": fill(template, io, subject, order, subject)}
    return right_pair(model, template, io, subject, order)


@misconception(
    "Your pairs are right, but a template that already holds one of the names goes through. The name is then there "
    "once too often, and a position that you look up may be the wrong one. The docstring asks for a `ValueError`."
)
def extra_name_overlooked(model, template, io, subject, order):
    frame = template.format(A="", B="", S="")
    return unless(io in frame or subject in frame, model, template, io, subject, order)


@misconception(
    'Your pairs are right, but an order that does not exist is taken for one that does. Only `"ABBA"` and `"BABA"` '
    "are known; the docstring asks for a `ValueError` for any other."
)
def any_order_taken(model, template, io, subject, order):
    return right_pair(model, template, io, subject, "ABBA" if order == "ABBA" else "BABA")


@misconception(
    'Your pairs are right, but an order in small letters is taken for one that exists. Only `"ABBA"` and `"BABA"` are '
    "known; the docstring asks for a `ValueError` for any other text."
)
def small_letters_taken(model, template, io, subject, order):
    return right_pair(model, template, io, subject, order.upper())


@misconception(
    "Your pairs are right, but for an order that does not exist another error comes out of your function. The "
    "docstring asks for a `ValueError`: catch the other error, or check `order` first."
)
def key_error_for_the_order(model, template, io, subject, order):
    return right_pair(model, template, io, subject, {"ABBA": "ABBA", "BABA": "BABA"}[order])


@misconception(
    "Your pairs are right, but for a name of several tokens an `AssertionError` comes out of your function, as "
    "`model.to_single_token` raises it. The docstring asks for a `ValueError`."
)
def assertion_for_long_names(model, template, io, subject, order):
    for name in (io, subject):
        model.to_single_token(f" {name}")
    return right_pair(model, template, io, subject, order)


@misconception(
    "Your pairs are right, but a template that already holds the *subject's* name goes through. You refuse only the "
    "indirect object's. The docstring asks for a `ValueError` for either name."
)
def extra_subject_overlooked(model, template, io, subject, order):
    return unless(subject in template, model, template, io, subject, order)


@misconception(
    "Your pairs are right, but a template that already holds the *indirect object's* name goes through. You refuse "
    "only the subject's. The docstring asks for a `ValueError` for either name."
)
def extra_io_overlooked(model, template, io, subject, order):
    return unless(io in template, model, template, io, subject, order)


@misconception(
    "Your pairs are right, but a name that the template has *after* the giver's slot goes through. The docstring asks "
    "for a `ValueError` wherever in the template a name stands."
)
def extra_name_after_the_giver(model, template, io, subject, order):
    rest = template.split("{S}")[-1]
    return unless(io in rest or subject in rest, model, template, io, subject, order)


@misconception(
    'Your pairs are right, but you refuse a template for a word that is not one of the names: "may" beside the name '
    "May. A small letter makes another word and another token."
)
def small_word_refused(model, template, io, subject, order):
    if io.lower() in template.lower() or subject.lower() in template.lower():
        raise ValueError("a name is there already")
    return right_pair(model, template, io, subject, order)


@misconception(
    "Your pairs are right, but you refuse a name that is one token in each of its places. It would be several tokens "
    "at the start of a text, and it does not stand there. Check the forms that occur."
)
def both_forms_demanded(model, template, io, subject, order):
    for form in (io, subject, " " + io, " " + subject):
        single_token(model, form)
    return right_pair(model, template, io, subject, order)


@misconception(
    "Your pairs are right, but a name that has no space before it is not checked there. At the beginning of a text or "
    "of a line it can be several tokens, although it is one after a space. The docstring asks for a `ValueError`."
)
def checked_after_a_space_only(model, template, io, subject, order):
    forms = [model.to_tokens(form, prepend_bos=False).shape[1] for form in (" " + io, " " + subject)]
    frame = template.format(A="", B="", S="")
    known = io != subject and order in ("ABBA", "BABA") and io not in frame and subject not in frame
    return unless(known and forms == [1, 1], model, template, io, subject, order)


@misconception(
    "Your pairs are right, but only the clean prompt is checked. In the corrupted one the indirect object gives, and "
    "its name can be several tokens there. Then the two prompts differ in length. The docstring asks for a `ValueError`."
)
def corrupted_not_checked(model, template, io, subject, order):
    try:
        return right_pair(model, template, io, subject, order)
    except ValueError:
        clean = fill(template, io, subject, order, subject)
        fine = len(places(model, clean, io)) == 1 and len(places(model, clean, subject)) == 2
        after_a_space = [model.to_tokens(" " + name, prepend_bos=False).shape[1] for name in (io, subject)]
        if fine and order in ("ABBA", "BABA") and after_a_space == [1, 1]:
            return {"clean": clean}
        raise


@misconception(
    "Your END is the last *word*: a colon or full stop behind it is passed over. END is the last token, because there "
    "the model predicts what comes next."
)
def end_is_the_last_word(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    words = [token.strip() not in tuple(".,:;!?") for token in model.to_str_tokens(pair["clean"])]
    last = max(position for position, word in enumerate(words) if word)
    return {**pair, "positions": {**pair["positions"], "END": last}}


@misconception(
    "Your `answer` is the name that the prompt mentions first. In BABA that is the subject's. The answer is the "
    "indirect object in both orders."
)
def answer_is_named_first(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return pair if order == "ABBA" else {**pair, "answer": pair["wrong"], "wrong": pair["answer"]}


@misconception(
    "Your IO is the place of the name that the prompt mentions first, and S1 that of the second name. In BABA the "
    "subject is mentioned first: S1 belongs to the subject in both orders."
)
def places_by_order(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    first, second = sorted((pair["positions"]["IO"], pair["positions"]["S1"]))
    return {**pair, "positions": {**pair["positions"], "IO": first, "S1": second}}


@misconception(
    "Your IO and S1 are right only where a name opens the sentence: they are always positions 1 and 3. Look the names "
    "up in the tokens of this prompt."
)
def places_of_one_template(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    places_now = {"IO": 1, "S1": 3} if order == "ABBA" else {"IO": 3, "S1": 1}
    return {**pair, "positions": {**pair["positions"], **places_now}}


@misconception("Your `answer` and `wrong` are tensors. The docstring asks for ints: `.item()` gives one.")
def answers_are_tensors(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    ids = {name: model.to_tokens(model.to_string(pair[name]), prepend_bos=False)[0, 0] for name in ("answer", "wrong")}
    return {**pair, **ids}


@misconception("Your S2 is a tensor. The docstring asks for ints as positions: `.item()` gives one.")
def s2_is_a_tensor(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    clean, corrupted = (model.to_tokens(pair[kind])[0] for kind in ("clean", "corrupted"))
    return {**pair, "positions": {**pair["positions"], "S2": (clean != corrupted).nonzero()[0, 0]}}


@misconception("You return the entries in a tuple. A dict is asked for: each entry is looked up by its name.")
def pair_in_a_tuple(model, template, io, subject, order):
    return tuple(right_pair(model, template, io, subject, order).values())


@misconception(
    "Your clean and your corrupted prompt are exchanged. In the *clean* prompt the subject gives: the name that is there "
    "twice."
)
def clean_and_corrupted_exchanged(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "clean": pair["corrupted"], "corrupted": pair["clean"]}


@misconception(
    "Your `wrong` is the token at S1. Where the subject's name opens the text, that token has no space in front, and the "
    "next token always has one."
)
def wrong_read_from_the_prompt(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "wrong": model.to_tokens(pair["clean"])[0, pair["positions"]["S1"]].item()}


@misconception(
    "Your positions are a list. A dict is asked for, with the keys `IO`, `S1`, `S2` and `END`: then nobody has to know "
    "their order."
)
def positions_in_a_list(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": list(pair["positions"].values())}


@misconception(
    "Your S1 is where S2 is. The subject appears twice, and S1 is the earlier place. (A dict from names to positions "
    "keeps only the last position of each name.)"
)
def last_appearance_for_both(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {**pair["positions"], "S1": pair["positions"]["S2"]}}


@misconception(
    "Your pairs are right, but the *answers* are not checked: a name goes through that is several tokens with a space in "
    "front, as the next token has it. The docstring asks for a `ValueError`."
)
def answer_not_checked(model, template, io, subject, order):
    check_prompts(model, template, io, subject, order)
    return unless(True, model, template, io, subject, order)


@misconception(
    "Your `answer` and `wrong` are texts. The docstring asks for token ids, which are ints: `model.to_single_token` gives "
    "one."
)
def answers_are_texts(model, template, io, subject, order):
    return {**right_pair(model, template, io, subject, order), "answer": " " + io, "wrong": " " + subject}


@misconception("Your END is -1, counted from the end. Positions are counted from the beginning, where BOS is 0.")
def end_from_the_end(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {**pair["positions"], "END": -1}}


@misconception(
    "In your corrupted prompt the same person gives, and the two names at the beginning have changed places. Leave the "
    "beginning as it is, and let the indirect object give."
)
def beginning_exchanged(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "corrupted": fill(template, io, subject, "BABA" if order == "ABBA" else "ABBA", subject)}


@misconception(
    "Your pairs are right, but what the docstring refuses ends in an `AssertionError`. It asks for a `ValueError`: use `if` "
    "and `raise`, since Python can switch assertions off."
)
def asserted(model, template, io, subject, order):
    try:
        return right_pair(model, template, io, subject, order)
    except ValueError as error:
        raise AssertionError(str(error)) from error


@misconception(
    "Your pairs are right, but a *subject* of several tokens goes through. You check the indirect object alone; the docstring "
    "asks for a `ValueError` for either name."
)
def long_subject_overlooked(model, template, io, subject, order):
    long = model.to_tokens(" " + subject, prepend_bos=False).shape[1] > 1
    return unless(long, model, template, io, subject, order)


@misconception(
    "Your pairs are right, but an *indirect object* of several tokens goes through. You check the subject alone; the docstring "
    "asks for a `ValueError` for either name."
)
def long_io_overlooked(model, template, io, subject, order):
    long = model.to_tokens(" " + io, prepend_bos=False).shape[1] > 1
    return unless(long, model, template, io, subject, order)


@misconception(
    "Your positions are those of the corrupted prompt: S1 and S2 are the places of its giver, the indirect object."
)
def places_in_the_corrupted_prompt(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    positions = pair["positions"]
    return {**pair, "positions": {**positions, "IO": positions["S1"], "S1": positions["IO"]}}


@misconception("Your positions lack END. The docstring asks for four: `IO`, `S1`, `S2` and `END`.")
def end_missing(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    return {**pair, "positions": {name: at for name, at in pair["positions"].items() if name != "END"}}


@misconception(
    "Your prompts begin with BOS as a text. `model.to_tokens` puts BOS in front by itself, so there would be two of them."
)
def prompts_with_bos(model, template, io, subject, order):
    pair = right_pair(model, template, io, subject, order)
    bos = model.tokenizer.bos_token
    return {**pair, "clean": bos + pair["clean"], "corrupted": bos + pair["corrupted"]}
