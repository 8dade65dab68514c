# WRONG: reshapes [batch, pos, head, d] to [batch, head, pos, d] in place of a transpose, so heads and positions are mixed; promised: attention 'of every head from its queries and keys'
import torch


def attention_from_qk(q, k):
    batch, pos, heads, d_head = q.shape
    q = q.reshape(batch, heads, pos, d_head)
    k = k.reshape(batch, heads, pos, d_head)
    scores = q @ k.transpose(-1, -2) / d_head**0.5
    mask = torch.triu(torch.ones(pos, pos, dtype=torch.bool, device=q.device), diagonal=1)
    return scores.masked_fill(mask, float("-inf")).softmax(dim=-1)
