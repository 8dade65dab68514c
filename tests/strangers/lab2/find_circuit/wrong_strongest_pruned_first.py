# WRONG: prunes from the strongest to the weakest; promised: 'from the weakest to the strongest, each head is dropped without which it is still enough'
import torch


def find_circuit(effects, evaluate, target):
    n_heads = effects.shape[1]
    order = torch.sort(effects.detach().abs().flatten(), descending=True, stable=True).indices.tolist()
    queue = [divmod(place, n_heads) for place in order]

    size = 0
    while not evaluate(queue[:size]) >= target:
        size += 1
        if size > len(queue):
            raise ValueError("no set of heads was enough")

    circuit = queue[:size]
    for head in queue[:size]:
        smaller = [other for other in circuit if other != head]
        if evaluate(list(smaller)) >= target:
            circuit = smaller
    return sorted(circuit)
