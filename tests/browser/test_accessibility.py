"""axe-core on pages of our own components: nothing critical or serious, nothing that moves unasked.

`python -m benchmarks accessibility` does the same on every page; this is what each commit sees.
"""

import pytest

from benchmarks.accessibility_pages import Scene, check, look, nothing

pytestmark = pytest.mark.browser
SCENES = {
    "remix": (Scene("Remix", "remix", (nothing,)), "dark", 390),
    "sample": (Scene("Sample", "sample", (nothing,)), "light", 1280),
}
GRAVE = {"critical", "serious"}


@pytest.mark.parametrize("name", SCENES)
def test_axe_finds_nothing_grave_and_nothing_moves(visit, name):
    scene, scheme, width = SCENES[name]
    visitor = visit(width, scheme, reduced_motion="reduce")
    (found,) = look(visitor.page, visitor.address, scene, scheme, [width], "")
    assert [finding for finding in found.findings if finding.impact in GRAVE] == []
    assert found.moving == set()
    assert found.wide_px == 0


def test_axe_sees_a_fault_inside_a_component(chromium):
    page = chromium.new_page()
    page.set_content("<main><h1>Page</h1><div></div></main>")
    page.evaluate(
        """() => document.querySelector('div').attachShadow({mode: 'open'}).innerHTML =
        '<img src="x.png"><p style="color: #aaa; background: #fff">faint</p>'"""
    )
    found = {(finding.rule, finding.impact) for finding in check(page)}
    assert {("image-alt", "critical"), ("color-contrast", "serious")} <= found
    page.close()
