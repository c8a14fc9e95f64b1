"""The tree of categories."""

from mercato.web.departments import crumbs, tree


def test_paths_become_a_tree_with_the_fullest_first():
    found = tree({"A": 5, "B": 9, "A > X": 2, "A > Y": 3, "A > X > 1": 2, "B > Z": 9})
    assert [(each.name, each.count) for each in found] == [("B", 9), ("A", 5)]
    assert [each.path for each in found[1].children] == ["A > Y", "A > X"]
    assert [each.name for each in found[1].children[1].children] == ["1"]


def test_a_level_whose_parent_was_cut_off_is_left_out():
    assert tree({"A > X": 2}) == ()


def test_crumbs_lead_to_each_level():
    assert crumbs("A & B > C") == (
        ("A & B", "/browse?category=A+%26+B"),
        ("C", "/browse?category=A+%26+B+%3E+C"),
    )
    assert crumbs("") == ()
