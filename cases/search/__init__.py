"""The archive search: one sealed index per community, asked and extended in memory only."""
