"""Runs one command and prints what it cost: wall seconds, processor seconds, peak memory in bytes, exit code.

Started with `-I -S` and importing next to nothing, since a process that was forked inherits the peak of the one that forked it.
"""

import os
import sys
import time

SILENT = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
if not os.environ.get("BENCH_LOUD"):
    SILENT.append((os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0))

started = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=SILENT)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - started
peak = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(wall, usage.ru_utime + usage.ru_stime, peak, os.waitstatus_to_exitcode(status))
