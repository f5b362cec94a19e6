"""A small people file that is right, and how to write one that is not."""

from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "config" / "people.example.yaml"

SMALL = """\
units:
  - {key: bureau, name: 云河区综合执法局, short_name: 云河综合执法}
  - {key: duty, name: 值班室, parent: bureau}
people:
  - key: zhou
    name: 周甲
    unit: duty
    roles: [duty_officer]
    phone: "+8613800000001"
    email: zhou@example.com
    stand_in: wu
  - {key: wu, name: 吴乙, unit: duty, roles: [duty_chief, reporter], language: en}
"""


def changed(*changes: tuple[str, str]) -> str:
    """SMALL with each (old, new) replaced; `old` stands in it once."""
    text = SMALL
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def written(folder: Path, text: str) -> Path:
    path = folder / "people.yaml"
    path.write_text(text, encoding="utf-8")
    return path
