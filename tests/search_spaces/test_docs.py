import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "search_spaces.md"


def test_the_code_of_the_page_runs() -> None:
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)
    assert len(blocks) == 6
    exec("\n".join(blocks), {})
