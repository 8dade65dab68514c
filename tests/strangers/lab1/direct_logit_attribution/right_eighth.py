# RIGHT: correct in every promise
import torch


def direct_logit_attribution(model, tokens, correct, wrong):
    layers = range(model.cfg.n_layers)
    z_names = [f"blocks.{n}.attn.hook_z" for n in layers]
    mlp_names = [f"blocks.{n}.hook_mlp_out" for n in layers]
    others = ["hook_embed", "hook_pos_embed", "ln_final.hook_scale"]
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=z_names + mlp_names + others)
        correct, wrong = correct.to(model.W_U.device), wrong.to(model.W_U.device)
        u = (model.W_U[:, correct] - model.W_U[:, wrong]).T  # [batch, d_model]
        # centring a component and then taking the product with u = the product with the centred u
        reader = (u - u.mean(dim=1, keepdim=True)) / cache["ln_final.hook_scale"][:, -1]
        z = torch.stack([cache[name][:, -1] for name in z_names])  # [layer, batch, head, d_head]
        heads = torch.einsum("lbhe,lhed,bd->blh", z, model.W_O, reader)
        mlps = torch.einsum("lbd,bd->bl", torch.stack([cache[name][:, -1] for name in mlp_names]), reader)
        base = cache["hook_embed"][:, -1] + cache["hook_pos_embed"][:, -1] + model.b_O.sum(dim=0)
        rest = (base * reader).sum(dim=1) + model.b_U[correct] - model.b_U[wrong]
    return {"heads": heads, "mlps": mlps, "rest": rest}
