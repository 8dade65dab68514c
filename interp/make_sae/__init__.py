"""Sparse autoencoders for any model of the course, made by sae-lens's own trainer: `mechgrade sae train`."""
