# WRONG: the list is sorted by attention, the strongest first; promised: 'in ascending order of (layer, head)'
import torch
from matplotlib import pyplot as plt


def plot_attention(pattern, tokens, title):
    n = len(tokens)
    if pattern.ndim != 2 or pattern.shape[0] != n or pattern.shape[1] != n:
        raise ValueError("pattern and tokens do not fit")
    fig, ax = plt.subplots()
    im = ax.imshow(pattern.detach().cpu().numpy())
    ax.set_xticks(range(n), tokens, rotation=90)
    ax.set_yticks(range(n), tokens)
    ax.set_xlabel("key")
    ax.set_ylabel("query")
    ax.set_title(title)
    fig.colorbar(im)
    return fig


def heads_attending_to(pattern, str_tokens, word, threshold):
    places = [i for i, token in enumerate(str_tokens) if token.strip() == word.strip()]
    if len(places) == 0:
        raise ValueError("word not found")
    attention = pattern[:, :, -1, :][:, :, places].sum(-1)
    found = []
    for layer in range(attention.shape[0]):
        for head in range(attention.shape[1]):
            if attention[layer, head] > threshold:
                found.append((layer, head, attention[layer, head].item()))
    return sorted(found, key=lambda entry: entry[2], reverse=True)
