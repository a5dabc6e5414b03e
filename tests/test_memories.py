"""A process remembers what was used lately, and never more than it may."""

from portal.memories import Memory


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    memory = Memory[str, int](2)
    memory.put("a", 1)
    memory.put("b", 2)
    assert memory.get("a") == 1

    memory.put("c", 3)

    assert [memory.get(each) for each in "abc"] == [1, None, 3]
    assert "b" not in memory


def test_what_is_remembered_anew_is_the_newest() -> None:
    memory = Memory[str, int](2)
    for key, value in (("a", 1), ("b", 2), ("a", 3), ("c", 4)):
        memory.put(key, value)

    assert [memory.get(each) for each in "abc"] == [3, None, 4]


def test_what_is_no_longer_true_is_forgotten_and_what_never_was_disturbs_nobody() -> None:
    memory = Memory[str, int](2)
    memory.put("a", 1)

    memory.forget("a")
    memory.forget("b")

    assert "a" not in memory


def test_what_is_heavy_takes_the_place_of_several_and_the_latest_always_stays() -> None:
    memory = Memory[str, str](10, len)
    for each in ("four", "also", "me"):
        memory.put(each, each)
    assert memory.weight == 10

    memory.put("also", "longer")
    assert [each in memory for each in ("four", "also", "me")] == [False, True, True]
    assert memory.weight == 8

    memory.put("all", "longer than everything")
    assert [each in memory for each in ("also", "me", "all")] == [False, False, True]
    memory.forget("all")
    assert memory.weight == 0
