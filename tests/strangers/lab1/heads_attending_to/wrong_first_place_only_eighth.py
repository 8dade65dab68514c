# WRONG: only the first place of the word counts; promised: 'the attention is the sum over all places of the word'
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
    stripped = [token.strip() for token in str_tokens]
    if word.strip() not in stripped:
        raise ValueError("word not found")
    place = stripped.index(word.strip())
    found = []
    for layer in range(pattern.shape[0]):
        for head in range(pattern.shape[1]):
            attention = pattern[layer, head, -1, place].item()
            if attention > threshold:
                found.append((layer, head, attention))
    return found
