# WRONG: gives up if all heads together are not enough; promised: 'A smaller set that comes before may be enough where all heads together are not'
def find_circuit(effects, evaluate, target):
    n_layers, n_heads = effects.shape
    heads = [(layer, head) for layer in range(n_layers) for head in range(n_heads)]
    if evaluate(list(heads)) < target:
        raise ValueError("even all heads together are not enough")
    heads.sort(key=lambda h: -abs(effects[h].item()))
    circuit = []
    for head in heads:
        if evaluate(list(circuit)) >= target:
            break
        circuit.append(head)
    for head in circuit[::-1]:
        rest = [h for h in circuit if h != head]
        if evaluate(rest) >= target:
            circuit = rest
    return sorted(circuit)
