"""All that time makes due, in one run; see `govern.procedures.tick.run`."""
