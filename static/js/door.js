// The door: tells the server the browser's time zone, and starts allauth's passkey buttons. allauth
// would read which fields are meant from a script block; here they stand in the buttons' attributes.
"use strict";
for (const field of document.querySelectorAll("[data-time-zone]"))
  field.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";

if (window.PublicKeyCredential && window.allauth?.webauthn)
  for (const button of document.querySelectorAll("[data-passkey]")) {
    const { passkey, credential, passwordless } = button.dataset;
    const data = passkey === "login" ? undefined : "js_data";
    allauth.webauthn.forms[`${passkey}Form`]({
      ids: { [passkey]: button.id, credential, passwordless, data },
    });
    button.hidden = false;
  }

// Cancelled, or no key at hand: say so beside the button that was pressed.
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const text = document.querySelector("[data-passkey]")?.dataset.failed;
  if (text) toast(text, "red");
});
