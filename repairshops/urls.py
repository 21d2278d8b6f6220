from django.urls import URLPattern, URLResolver

app_name = "repairshops"
urlpatterns: list[URLPattern | URLResolver] = []
