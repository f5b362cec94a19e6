"""The rules as they are shipped, and the scenarios: what the tests of rehearsals start from."""

from pathlib import Path
from zoneinfo import ZoneInfo

from incident_clock.protocol.loading import load_protocols
from incident_clock.rehearsal.stage import Setting

ROOT = Path(__file__).parents[2]
PROTOCOLS = ROOT / "config" / "protocols"
SHANGHAI = ZoneInfo("Asia/Shanghai")
SCENARIOS = ROOT / "tests" / "scenarios" / "district-emergency.yaml"
CASES = ROOT / "tests" / "scenarios" / "case.yaml"  # scenarios of our own


def shipped(language: str = "zh") -> Setting:
    """The rules of `config/protocols`, the five steps first."""
    protocols = load_protocols(PROTOCOLS / "district-emergency.yaml", PROTOCOLS)
    return Setting(protocols, "district-emergency", SHANGHAI, language)
