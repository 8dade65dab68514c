# WRONG: checks only the name with a space in front, not the name at the very beginning; promised: ValueError when 'a name is not a single token in one of its places'
def make_ioi_pair(model, template, io, subject, order):
    if io == subject:
        raise ValueError("same names")
    if order not in ["ABBA", "BABA"]:
        raise ValueError("order")
    bare = template.replace("{A}", "").replace("{B}", "").replace("{S}", "")
    if io in bare or subject in bare:
        raise ValueError("name in template")
    ids = {}
    for name in (io, subject):
        tokens = model.to_tokens(" " + name, prepend_bos=False)
        if tokens.shape[1] != 1:
            raise ValueError(f"{name} is not a single token")
        ids[name] = tokens[0, 0].item()
    a, b = (io, subject) if order == "ABBA" else (subject, io)
    clean = template.replace("{A}", a).replace("{B}", b).replace("{S}", subject)
    corrupted = template.replace("{A}", a).replace("{B}", b).replace("{S}", io)

    def position(slot):
        # the number of tokens up to and with the name, BOS included, minus one
        before = template[: template.index(slot) + len(slot)]
        text = before.replace("{A}", a).replace("{B}", b).replace("{S}", subject)
        return model.to_tokens(text).shape[1] - 1

    return {
        "clean": clean,
        "corrupted": corrupted,
        "answer": ids[io],
        "wrong": ids[subject],
        "positions": {
            "IO": position("{A}" if order == "ABBA" else "{B}"),
            "S1": position("{B}" if order == "ABBA" else "{A}"),
            "S2": position("{S}"),
            "END": model.to_tokens(clean).shape[1] - 1,
        },
    }
