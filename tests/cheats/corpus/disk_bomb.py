"""A file that grows until the disk is full."""
# expect: raised
# limits: file_mb=4 tmp_mb=8


def find_heads(scores, threshold):
    with open("cheat-large", "wb", 0) as file:
        while True:
            file.write(bytes(1 << 20))
