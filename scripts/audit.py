"""Asks the package index's list of known vulnerabilities about every pinned package.

Fails when it names one; says so, and succeeds, when the list cannot be reached.
"""

import json
import subprocess
import sys
from pathlib import Path

CONSTRAINTS = Path(__file__).resolve().parent.parent / "constraints.txt"


def ask() -> subprocess.CompletedProcess[str]:
    """pip-audit over the pins, without resolving them again; its answer as JSON on stdout."""
    command = [sys.executable, "-m", "pip_audit", "--no-deps", "--disable-pip", "--format=json"]
    command += ["--progress-spinner=off", "--timeout=10", f"--requirement={CONSTRAINTS}"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def main() -> int:
    answer = ask()
    try:
        packages = json.loads(answer.stdout)["dependencies"]
    except json.JSONDecodeError:
        reason = (answer.stderr.strip().splitlines() or ["no answer"])[-1]
        print(f"pip-audit: not done, the list of vulnerabilities cannot be reached: {reason}")
        return 0
    audited = [each for each in packages if "skip_reason" not in each]
    if not audited:
        print(f"pip-audit: not done, the index knows no package: {packages[0]['skip_reason']}")
        return 0
    known = [(each, bug) for each in audited for bug in each["vulns"]]
    for package, bug in known:
        mended = ", ".join(bug["fix_versions"]) or "no version yet"
        print(f"{package['name']} {package['version']}: {bug['id']}, mended in {mended}")
    print(
        f"pip-audit: {len(audited)} of {len(packages)} packages, {len(known)} known vulnerabilities"
    )
    return 1 if known else 0


if __name__ == "__main__":
    sys.exit(main())
