# RIGHT: correct in every promise
import torch
from matplotlib.figure import Figure


def plot_attention(pattern, tokens, title):
    size = len(tokens)
    if tuple(pattern.shape) != (size, size):
        raise ValueError(f"the pattern is {tuple(pattern.shape)}, but there are {size} tokens")
    figure = Figure(figsize=(2 + 0.35 * size, 1.5 + 0.35 * size))  # made without pyplot: nobody else holds it
    axes = figure.add_subplot()
    image = axes.imshow(pattern.detach().cpu().float().numpy(), origin="upper", interpolation="nearest")
    for axis, name in ((axes.xaxis, "key"), (axes.yaxis, "query")):
        axis.set_ticks(range(size), labels=list(tokens), parse_math=False)
        axis.set_label_text(name)
    axes.tick_params(axis="x", labelrotation=90)
    axes.set_title(title, parse_math=False)
    figure.colorbar(image, ax=axes, label="attention")
    return figure



def heads_attending_to(pattern, str_tokens, word, threshold):
    wanted = word.strip(" ")
    places = [place for place, token in enumerate(str_tokens) if token.strip(" ") == wanted]
    if not places:
        raise ValueError(f"{word!r} is none of the tokens")
    rows = pattern[:, :, -1][..., places].sum(dim=-1).tolist()
    return [(n, h, value) for n, row in enumerate(rows) for h, value in enumerate(row) if value > threshold]
