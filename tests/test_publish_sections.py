"""Sections of a notebook that may be left out, and are where their data are not there."""

from nbformat import v4

from segkit.publish import pages


def heading(text: str, *tags: str):
    return v4.new_markdown_cell(text, metadata={"tags": list(tags)})


def code(*said: str, tags=()):
    outputs = [v4.new_output("display_data", data={"text/html": each}) for each in said]
    return v4.new_code_cell("x", outputs=outputs, metadata={"tags": list(tags)})


def kept(*cells) -> list[str]:
    """The headings that are left."""
    found = pages.without_silence(v4.new_notebook(cells=list(cells)))
    return [cell.source for cell in found.cells if cell.cell_type == "markdown"]


def test_an_optional_section_without_a_word_is_left_out_and_one_with_a_word_is_not():
    assert kept(heading("# P"), heading("## A", "optional"), code(), heading("## B", "optional"), code("said")) == ["# P", "## B"]
    assert kept(heading("# P"), heading("## A"), code()) == ["# P", "## A"], "nobody said it may be left out"
    checked = code("3", tags=["keep_output"])
    assert kept(heading("# P"), heading("## A", "optional"), checked) == ["# P"], "what is checked is not for readers"


def test_a_part_of_a_section_is_left_out_alone():
    whole = [heading("## A"), code("said"), heading("### a", "optional"), code(), heading("### b"), code("said")]
    assert kept(*whole) == ["## A", "### b"]


def test_a_section_stays_for_what_any_of_its_parts_says_and_goes_with_all_of_them():
    parts = [heading("## A", "optional"), code(), heading("### a", "optional"), code()]
    assert kept(*parts, heading("### b"), code("said"), heading("## B"), code()) == ["## A", "### b", "## B"]
    assert kept(*parts, heading("### b"), code(), heading("## B"), code()) == ["## B"]
