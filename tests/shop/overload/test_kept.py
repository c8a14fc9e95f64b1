import weakref

from mercato.shop.overload.kept import Kept


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_too_old_is_not_given() -> None:
    clock = Clock()
    kept: Kept[str] = Kept(seconds=30, clock=clock)
    kept.put("a", "first")
    clock.now = 30
    assert kept.get("a") == "first"
    clock.now = 31
    assert kept.get("a") is None
    kept.put("a", "second")
    assert kept.get("a") == "second"
    assert (kept.hits, kept.misses) == (2, 1)


def test_what_is_too_old_holds_no_memory() -> None:
    clock = Clock()
    kept: Kept[Clock] = Kept(seconds=30, clock=clock)
    old = Clock()
    gone = weakref.ref(old)
    kept.put("a", old)
    del old
    clock.now = 20
    kept.put("b", Clock())
    assert gone() is not None
    clock.now = 31
    kept.put("c", Clock())
    assert gone() is None
    assert kept.get("b") is not None


def test_only_the_newest_are_kept() -> None:
    kept: Kept[int] = Kept(most=3)
    for number in range(4):
        kept.put(number, number)
    kept.put(1, 10)
    kept.put(4, 4)
    assert [kept.get(number) for number in range(5)] == [None, 10, None, 3, 4]


def test_large_ones_take_the_room_of_several() -> None:
    kept: Kept[str] = Kept(most=10)
    for key in "abc":
        kept.put(key, key, 3)
    kept.put("c", "again", 4)
    assert [kept.get(key) for key in "abc"] == ["a", "b", "again"]
    kept.put("d", "d", 6)
    assert [kept.get(key) for key in "abcd"] == [None, None, "again", "d"]
    kept.put("e", "e", 11)
    assert [kept.get(key) for key in "cde"] == [None, None, None]
    kept.put("f", "f", 10)
    assert kept.get("f") == "f"
