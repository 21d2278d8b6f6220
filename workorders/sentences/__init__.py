"""How the timeline says what happened, one file per kind of work."""

from workorders.sentences import bench, counselling, desk, goods, repairs


def register() -> None:
    for part in (counselling, desk, repairs, bench, goods):
        part.register()
