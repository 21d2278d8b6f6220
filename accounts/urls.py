from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [
    path("colleagues/", views.people, name="people"),
    path("colleagues/invite/", views.invite, name="invite"),
    path("invitations/<int:pk>/withdraw/", views.invitation_withdraw, name="invitation-withdraw"),
    path("colleagues/<int:pk>/remove/", views.remove, name="remove"),
    path("join/<str:token>/", views.join, name="join"),
    path("profile/", views.profile, name="profile"),
]
