# WRONG: gives the window's half width as the peak, also where the window is cut at the edge; promised: `peak` is 'the place of the position within window'
def max_activating(activations, tokens, text, k, window):
    examples = []
    for row, (values, ids, real) in enumerate(zip(activations.tolist(), tokens.tolist(), text.tolist(), strict=True)):
        places = [place for place, is_text in enumerate(real) if is_text and values[place] > 0]
        if not places:
            continue
        peak = max(places, key=values.__getitem__)  # max gives the first of equals
        around = [place for place, is_text in enumerate(real) if is_text and abs(place - peak) <= window]
        examples.append(
            {
                "activation": float(values[peak]),
                "row": row,
                "position": peak,
                "window": [ids[place] for place in around],
                "peak": window,
            }
        )
    examples.sort(key=lambda example: -example["activation"])
    return examples[:k]
