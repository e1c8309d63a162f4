import os
import sys

if sys.version_info < (3, 8):
    sys.stderr.write("Python 3.8 or newer is needed, this is " + sys.version.split()[0] + "\n")
    sys.exit(64)

# Started by path: the folder of the packages takes the place of this one. The flow's own folder comes in only when
# everything of the worker is imported, since a flow may have a file named like a module of the standard library.
sys.path[0] = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

import promptflow.client  # noqa: E402
import promptflow.core._flow  # noqa: E402
import promptflow.tools.aoai  # noqa: E402
import promptflow.tools.azure_content_safety  # noqa: E402
import promptflow.tools.common  # noqa: E402
import promptflow.tools.embedding  # noqa: E402
import promptflow.tools.openai  # noqa: E402
import promptflow.tools.serpapi  # noqa: E402, F401
from flowstead_worker.worker import main  # noqa: E402

main()
