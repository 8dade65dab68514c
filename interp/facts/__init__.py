"""What was published about a model, as data, and whether it holds on the weights that are here."""
