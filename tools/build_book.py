"""Build the book strictly: execute its notebooks, then make the pages; any warning is an error.

Two keys, hashes of contents and not of dates, decide what an earlier build is still good for. Jupyter keys
its cache of executed notebooks on their code alone: here it is dropped when the library, the pins or the
scale change. The pages are dropped when the configuration, the extensions or the bibliography change, and
when the last build did not end well, because Sphinx would not repeat its warnings about pages it thinks are
done.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import execute

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "_build"
LIBRARY_KEY = BUILD / ".library-key"
PAGES_KEY = BUILD / ".pages-key"
PAGES = ("html", ".doctrees", "jupyter_execute")


def main():
    start = time.perf_counter()
    BUILD.mkdir(exist_ok=True)
    library, pages = library_key(), pages_key()
    if read(LIBRARY_KEY) != library:
        drop(".jupyter_cache", *PAGES)
        write(LIBRARY_KEY, library)
    if execute.main(jobs=int(os.environ.get("JOBS", "2"))):
        return "The book was not built: a notebook fails."
    if read(PAGES_KEY) != library + pages:
        drop(*PAGES)
    PAGES_KEY.unlink(missing_ok=True)
    print("making the pages", flush=True)
    made = subprocess.run(sphinx(), cwd=ROOT, stdout=subprocess.DEVNULL)  # warnings and errors are on stderr
    if made.returncode:
        return "The book was not built: see the warnings and errors above."
    write(PAGES_KEY, library + pages)
    print(f"{BUILD / 'html' / 'index.html'}: built in {time.perf_counter() - start:.0f} s")
    return 0


def sphinx():
    command = "from jupyter_book.cli.main import main; main()"
    return [sys.executable, "-c", command, "build", str(ROOT), "-q", "-W", "-n", "--keep-going"]


def library_key():
    """What the outputs of a notebook depend on besides its code."""
    files = [*(ROOT / "lib").rglob("*.py"), *(ROOT / "lib").rglob("*.toml"), ROOT / "constraints.txt"]
    return digest(files, sys.version, os.environ.get("DLTHEORY_SCALE", ""))


def pages_key():
    """What the pages depend on besides the notebooks and texts, whose changes Sphinx sees."""
    patterns = ("_config.yml", "_toc.yml", "extensions/*.py", "chapters/**/*.bib")
    return digest(path for pattern in patterns for path in ROOT.glob(pattern))


def digest(paths, *texts):
    total = hashlib.sha256("\0".join(texts).encode())
    for path in sorted(paths):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"\0{path.relative_to(ROOT)} {content}".encode())
    return total.hexdigest()


def drop(*names):
    for name in names:
        shutil.rmtree(BUILD / name, ignore_errors=True)


def read(path):
    return path.read_text() if path.exists() else ""


def write(path, text):
    """Write in one step: an interrupted build leaves the old file or the new one."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.replace(path)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("Interrupted; the notebooks that were executed need not be executed again.")
