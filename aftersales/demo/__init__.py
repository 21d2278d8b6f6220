"""Invented people, devices and orders in every state, made by the same services as real ones."""
