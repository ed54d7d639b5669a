# SPDX-License-Identifier: LGPL-2.1-or-later
"""The suite that tests/fault/run starts in its private machine."""
import sys

from degraded import every_lack
from matrix import every_call

results = [every_call(), every_lack()]
passed, failed = (sum(numbers) for numbers in zip(*results))
print(f'fault: {passed} passed, {failed} failed, 0 skipped')
sys.exit(1 if failed else 0)
