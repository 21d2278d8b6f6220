from django.urls import URLPattern, URLResolver, path

from attachments import views

app_name = "attachments"
urlpatterns: list[URLPattern | URLResolver] = [
    path("<str:token>/thumb/", views.thumb, name="thumb"),
    path("<str:token>/preview/", views.preview, name="preview"),
    path("<str:token>/<str:name>", views.file, name="file"),
]
