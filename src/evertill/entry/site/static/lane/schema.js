// Opens the API document in the page; apart from the page so that no script stands inside HTML.
window.ui = SwaggerUIBundle({
  url: document.getElementById("page").dataset.document,
  dom_id: "#page",
  deepLinking: true,
  validatorUrl: null,
});
