"""Nodes of keras.ops."""
