# WRONG: sorts (magnitude, layer, head) in reverse, so of equal magnitudes the later head comes first; promised: 'among equals: earlier layer, then lower head number'
def find_circuit(effects, evaluate, target):
    n_layers, n_heads = effects.shape
    ranked = sorted(
        ((abs(effects[l, h].item()), l, h) for l in range(n_layers) for h in range(n_heads)), reverse=True
    )
    ranked = [(l, h) for _, l, h in ranked]
    circuit = []
    for head in ranked:
        if evaluate(list(circuit)) >= target:
            break
        circuit.append(head)
    else:
        if evaluate(list(circuit)) < target:
            raise ValueError("not enough")
    for head in circuit[::-1]:
        rest = [h for h in circuit if h != head]
        if evaluate(rest) >= target:
            circuit = rest
    return sorted(circuit)
