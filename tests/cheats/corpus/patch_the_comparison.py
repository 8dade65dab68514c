"""The engine's comparison, imported here, finds no difference."""
# expect: wrong
# levels: full

try:
    import mechgrade.grading.compare as compare
    import mechgrade.grading.judge as judge

    compare.compare = judge.compare = lambda *args, **kwargs: compare.Comparison(None, 0.0)
    judge.judge = lambda *args, **kwargs: judge.Judgement("passed")
except ImportError:
    pass


def find_heads(scores, threshold):
    return [(50, 50)]
