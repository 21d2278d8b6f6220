"""Addresses of the spare parts pages."""

from django.urls import URLPattern, path

from parts.views import bench, consolidation, custody, stock, work

app_name = "parts"
UNIT = "units/<int:pk>/parts/"

urlpatterns: list[URLPattern] = [
    path("parts/", stock.stock_list, name="stock"),
    path("parts.csv", stock.stock_csv, name="stock-csv"),
    path("parts/delivery/", work.delivery, name="delivery"),
    path("parts/count/", work.count, name="count"),
    path("parts/count/pieces/", work.count_pieces, name="count-pieces"),
    path("parts/types/<int:pk>/", stock.stock_page, name="type"),
    path("parts/types/<int:pk>/move/", stock.stock_move, name="type-move"),
    path("parts/types/<int:pk>/low/", stock.stock_low, name="type-low"),
    path("parts/<int:pk>/", stock.part_page, name="part"),
    path("parts/<int:pk>/move/", stock.part_move, name="part-move"),
    path("parts/<int:pk>/scrap/", stock.part_scrap, name="part-scrap"),
    path("parts/<int:pk>/repaired/", stock.part_repaired, name="part-repaired"),
    path("parts/<int:pk>/return/", stock.part_return, name="part-return"),
    path(UNIT, bench.unit_parts, name="unit"),
    path(f"{UNIT}panel/", bench.panel, name="panel"),
    path(f"{UNIT}diagnosis/", bench.diagnose, name="diagnose"),
    path(f"{UNIT}found/", bench.register, name="register"),
    path(f"{UNIT}fit/", bench.fit, name="fit"),
    path(f"{UNIT}out/", bench.take_out, name="take-out"),
    path(f"{UNIT}reserve/", bench.reserve, name="reserve"),
    path(f"{UNIT}reserve/<int:reservation>/release/", bench.release, name="release"),
    path("units/<int:pk>/stress-test/", bench.stress_test, name="stress-test"),
    path("repairs/<str:code>/parts/", custody.replaced, name="replaced"),
    path("repairs/<str:code>/consolidate/pick/", consolidation.pick, name="consolidate-pick"),
    path("repairs/<str:code>/consolidate/", consolidation.consolidate, name="consolidate"),
]
