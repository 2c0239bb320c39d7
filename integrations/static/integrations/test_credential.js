// The button "Test connection" without leaving the page, so that typed keys stay in the form.
"use strict";

document.addEventListener("DOMContentLoaded", () => {
  const button = document.getElementById("test-credential");
  const result = document.getElementById("test-result");
  if (!button || !result) return;

  const show = (text) => {
    const line = document.createElement("p");
    line.textContent = text;
    result.replaceChildren(line);
  };

  const test = async () => {
    show("Testing…");
    const body = new URLSearchParams(new FormData(button.form));
    body.set(button.name, button.value);
    try {
      const response = await fetch(window.location.href, { method: "POST", body });
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const answer = page.getElementById("test-result");
      if (answer) result.replaceChildren(...answer.childNodes);
      else show(`The test could not be made (${response.status}). Reload the page and try again.`);
    } catch {
      show("The gateway could not be reached. Check your connection and try again.");
    }
  };

  button.addEventListener("click", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    await test();
    result.scrollIntoView({ block: "center" });
    button.removeAttribute("aria-disabled");
  });
});
