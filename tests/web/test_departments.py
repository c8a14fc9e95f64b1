"""The tree of categories."""

from mercato.web.departments import crumbs, departments, tree


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


def test_departments_count_cards_of_two_levels(open_catalogue):
    paths = ["A > X > 1", "A > X > 2", "A > Y", "B", None]
    items = [
        {
            "id": str(at),
            "title": "t",
            "product_type": path,
            "item_group_id": "g" if at < 2 else None,
        }
        for at, path in enumerate(paths)
    ]
    found = departments(open_catalogue(items))
    assert [(each.path, each.count) for each in found] == [("A", 2), ("B", 1)]
    assert [(each.path, each.count) for each in found[0].children] == [("A > X", 1), ("A > Y", 1)]
    assert found[0].children[0].children == ()
    assert departments(open_catalogue([{"id": "1", "title": "without a category"}])) == ()
