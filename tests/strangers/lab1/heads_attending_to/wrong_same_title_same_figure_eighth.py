# WRONG: the figure is looked up by its title (plt.subplots(num=title, clear=True)), so a second call with the title wipes the first figure; promised: 'Each call makes a figure of its own, also with the same title'
import torch
from matplotlib import pyplot as plt


def plot_attention(pattern, tokens, title):
    n = len(tokens)
    if pattern.ndim != 2 or pattern.shape[0] != n or pattern.shape[1] != n:
        raise ValueError("pattern and tokens do not fit")
    fig, ax = plt.subplots(num=title, clear=True)
    im = ax.imshow(pattern.detach().cpu().numpy())
    ax.set_xticks(range(n), tokens, rotation=90)
    ax.set_yticks(range(n), tokens)
    ax.set_xlabel("key")
    ax.set_ylabel("query")
    ax.set_title(title)
    fig.colorbar(im)
    return fig



def heads_attending_to(pattern, str_tokens, word, threshold):
    wanted = word.strip(" ")
    places = [place for place, token in enumerate(str_tokens) if token.strip(" ") == wanted]
    if not places:
        raise ValueError(f"{word!r} is none of the tokens")
    rows = pattern[:, :, -1][..., places].sum(dim=-1).tolist()
    return [(n, h, value) for n, row in enumerate(rows) for h, value in enumerate(row) if value > threshold]
