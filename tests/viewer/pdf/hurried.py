"""The child with all its limits, and a second of processor time instead of fifteen."""

import sys

from viewer.children import limits

if __name__ == "__main__":
    limits.before_imports(int(sys.argv[1]))

from viewer.pdf import child

if __name__ == "__main__":
    limits.CPU_SECONDS = 1  # type: ignore[misc]
    child.main()
