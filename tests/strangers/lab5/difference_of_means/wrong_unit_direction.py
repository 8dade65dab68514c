"""Wrong: the direction is scaled to length one before it is returned."""


def difference_of_means(positive, negative):
    if positive.shape[0] == 0 or negative.shape[0] == 0:
        raise ValueError("no activations")
    direction = positive.mean(0) - negative.mean(0)
    return direction / direction.norm()


def project_out(activations, direction):
    square = (direction * direction).sum()
    if square == 0:
        raise ValueError("zero direction")
    amount = (activations * direction).sum(-1, keepdim=True) / square
    return activations - amount * direction


def stream_without(blocks, stream, direction):
    x = project_out(stream, direction)
    for block in blocks:
        x = project_out(x + block(x), direction)
    return x
