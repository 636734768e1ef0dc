"""Nearest neighbours over (int64 id, float32 unit vector), and versioned snapshots of them."""
