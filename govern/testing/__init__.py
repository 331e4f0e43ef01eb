"""What tests of connectors, ours and others', stand on: a platform that lies in memory, and faults at every call."""
