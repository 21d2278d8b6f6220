"""Enquiries of customers and the conversation."""

from django.urls import URLPattern, path

from workorders.views import counselling

ENQUIRY = "enquiries/<int:number>"

urlpatterns: list[URLPattern] = [
    path("enquiries/new/", counselling.counselling_new, name="counselling-new"),
    path(f"{ENQUIRY}/", counselling.counselling, name="counselling"),
    path(f"{ENQUIRY}/messages/", counselling.messages, name="messages"),
    path(f"{ENQUIRY}/messages/add/", counselling.message_post, name="message-post"),
    path(f"{ENQUIRY}/withdraw/", counselling.withdraw, name="counselling-withdraw"),
    path(f"{ENQUIRY}/reminder/close/", counselling.reminder_close, name="reminder-close"),
]
