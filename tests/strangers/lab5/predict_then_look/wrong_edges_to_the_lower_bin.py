# WRONG: puts a prediction on an edge into the lower bin; promised: 'an edge belongs to the upper of the two bins that it touches'
import torch


def brier_score(predicted, happened):
    return torch.nn.functional.mse_loss(predicted.double(), happened.double()).item()


def log_score(predicted, happened):
    p = predicted.double()
    return torch.where(happened.bool(), p, 1 - p).log().neg().mean().item()


def calibration_bins(predicted, happened, n_bins):
    p, came = predicted.flatten(), happened.flatten().double()
    place = ((p * n_bins).ceil().long() - 1).clamp(min=0)
    counts = torch.bincount(place, minlength=n_bins).tolist()
    said = torch.bincount(place, weights=p.double(), minlength=n_bins).tolist()
    true = torch.bincount(place, weights=came, minlength=n_bins).tolist()
    return [(n, a / n, b / n) for n, a, b in zip(counts, said, true, strict=True) if n]


def predict_then_look(predicted, happened, n_bins):
    if predicted.shape != happened.shape or predicted.numel() == 0 or n_bins < 1:
        raise ValueError("predictions and outcomes do not fit, or there are none, or no bin")
    if not bool(((predicted >= 0) & (predicted <= 1)).all()):
        raise ValueError("a probability is not between 0 and 1")
    brier, share = brier_score(predicted, happened), happened.double().mean().item()
    simple = share * (1 - share)
    bins = calibration_bins(predicted, happened, n_bins)
    return {
        "brier": brier,
        "log": log_score(predicted, happened),
        "skill": 1 - brier / simple if 0 < share < 1 else None,
        "calibration_error": sum(n * abs(said - true) for n, said, true in bins) / predicted.numel(),
    }
