"""Wrong: the first block reads the stream as it comes."""


def difference_of_means(positive, negative):
    if positive.shape[0] == 0 or negative.shape[0] == 0:
        raise ValueError("no activations")
    return positive.sum(0) / positive.shape[0] - negative.sum(0) / negative.shape[0]


def project_out(activations, direction):
    square = (direction * direction).sum()
    if square == 0:
        raise ValueError("zero direction")
    amount = (activations * direction).sum(-1, keepdim=True) / square
    return activations - amount * direction


def stream_without(blocks, stream, direction):
    x = stream
    for block in blocks:
        x = project_out(x + block(x), direction)
    return x
