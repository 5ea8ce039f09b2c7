"""Server of the embedded model, a process of its own; its argument is the model file.

:class:`plywise.llm_modules.providers.embedded.EmbeddedServer` starts this process and reads one
line of JSON from its standard output: ``{"url": ...}`` once the model is loaded and the server
listens, or ``{"error": ...}``.  Everything else goes to standard error.  The key that callers need
comes from the environment, not from the command line, which every user of a machine can read.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import threading
from typing import Any

KEY_VARIABLE = "PLYWISE_EMBEDDED_KEY"

# llama.cpp checks for cancelled requests between batches only.  A small model on two cores reads
# 128 tokens of a prompt in about a second.
BATCH_TOKENS = 128
PROMPT_CACHE_MIB = 512


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="plywise.llm_modules.providers.embedded_server")
    parser.add_argument("model", help="GGUF file")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--context", type=int, default=4096, help="tokens of prompt and answer")
    parser.add_argument("--name", default="embedded", help="name of the model in the API")
    return parser.parse_args()


def _start(options: argparse.Namespace, key: str) -> Any:
    # OpenMP threads spin while waiting by default, which is slow on busy cores (63 s instead of 8 s
    # for one prompt).  The variable must be set before the library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = options.model
    params.model_alias = {options.name}
    params.hostnames = ["127.0.0.1"]
    params.port = 0  # a free port
    params.api_keys = [key]
    params.n_ctx = options.context
    params.n_parallel = 1  # a second slot would not share the first one's prefix cache
    params.n_batch = params.n_ubatch = BATCH_TOKENS
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = options.threads
    params.cache_ram_mib = PROMPT_CACHE_MIB
    params.cors_origins = ""  # web pages may not call this server
    params.cors_origins_explicit = True
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = 1
    return xllamacpp.Server(params)


def main() -> None:
    """Load the model, report the server's address, and serve until the process is ended."""
    options = _arguments()
    # The library may write to standard output; the report uses a copy of it.
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def send(**fields: str) -> None:
        report.write(json.dumps(fields) + "\n")
        report.close()

    key = os.environ.pop(KEY_VARIABLE, "")
    if not key:
        send(error=f"the environment variable {KEY_VARIABLE} is not set")
        sys.exit(2)
    try:
        server = _start(options, key)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        send(error=f"{type(error).__name__}: {error}")
        sys.stderr.flush()
        os._exit(1)
    send(url=str(server.listening_address))
    threading.Event().wait()
