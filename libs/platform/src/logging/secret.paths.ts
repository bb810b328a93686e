/** Fields that hold secrets wherever they appear. */
const SECRET_FIELDS = ['authorization', '["x-api-key"]', 'apiKey', 'token', 'environmentVariables', 'password'];

/** Where an object that is logged may have them, as pino's `redact` wants it: at its top and up to three levels below. */
export const SECRET_PATHS: string[] = ['', '*.', '*.*.', '*.*.*.'].flatMap((above) =>
  SECRET_FIELDS.map((field) => (field.startsWith('[') ? `${above.slice(0, -1)}${field}` : `${above}${field}`)),
);
