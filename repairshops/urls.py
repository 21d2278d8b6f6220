from django.urls import URLPattern, URLResolver, path

from repairshops import views

app_name = "repairshops"
urlpatterns: list[URLPattern | URLResolver] = [
    path("shops/", views.shop_list, name="shop-list"),
]
