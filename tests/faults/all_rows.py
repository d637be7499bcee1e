"""
All rows, in the order of the page.

SPDX-License-Identifier: MIT
"""

import rows_record  # noqa: F401
import rows_servers  # noqa: F401
import rows_resolvers  # noqa: F401
import rows_ways  # noqa: F401
from row import ROWS  # noqa: F401
