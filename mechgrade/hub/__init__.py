"""Real models on the Hub: what they are called there, which files are here already, how to get them, why that failed.

Nothing here imports torch or TransformerLens: listing and downloading models takes a fraction of a second to start.
"""
