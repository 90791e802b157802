"""Run every benchmark with its own defaults: `python -m benchmarks`."""

import subprocess
import sys

BENCHMARKS = ("import_contacts", "smtp", "render", "dkim", "pace", "pages", "segments", "send")


def main() -> int:
    worst = 0
    for name in BENCHMARKS:
        print(f"\n{name}", flush=True)
        worst = max(
            worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *sys.argv[1:]], check=False).returncode
        )
    return worst


if __name__ == "__main__":
    sys.exit(main())
