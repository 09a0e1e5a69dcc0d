"""A model's files, read without torch: where they are, headers, digests."""
