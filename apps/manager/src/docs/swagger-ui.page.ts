/** What the page may load and do: its own scripts and styles, calls to this server; nobody may frame it. */
export const PAGE_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; " +
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
};

/**
 * The page of Swagger UI. Its references are relative, so that it also works below a proxy's prefix.
 *
 * @param assets where the assets are, seen from the page: `docs/`, or `` where the page's URL ends with a slash
 */
export function swaggerUiPage(assets: string): string {
  const root = assets === '' ? '../../' : '../';
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Warmbox API</title>
    <link rel="icon" type="image/png" sizes="32x32" href="${assets}favicon-32x32.png">
    <link rel="stylesheet" href="${assets}swagger-ui.css">
  </head>
  <body>
    <div id="swagger-ui" data-document="${root}openapi.json"></div>
    <script src="${assets}swagger-ui-bundle.js"></script>
    <script src="${assets}start.js"></script>
  </body>
</html>
`;
}

/** Starts Swagger UI on the page; a file of its own, because the page's policy allows no inline script. */
export const START_SCRIPT = `const root = document.getElementById('swagger-ui');
SwaggerUIBundle({
  url: new URL(root.dataset.document, location.href).href,
  domNode: root,
  deepLinking: true,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  presets: [SwaggerUIBundle.presets.apis],
});
`;
