"""The embedded model's server: ``python -m plywise.llm_modules.providers.embedded_server MODEL``.

Started by :class:`plywise.llm_modules.providers.embedded.EmbeddedServer`, which reads the one line
of JSON that this process writes to its standard output: ``{"url": ...}`` once the model is loaded
and the server listens, or ``{"error": ...}``.  All else goes to standard error.  It ends when its
standard input closes or its parent changes, so that it never outlives the process that started
it, however that one ended.  The key that callers must show is read from the environment, never from
the command line, which every user of a machine can read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from typing import Any

KEY_VARIABLE = "PLYWISE_EMBEDDED_KEY"

# llama.cpp looks for an abandoned request between batches only.  128 tokens are about a second
# of prompt reading for a small model on two cores.
BATCH_TOKENS = 128
PROMPT_CACHE_MIB = 512
PARENT_CHECK_SECONDS = 1.0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="plywise.llm_modules.providers.embedded_server")
    parser.add_argument("model", help="a GGUF file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and answer")
    parser.add_argument("--name", default="embedded", help="the model's name in the API")
    return parser.parse_args()


def _start(options: argparse.Namespace, key: str) -> Any:
    # OpenMP's default is to spin while waiting, which collapses on busy cores (63 s in place of
    # 8 s for one prompt).  The variable counts only if it is set before the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free one, chosen by the system
    params.api_keys = [key]
    params.n_ctx = options.context
    params.n_parallel = 1  # a second slot would not share the first one's prefix cache
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cors_origins = ""  # no web page may talk to this server
    params.cors_origins_explicit = True
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 1
    return xllamacpp.Server(params)


def _end_with_input() -> None:
    while os.read(0, 4096):
        pass
    os._exit(0)


def main() -> None:
    """Load the model, say where the server listens, and serve until the parent is gone."""
    options = _arguments()
    parent = os.getppid()
    # The library may write to standard output; the report line gets a channel of its own.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def tell(**facts: str) -> None:
        report.write(json.dumps(facts) + "\n")
        report.close()

    key = os.environ.pop(KEY_VARIABLE, "")
    if not key:
        tell(error=f"the environment variable {KEY_VARIABLE} is not set")
        sys.exit(2)
    threading.Thread(target=_end_with_input, daemon=True).start()
    try:
        server = _start(options, key)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        tell(error=f"{type(error).__name__}: {error}")
        sys.stderr.flush()
        os._exit(1)  # the thread that waits for input would make an orderly exit fail
    tell(url=str(server.listening_address))
    while os.getppid() == parent:
        threading.Event().wait(PARENT_CHECK_SECONDS)
    os._exit(0)


if __name__ == "__main__":
    main()
