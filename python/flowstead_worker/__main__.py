import sys

if sys.version_info < (3, 8):
    sys.stderr.write("Python 3.8 or newer is needed, this is " + sys.version.split()[0] + "\n")
    sys.exit(64)

from flowstead_worker.worker import main  # noqa: E402

main()
