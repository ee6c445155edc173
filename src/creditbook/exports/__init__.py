"""Figures that leave the house as files: CSV, XLSX, Parquet, PDF, FOCUS; receipts; exports that run by themselves.

A service beside `reports`: it reads the store for a principal and writes files. `cells` is what every CSV of ours goes
through, `files` how a file appears whole or not at all.
"""
