"""What is done when something went wrong: steps in their order, who may do them, and how long each took. Pure; knows no ledger and no file."""
