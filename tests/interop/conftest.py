# SPDX-License-Identifier: ISC
# SPDX-FileCopyrightText: 2026 The Doorstep authors
"""Real peers: they need root, and their packages (tests/run installs both)."""

import os
import sys

import pytest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "lib"))

import doorstep  # noqa: E402
import peers  # noqa: E402


def pytest_collection_modifyitems(items):
    reason = None
    if not doorstep.is_built():
        reason = "DOORSTEP_BUILD names no build"
    elif os.getuid() != 0:
        reason = "Postfix and Dovecot start as root only"
    elif not peers.find("postfix") or not peers.find("dovecot"):
        reason = "Postfix or Dovecot is not installed"
    if reason:
        for item in items:
            if os.path.dirname(str(item.fspath)) == os.path.dirname(__file__):
                item.add_marker(pytest.mark.skip(reason=reason))
