"""The ledger's bytes: commitments, Merkle trees, signed checkpoints, their replay and proofs. Knows neither people nor the store."""
