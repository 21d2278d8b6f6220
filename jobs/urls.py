from django.urls import URLPattern, URLResolver, path

from jobs import views

app_name = "jobs"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.job_list, name="job-list"),
    path("<str:token>/", views.job, name="job"),
    path("<str:token>/result/", views.job_result, name="job-result"),
]
