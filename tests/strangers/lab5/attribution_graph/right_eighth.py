# RIGHT: correct in every promise
import torch


def list_nodes(latents):
    """List the nodes of the graph in their order; the latents are those of each layer."""
    positions = range(len(latents[0]))
    nodes = [("embedding", -1, position, -1) for position in positions]
    for layer, active in enumerate(latents):
        nodes += [("latent", layer, position, number) for position, number in active.nonzero().tolist()]
        nodes += [("error", layer, position, -1) for position in positions]
    return [*nodes, ("answer", -1, -1, -1)]


def split_mlp(transcoder, read, wrote):
    before = torch.addmm(transcoder.encoder_bias, read, transcoder.encoder)
    latents = torch.where(before > transcoder.threshold, before, torch.zeros_like(before))
    return latents, wrote - torch.addmm(transcoder.decoder_bias, latents, transcoder.decoder)


def replay(layers, start, latents, errors):
    stream, before = start, []
    for layer, values, error in zip(layers, latents, errors, strict=True):
        part = layer.transcoder
        stream = stream + layer.attend(stream)
        before.append(layer.norm(stream) @ part.encoder + part.encoder_bias)
        stream = stream + (values @ part.decoder + part.decoder_bias + error)
    return before, stream


def attribution_graph(layers, answer, start, latents, errors):
    nodes = list_nodes(latents)
    depth = len(layers)

    def fresh(tensor):
        return tensor.detach().clone().requires_grad_(True)

    with torch.enable_grad():
        begin, values, misses = fresh(start), [fresh(one) for one in latents], [fresh(one) for one in errors]
        before, final = replay(layers, begin, values, misses)
        target_of = {
            place: answer(final) if kind == "answer" else before[layer][position, number]
            for place, (kind, layer, position, number) in enumerate(nodes)
            if kind in ("latent", "answer")
        }
    inputs = [begin, *values, *misses]
    edges = start.new_zeros(len(nodes), len(nodes)).detach()
    for target, number in target_of.items():
        slopes = torch.autograd.grad(number, inputs, retain_graph=True, allow_unused=True)
        products = [
            torch.zeros_like(one) if slope is None else one.detach() * slope
            for one, slope in zip(inputs, slopes, strict=True)
        ]
        for source, (kind, layer, position, latent) in enumerate(nodes):
            if kind == "embedding":
                edges[source, target] = products[0][position].sum()
            elif kind == "latent":
                edges[source, target] = products[1 + layer][position, latent]
            elif kind == "error":
                edges[source, target] = products[1 + depth + layer][position].sum()
    return edges


def influence(edges):
    sizes = edges.abs().double()
    into = sizes.sum(dim=0, keepdim=True)
    shares = sizes / torch.where(into > 0, into, torch.ones_like(into))
    step = shares[:, -1]  # paths of one step; all edges go forward, so the paths end
    total = torch.zeros_like(step)
    for _ in range(len(edges)):
        total = total + step
        step = shares @ step
    return total.to(edges.dtype)


def smallest_set(influences, share):
    if not 0 < share <= 1:
        raise ValueError("the share must be above 0 and at most 1")
    values = influences.detach().double().tolist()
    order = sorted(range(len(values)), key=lambda node: -values[node])
    goal = share * sum(values[node] for node in order) * (1 - 1e-14)
    chosen, reached = [], 0.0
    for node in order:
        chosen.append(node)
        reached += values[node]
        if reached >= goal:
            break
    return chosen
