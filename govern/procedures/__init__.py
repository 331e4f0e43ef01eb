"""What the company does, one file per thing: read what the rule needs, ask the pure middle, record, seal. No prompt, no printing."""
